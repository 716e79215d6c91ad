"""Estimates without labels of every unlabelled cell, beside the truth where it is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab import estimators
from stresslab.analyses import _estimates_rows as rows_of
from stresslab.analyses._ask import Asked
from stresslab.analyses._ood_split import Split
from stresslab.checks import Array
from stresslab.estimators import Estimator, applicable
from stresslab.evidence import Evidence
from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 200
"""Resamples of clusters behind an interval."""

LABELS = ("domain", "perturbation", "tier")
NUMBERS = (
    "value", "low", "high", "true", "true_low", "true_high", "error", "error_low", "error_high"
)  # fmt: skip
KINDS: dict[str, str] = {
    "model": "str", "estimator": "str", "title": "str", "domain": "object",
    "perturbation": "object", "tier": "int64", **dict.fromkeys(NUMBERS, "float64"),
    "n": "int64", "n_clusters": "int64", "is_score": "bool",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Home:
    """What is known of a model on its labelled side.

    Parameters
    ----------
    model, words : str
        The model, and what its labelled side is called; empty where it has none.
    value : float
        Share right there.
    n : int
        Rows.
    missing : mapping
        Estimator -> why it does not apply.
    """

    model: str
    words: str
    value: float
    n: int
    missing: Mapping[str, str]


def estimates(
    asked: Asked, splits: Sequence[Split], names: Sequence[str], space: str | None = None
) -> tuple["pd.DataFrame", list[Home]]:
    """Return one row per model, estimator and cell of unlabelled rows, and the labelled sides.

    A cell is a domain, perturbation and tier; originals stand once, at tier 0. Rows of the
    labelled side are no target. Intervals are percentiles of resampled clusters, drawn jointly for
    source, target and truth, so items that stand on both sides move together.

    Parameters
    ----------
    asked : Asked
        The question; every model is asked on its own rows.
    splits : sequence of Split
        Labelled sides; a model in none has no source.
    names : sequence of str
        Estimators.
    space : str, optional
        Space whose vectors are read.
    """
    from stresslab.analyses._value import frame

    known = rows_of.rows(asked, splits, names, space)
    pieces = {name: estimators.get(name) for name in names}
    draws = _Draws(known, asked.params.seed)
    tables, homes = [], []
    for mine in known:
        table, missing = _of_model(asked, mine, pieces, draws)
        tables += table
        right = mine.right[mine.source] if mine.source is not None else np.zeros(0)
        right = right[np.isfinite(right)]
        value = float(right.mean()) if len(right) else np.nan
        homes.append(Home(mine.model, mine.words, value, len(right), missing))
    return frame(KINDS, tables), homes


class _Draws:
    """How often each cluster stands in each resample; before them once as it is."""

    def __init__(self, known: Sequence["rows_of.ModelRows"], seed: int) -> None:
        every = [one.cluster for one in known]
        self.names = np.unique(np.concatenate(every)) if every else np.zeros(0, int)
        n = max(len(self.names), 1)
        times = rng_for(seed, "estimates").multinomial(n, np.full(n, 1 / n), size=DRAWS)
        self.times = np.vstack([np.ones((1, n)), times])
        self._kept: dict[bytes, Array] = {}

    def of(self, clusters: Array) -> Array:
        """Return weights of shape (1 + n_draws, n_rows)."""
        key = clusters.tobytes()
        if key not in self._kept:
            self._kept[key] = self.times[:, np.searchsorted(self.names, clusters)]
        return self._kept[key]


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells of one model: names, rows, truth with its interval, resamples of the truth."""

    labels: list[dict[str, Any]]
    parts: list[Array]
    weights: list[Array]
    drawn: Array


def _of_model(
    asked: Asked, mine: "rows_of.ModelRows", pieces: Mapping[str, Estimator], draws: _Draws
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the rows of the table of one model, and why some estimators do not apply."""
    cells = _cells(mine, asked.params.level, draws)
    found: list[dict[str, Any]] = []
    missing: dict[str, str] = {}
    for name, piece in pieces.items():
        whole = mine.evidence(piece)
        source = None if mine.source is None else whole.take(mine.source)
        if reason := applicable(piece, source, whole):
            missing[name] = reason
            continue
        made = _of_estimator(piece, source, whole, mine, cells, draws)
        if not np.isfinite(made[:, 0]).any():
            missing[name] = "undefined in every cell here"
            continue
        said = {"model": mine.model, "estimator": name, "title": piece.title}
        numbers = numbers_of(made, cells.drawn, piece, asked.params.level)
        found += [
            said | label | {"is_score": piece.is_score} | one
            for label, one in zip(cells.labels, numbers, strict=True)
        ]
    return found, missing


def _cells(mine: "rows_of.ModelRows", level: float, draws: _Draws) -> _Cells:
    """Return the cells of unlabelled rows of a model."""
    from stresslab.estimators._rows import mean
    from stresslab.stats.intervals import from_moments

    targets = np.flatnonzero(~mine.inside)
    keys = np.column_stack([mine.domain, mine.perturbation, mine.tier])[targets]
    names, place = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(place.ravel(), kind="stable")
    counts = np.bincount(place.ravel(), minlength=len(names))
    parts = np.split(targets[order], np.cumsum(counts)[:-1]) if len(names) else []
    weights = [draws.of(mine.cluster[part]) for part in parts]
    drawn = [mean(mine.right[part], one) for part, one in zip(parts, weights, strict=True)]
    sums = np.array([_sums(mine, part) for part in parts]).reshape(-1, 6).T
    ends = from_moments(*sums[:6], rate=True, level=level)
    labels = []
    for number, (domain, perturbation, tier) in enumerate(names.tolist()):
        labels.append(
            {
                "domain": mine.domain_names[domain] if domain >= 0 else None,
                "perturbation": mine.perturbation_names[perturbation] if perturbation >= 0
                else None,
                "tier": tier, "n": len(parts[number]),
                "n_clusters": len(np.unique(mine.cluster[parts[number]])),
                "true": float(ends.value[number]), "true_low": float(ends.low[number]),
                "true_high": float(ends.high[number]),
            }
        )  # fmt: skip
    return _Cells(labels, parts, weights, np.array(drawn).reshape(len(parts), -1))


def _sums(mine: "rows_of.ModelRows", part: Array) -> tuple[float, ...]:
    """Return total, n, clusters and the sums over clusters of squares and products."""
    right = mine.right[part]
    known = np.isfinite(right)
    cluster = np.unique(mine.cluster[part][known], return_inverse=True)[1]
    total, size = np.bincount(cluster, weights=right[known]), np.bincount(cluster).astype(float)
    products = float(total @ total), float(total @ size), float(size @ size)
    return float(total.sum()), float(size.sum()), float(len(size)), *products


def _of_estimator(
    piece: Estimator, source: Evidence | None, whole: Evidence, mine: "rows_of.ModelRows",
    cells: _Cells, draws: _Draws,
) -> Array:  # fmt: skip
    """Return the estimate of every cell and, where it is a mean, its resamples."""
    home = whole.take(np.zeros(0, int)) if source is None else source
    if piece.weighted is None:
        return np.array(
            [
                [piece.estimate(home, whole.take(part), rng=rng_for(number, piece.title))]
                for number, part in enumerate(cells.parts)
            ]
        ).reshape(-1, 1)
    clusters = mine.cluster[mine.source] if source is not None else np.zeros(0, int)
    on = piece.weighted(home, draws.of(clusters))
    made = [
        on(whole.take(part), weights)
        for part, weights in zip(cells.parts, cells.weights, strict=True)
    ]
    return np.array(made).reshape(-1, 1 + DRAWS)


def numbers_of(made: Array, drawn: Array, piece: Estimator, level: float) -> list[dict[str, float]]:
    """Return estimates and errors with intervals, one per cell."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    value, gap = made[:, 0], made - drawn
    nothing = np.full((2, len(made)), np.nan)
    ends, errors = nothing, nothing
    if made.shape[1] > 1:
        ends = _quantiles(made[:, 1:], tails)
    error = np.full(len(made), np.nan)
    if not piece.is_score:
        error, errors = gap[:, 0], _quantiles(gap[:, 1:], tails)
    columns = value, *ends, error, *errors
    names = "value", "low", "high", "error", "error_low", "error_high"
    return [dict(zip(names, map(float, one), strict=True)) for one in np.transpose(columns)]


def _quantiles(drawn: Array, tails: Sequence[float]) -> Array:
    """Return both ends of every cell; NaN where less than half of the resamples are defined."""
    known = np.isfinite(drawn)
    ends = np.full((2, len(drawn)), np.nan)
    whole = known.all(axis=1)
    if whole.any():
        ends[:, whole] = np.quantile(drawn[whole], tails, axis=1)
    for row in np.flatnonzero(~whole & (known.sum(axis=1) > DRAWS // 2)):
        ends[:, row] = np.quantile(drawn[row][known[row]], tails)
    return ends


def home_of(asked: Asked, splits: Sequence[Split]) -> list[Split]:
    """Return the splits, and one without sides for the models that stand in none."""
    said = {model for one in splits for model in one.models}
    rest = tuple(model for model in asked.models if model not in said)
    known = [one if one.inside is not None else replace(one, in_words="") for one in splits]
    return [*known, Split(rest, None, None, "", "")] if rest else known

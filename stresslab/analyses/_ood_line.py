"""Accuracy on the line: the table of lines, each model against it, and the curve to draw."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _ood_sums, _paired, _value
from stresslab.analyses._ask import Asked
from stresslab.analyses._ood_sides import Sides
from stresslab.checks import Array
from stresslab.gaps.line import FEWEST, on_the_line, robustness
from stresslab.result import Column, Warn
from stresslab.stats.unpaired import value_and_variance

if TYPE_CHECKING:
    import pandas as pd

TABLE = "robustness"
FEWEST_AGAINST = 5
"""Models below which none is held against the line of the others: it would have no scatter."""
POINTS = 41

LINES: dict[str, Any] = (
    dict.fromkeys(("in_distribution", "out_of_distribution"), "str")
    | dict.fromkeys(("slope", "slope_low", "slope_high", "intercept", "r2"), "float64")
    | {"n_models": "int64"}
)
CURVE: dict[str, Any] = dict.fromkeys(("in_distribution", "out_of_distribution"), "str") | (
    dict.fromkeys(("x", "y", "low", "high"), "float64")
)
ROBUST: dict[str, Any] = (
    {"model": "str"}
    | dict.fromkeys(("value_in", "value_out", "expected", "residual"), "float64")
    | dict.fromkeys(("effective_robustness", "low", "high"), "float64")
    | dict.fromkeys(("low_adjusted", "high_adjusted", "p_value", "p_adjusted"), "float64")
    | {"verdict": "str", "n": "int64", "n_clusters": "int64", "n_models": "int64"}
    | dict.fromkeys(("in_distribution", "out_of_distribution"), "str")
)


def lines(
    asked: Asked, found: Sequence[Sides], how: _paired.Judge
) -> tuple[dict[str, "pd.DataFrame"], list[_paired.Batch], list[Warn]]:
    """Return the lines and their curves, each model against its line, and what is missing."""
    rows: list[dict[str, Any]] = []
    curves: list[dict[str, Any]] = []
    batches: list[_paired.Batch] = []
    warnings: list[Warn] = []
    whole = [one for one in found if one.known.any()]
    if whole and not (how.bounds == (0.0, 1.0) and asked.metric.higher_is_better):
        text = f"No line over models: {asked.metric.title} is no share right between 0 and 1."
        warnings.append(Warn("no-line", text))
        whole = []
    for sides in whole:
        known = sides.known.to_numpy()
        names = {one: getattr(sides.split, f"{one}_words") for one in ("in", "out")}
        labels = {"in_distribution": names["in"], "out_of_distribution": names["out"]}
        made = _of_split(sides, known, how.level)
        if made is None:
            continue
        line, batch, curve = made
        rows.append(labels | line)
        curves += [labels | one for one in curve]
        if batch is not None:
            batches.append(batch)
    if whole and not rows:
        most = max(int(one.known.sum()) for one in whole)
        text = (
            f"No line over models: it needs {FEWEST} models that differ and share what is in and "
            f"out of distribution; here are {most}."
        )
        warnings.append(Warn("no-line", text, most))
    tables = {"line": _value.frame(LINES, rows), "line_curve": _value.frame(CURVE, curves)}
    return tables, batches, warnings


def table(settled: "pd.DataFrame | None") -> "pd.DataFrame":
    """Return each model against its line, after correction; no sample size can be planned here."""
    if settled is None:
        return _value.frame(ROBUST)
    named = settled.rename(columns={"difference": "effective_robustness", "n_pairs": "n"})
    named = named.sort_values("effective_robustness", ascending=False, kind="stable")
    return named[list(ROBUST)].astype(ROBUST).reset_index(drop=True)


def meanings(level: float) -> dict[str, Column]:
    """Return what the columns of `table` mean."""
    return {
        "expected": Column("number", "what the line of the other models expects outside"),
        "residual": Column("number", "outside minus the line of all models", "larger is better"),
        "effective_robustness": Column("number", "outside minus expected", "larger is better"),
        "low": Column("number", f"{level:.0%} interval: sampling and the line's own uncertainty"),
        "high": Column("number", f"{level:.0%} interval: sampling and the line's own uncertainty"),
        "verdict": Column("string", "against the line of the other models"),
    }


def _of_split(
    sides: Sides, known: Any, level: float
) -> tuple[dict[str, Any], _paired.Batch | None, list[dict[str, Any]]] | None:
    rows = sides.rows[known].reset_index(drop=True)
    inside, outside = rows["value_in"].to_numpy(), rows["value_out"].to_numpy()
    errors = _errors(sides, known)
    line = on_the_line(inside, outside, errors[0], level=level)
    if not line.known:
        return None
    at = np.linspace(max(float(inside.min()) - 0.02, 0), min(float(inside.max()) + 0.02, 1), POINTS)
    low, high = line.band(at, level)
    columns = zip(at, line.at(at), low, high, strict=True)
    curve = [dict(zip(("x", "y", "low", "high"), map(float, one), strict=True)) for one in columns]
    said = {
        "slope": line.slope, "slope_low": line.slope_low, "slope_high": line.slope_high,
        "intercept": line.intercept, "r2": line.r2, "n_models": line.n,
    }  # fmt: skip
    told = curve if line.slope_low > 0 else []  # a line of no sure direction is not drawn
    return said, _against(errors, rows, level), told


def _errors(sides: Sides, known: Any) -> list[Array]:
    """Return the standard errors of the values of either side."""
    return [
        np.sqrt(value_and_variance(_ood_sums.side(one[known]))[1])
        for one in (sides.inside, sides.outside)
    ]


def _against(errors: list[Array], rows: "pd.DataFrame", level: float) -> _paired.Batch | None:
    inside, outside = rows["value_in"].to_numpy(), rows["value_out"].to_numpy()
    found = robustness(inside, outside, *errors, level=level)
    if len(rows) < FEWEST_AGAINST or not np.isfinite(found.effective).any():
        return None
    labels = rows[["model", "in_distribution", "out_of_distribution", "value_in", "value_out"]]
    labels = labels.assign(
        expected=found.expected, residual=found.residual, n_models=len(rows),
    )  # fmt: skip
    judge = _paired.Judge(level, 0.8, "auto", None, (0.0, 1.0), 0)
    made = _ood_sums.of_moments(
        found.effective, found.se**2, found.df, (rows["n_in"] + rows["n_out"]).to_numpy(),
        (rows["n_clusters_in"] + rows["n_clusters_out"]).to_numpy(), judge, "against the line",
    )  # fmt: skip
    return _paired.Batch(TABLE, labels, made)

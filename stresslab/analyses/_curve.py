"""Summaries of tier curves: slope, area, drop, and how long items hold out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _paired
from stresslab.analyses._ask import Asked
from stresslab.analyses._value import column_type, frame
from stresslab.checks import Array

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.stats.profiles import Profiles
    from stresslab.store.query import Pairs

SUMMARY = (
    "first", "last", "drop", "drop_low", "drop_high", "retention", "slope", "slope_low",
    "slope_high", "slope_low_adjusted", "slope_high_adjusted", "area", "area_low", "area_high",
    "area_low_adjusted", "area_high_adjusted", "n_tiers", "n_items", "n_pairs",
    "share_never_broke", "never_broke_low", "never_broke_high", "never_broke_low_adjusted",
    "never_broke_high_adjusted", "median_break",
)  # fmt: skip
"""Numbers of a curve. First, last, drop and retention are over the same `n_pairs` items, slope and
area over `n_items`; adjusted ends hold for all curves together."""

WHOLE = ("n_tiers", "n_items", "n_pairs")


@dataclass(frozen=True)
class Curve:
    """Values of one model's items along the tiers of one cell.

    Parameters
    ----------
    labels : dict
        ``model`` and the columns of `by`.
    tiers : ndarray of int, shape (n_tiers,)
        Rising.
    values : ndarray of shape (n_items, n_tiers)
        Mean of each item at each tier; NaN is unknown.
    cluster : ndarray of int, shape (n_items,)
        Cluster codes.
    paired : bool
        Whether every tier holds the same items.
    breaks : bool
        Whether the tiers are steps of one perturbation that start at the original.
    """

    labels: dict[str, Any]
    tiers: Array
    values: Array
    cluster: Array
    paired: bool
    breaks: bool

    @cached_property
    def profiles(self) -> "Profiles":
        """Return the items with equal values counted together."""
        from stresslab.stats.profiles import profiles

        return profiles(self.values, self.cluster)


def curves_of(asked: Asked, by: tuple[str, ...]) -> list[Curve]:
    """Return every curve of a question: a model in a cell of `by`, item by item.

    Parameters
    ----------
    asked : Asked
        The question.
    by : tuple of str
        One curve per value of these.
    """
    from stresslab.store import query

    pairs = query.pairs(asked.workspace, _paired.row_question(asked), by=by)
    return list(_curves(pairs, by, set(asked.graded)))


def summarise(
    curves: Sequence[Curve], how: _paired.Judge, by: Sequence[str]
) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Return the ``summary`` and the ``survival`` table of curves.

    Parameters
    ----------
    curves : sequence of Curve
        From `curves_of`.
    how : Judge
        Level and bounds of the intervals.
    by : sequence of str
        Columns that name a curve beside its model.
    """
    held = [_held(curve, how, how.level) for curve in curves]
    survival = [
        row for curve, one in zip(curves, held, strict=True) for row in _survival(curve, one)
    ]
    return table_of(curves, how, by, held), frame(_survival_kinds(by), survival)


def table_of(
    curves: Sequence[Curve], how: _paired.Judge, by: Sequence[str], held: Sequence[Any] = ()
) -> "pd.DataFrame":
    """Return the ``summary`` of curves; `held` is how their items hold out, where known."""
    falls = _falls(curves, how)
    n_curves = sum(len(curve.tiers) > 1 for curve in curves)
    strict = 1 - (1 - how.level) / max(1, n_curves)
    rows = [
        _summary(curve, fall, how, strict) | _broken(curve, one, _held(curve, how, strict))
        for curve, fall, one in zip(curves, falls, held or [None] * len(curves), strict=True)
    ]
    return frame(_summary_kinds(by), rows)


def graded_names(asked: Asked, cells: "pd.DataFrame", by: Sequence[str]) -> list[str]:
    """Return the graded perturbations that the curves of `cells` show."""
    if "perturbation" not in by:
        return list(asked.graded)
    shown = set(cells.loc[cells["n"] > 0, "perturbation"].dropna())
    return [name for name in asked.graded if name in shown]


def empty_summary(by: Sequence[str]) -> "pd.DataFrame":
    """Return a summary table without rows."""
    return frame(_summary_kinds(by))


def empty_survival(by: Sequence[str]) -> "pd.DataFrame":
    """Return a survival table without rows."""
    return frame(_survival_kinds(by))


@dataclass(frozen=True)
class _Shelf:
    """Where the values of some rows stand among items and tiers; the same for every model.

    Parameters
    ----------
    rows : ndarray of int
        Rows of the pairs.
    tiers, cluster : ndarray of int
        The tiers, rising, and the cluster of each item.
    slot : ndarray of int
        Place of each row in the table of items x tiers.
    once : bool
        Whether each place is taken once.
    """

    rows: Array
    tiers: Array
    cluster: Array
    slot: Array
    once: bool

    @classmethod
    def of(cls, pairs: "Pairs", rows: Array) -> "_Shelf":
        """Return the shelf of some rows."""
        tiers, column = _numbered(pairs.tier[rows])
        items, row = _numbered(pairs.item[rows])
        slot = row * len(tiers) + column
        cluster = np.zeros(len(items), dtype=np.int64)
        cluster[row] = pairs.cluster[rows]
        taken = np.bincount(slot, minlength=1)
        return cls(rows, tiers, cluster, slot, bool(taken.max() <= 1))

    def table(self, values: Array) -> Array:
        """Return the values as items x tiers; means where a place is taken more than once."""
        size = len(self.cluster) * len(self.tiers)
        means = np.full(size, np.nan)
        if self.once:
            means[self.slot] = values
        else:
            sums = np.bincount(self.slot, weights=values, minlength=size)
            counts = np.bincount(self.slot, minlength=size)
            np.divide(sums, counts, out=means, where=counts > 0)
        return means.reshape(len(self.cluster), len(self.tiers))


def _curves(pairs: "Pairs", by: tuple[str, ...], graded: set[str]) -> Iterator[Curve]:
    labels = pairs.groups.to_dict("records") if by else [{}]
    order = np.argsort(pairs.group, kind="stable")
    ends = np.searchsorted(pairs.group, np.arange(len(labels) + 1), sorter=order)
    shelves = [_Shelf.of(pairs, order[one:other]) for one, other in pairwise(ends)]
    for place, model in enumerate(pairs.models):
        for whole, cell in zip(shelves, labels, strict=True):
            values = pairs.values[whole.rows, place]
            known = np.isfinite(values)
            if not known.any():
                continue
            shelf = whole if known.all() else _Shelf.of(pairs, whole.rows[known])
            names = {pairs.perturbation_names[one] for one in _codes(pairs, shelf.rows)}
            if "perturbation" in by and isinstance(cell["perturbation"], str):
                names = {cell["perturbation"]}
            paired, tiers = not names & graded, shelf.tiers
            yield Curve(
                labels={"model": model, **{str(k): _null(v) for k, v in cell.items()}},
                tiers=tiers, values=shelf.table(values[known]), cluster=shelf.cluster,
                paired=paired,
                breaks=paired and len(names) == 1 and len(tiers) > 1 and tiers[0] == 0,
            )  # fmt: skip


def _codes(pairs: "Pairs", rows: Array) -> Array:
    codes, _ = _numbered(pairs.perturbation[rows] + 1)
    return codes[codes > 0] - 1


def _numbered(codes: Array) -> tuple[Array, Array]:
    """Return the different codes, rising, and the place of each code among them."""
    there = np.zeros(int(codes.max()) + 1 if codes.size else 0, dtype=bool)
    there[codes] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[codes]


def _falls(curves: Sequence[Curve], how: _paired.Judge) -> list[Any]:
    """Return the loss from first to last tier of each curve; None where there is one tier."""
    from stresslab.stats import trend

    settings = _settings(how)
    many = [len(curve.tiers) > 1 for curve in curves]
    paired = [one for one, several in zip(curves, many, strict=True) if several and one.paired]
    found = iter(trend.drops([(one.values, one.cluster) for one in paired], **settings))
    falls: list[Any] = []
    for curve, several in zip(curves, many, strict=True):
        if not several:
            falls.append(None)
        elif curve.paired:
            falls.append(next(found))
        else:
            weights = np.zeros(len(curve.tiers))
            weights[0], weights[-1] = 1.0, -1.0
            falls.append(trend.contrast(curve.profiles, weights, **settings))
    return falls


def _settings(how: _paired.Judge) -> dict[str, Any]:
    return {"rate": how.rate, "level": how.level, "bounds": how.bounds}


def _summary(curve: Curve, fall: Any, how: _paired.Judge, strict: float) -> dict[str, Any]:
    from stresslab.stats import trend

    settings = _settings(how)
    found: dict[str, Any] = dict(curve.labels) | dict.fromkeys(SUMMARY, np.nan)
    found |= {"n_tiers": len(curve.tiers), "n_items": len(curve.values), "n_pairs": 0}
    if len(curve.tiers) < 2:
        return found | {"first": np.nanmean(curve.values)}
    found |= _ends(curve)
    found |= {"drop": fall.value, "drop_low": fall.low, "drop_high": fall.high}
    for name, compute in (("slope", trend.slope), ("area", trend.area)):
        one = compute(curve.profiles, position=curve.tiers, **settings)
        found |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
        if strict > how.level:
            one = compute(curve.profiles, position=curve.tiers, **settings | {"level": strict})
        found |= {f"{name}_low_adjusted": one.low, f"{name}_high_adjusted": one.high}
    return found


def _ends(curve: Curve) -> dict[str, Any]:
    """Return the means of the first and the last tier, on a paired axis over the same items."""
    first, last = curve.values[:, 0], curve.values[:, -1]
    both = np.isfinite(first) & np.isfinite(last)
    if curve.paired:
        first, last = first[both], last[both]
    start, stop = (np.nanmean(one) if one.size else np.nan for one in (first, last))
    retention = stop / start if start > 0 else np.nan
    return {"first": start, "last": stop, "retention": retention, "n_pairs": int(both.sum())}


def _held(curve: Curve, how: _paired.Judge, level: float) -> Any:
    """Return how many items hold at each tier, or None where breaking means nothing."""
    if not (curve.breaks and how.rate):
        return None
    from stresslab.stats import breaks

    return breaks.survival(curve.profiles, level=level)


def _broken(curve: Curve, held: Any, strict: Any) -> dict[str, Any]:
    if held is None:
        return {}
    from stresslab.stats import breaks

    half = breaks.median_break(held)
    return {
        "share_never_broke": held.share.value[-1],
        "never_broke_low": held.share.low[-1],
        "never_broke_high": held.share.high[-1],
        "never_broke_low_adjusted": strict.share.low[-1],
        "never_broke_high_adjusted": strict.share.high[-1],
        "median_break": np.nan if half is None else float(curve.tiers[half]),
    }


def _survival(curve: Curve, held: Any) -> list[dict[str, Any]]:
    if held is None:
        return []
    return [
        {
            **curve.labels, "tier": int(tier), "share_holding": held.share.value[place],
            "low": held.share.low[place], "high": held.share.high[place],
            "n": int(held.n[place]), "n_clusters": int(held.n_clusters[place]),
        }
        for place, tier in enumerate(curve.tiers)
    ]  # fmt: skip


def _summary_kinds(by: Sequence[str]) -> dict[str, str]:
    kinds = {"model": "str"} | {name: column_type(name) for name in by}
    return kinds | dict.fromkeys(SUMMARY, "float64") | dict.fromkeys(WHOLE, "int64")


def _survival_kinds(by: Sequence[str]) -> dict[str, str]:
    kinds = {"model": "str"} | {name: column_type(name) for name in by} | {"tier": "int64"}
    kinds |= dict.fromkeys(("share_holding", "low", "high"), "float64")
    return kinds | {"n": "int64", "n_clusters": "int64"}


def _null(value: Any) -> Any:
    return None if value is None or value != value else value

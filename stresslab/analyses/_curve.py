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
    """One model's items along the tiers of one cell.

    Parameters
    ----------
    labels : dict
        ``model`` and the columns of `by`.
    tiers : ndarray of int, shape (n_tiers,)
        Rising.
    items : Profiles
        The items, those with equal values at every tier counted together.
    paired : bool
        Whether every tier holds the same items.
    breaks : bool
        Whether the tiers are steps of one perturbation that start at the original.
    """

    labels: dict[str, Any]
    tiers: Array
    items: "Profiles"
    paired: bool
    breaks: bool

    @property
    def n_items(self) -> int:
        """Return how many items there are."""
        return len(self.items.of_item)


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
    held = _held(curves, how, how.level)
    survival = [
        row for curve, one in zip(curves, held, strict=True) for row in _survival(curve, one)
    ]
    return table_of(curves, how, by, held), frame(_survival_kinds(by), survival)


def table_of(
    curves: Sequence[Curve], how: _paired.Judge, by: Sequence[str], held: Sequence[Any] = ()
) -> "pd.DataFrame":
    """Return the ``summary`` of curves; `held` is how their items hold out, where known."""
    n_curves = sum(len(curve.tiers) > 1 for curve in curves)
    strict = 1 - (1 - how.level) / max(1, n_curves)
    rows = _summaries(curves, how, strict)
    if held:
        widest = _held(curves, how, strict)
        for row, curve, one, wide in zip(rows, curves, held, widest, strict=True):
            row |= _broken(curve, one, wide)
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
    tiers : ndarray of int
        The tiers, rising.
    codes : ndarray of int, shape (n_items,)
        Cluster of each item, from 0 without gaps.
    n_clusters : int
        Number of clusters.
    slot : ndarray of int
        Place of each row in the table of tiers x items.
    names : set of str
        Perturbations of the rows.
    """

    rows: Array
    tiers: Array
    codes: Array
    n_clusters: int
    slot: Array
    names: set[str]

    @classmethod
    def of(cls, pairs: "Pairs", rows: Array) -> "_Shelf":
        """Return the shelf of some rows."""
        from stresslab.stats.profiles import numbered

        tiers, column = _numbered(pairs.tier[rows])
        items, row = _numbered(pairs.item[rows])
        cluster = np.zeros(len(items), dtype=np.int64)
        cluster[row] = pairs.cluster[rows]
        names = {pairs.perturbation_names[one] for one in _codes(pairs, rows)}
        return cls(rows, tiers, *numbered(cluster), column * len(items) + row, names)

    @cached_property
    def row_at(self) -> Array | None:
        """Return the row at each place, -1 for none; None where a place is taken twice."""
        size = len(self.codes) * len(self.tiers)
        found = np.full(size, -1, dtype=np.int64)
        found[self.slot] = self.rows
        if np.count_nonzero(found >= 0) < len(self.rows):
            return None
        return found.reshape(len(self.tiers), len(self.codes))

    def items(self, values: Array, digits: Array | None) -> "Profiles":
        """Return the items with equal values counted together.

        Parameters
        ----------
        values : ndarray of shape (n_all_rows,)
            Value of every row of the pairs.
        digits : ndarray of int, shape (n_all_rows + 1,), optional
            The same as digits of `profiles.of_digits`, the last for no row at all.
        """
        from stresslab.stats import profiles

        row_at = self.row_at
        if row_at is not None and digits is not None and len(row_at) <= profiles.MOST_TIERS:
            return profiles.of_digits([digits[rows] for rows in row_at], self.codes,
                                      self.n_clusters)  # fmt: skip
        size = len(self.codes) * len(self.tiers)
        means = np.full(size, np.nan)
        if row_at is not None:
            means[self.slot] = values[self.rows]
        else:  # several seeds of one tier count as their mean
            sums = np.bincount(self.slot, weights=values[self.rows], minlength=size)
            counts = np.bincount(self.slot, minlength=size)
            np.divide(sums, counts, out=means, where=counts > 0)
        return profiles.profiles(means.reshape(len(self.tiers), -1).T, self.codes)


def _curves(pairs: "Pairs", by: tuple[str, ...], graded: set[str]) -> Iterator[Curve]:
    labels = pairs.groups.to_dict("records") if by else [{}]
    order = np.argsort(pairs.group, kind="stable")
    ends = np.searchsorted(pairs.group, np.arange(len(labels) + 1), sorter=order)
    shelves = [_Shelf.of(pairs, order[one:other]) for one, other in pairwise(ends)]
    for place, model in enumerate(pairs.models):
        values = pairs.values[:, place]
        known, digits = np.isfinite(values), _digits(values) if pairs.rate else None
        complete = bool(known.all())
        for whole, cell in zip(shelves, labels, strict=True):
            shelf, rows = whole, whole.rows
            if not complete and not known[rows].all():
                if not known[rows].any():
                    continue
                shelf = _Shelf.of(pairs, rows[known[rows]])
            names, tiers = shelf.names, shelf.tiers
            if "perturbation" in by and isinstance(cell["perturbation"], str):
                names = {cell["perturbation"]}
            paired = not names & graded
            yield Curve(
                labels={"model": model, **{str(k): _null(v) for k, v in cell.items()}},
                tiers=tiers, items=shelf.items(values, digits), paired=paired,
                breaks=paired and len(names) == 1 and len(tiers) > 1 and tiers[0] == 0,
            )  # fmt: skip


def _digits(values: Array) -> Array:
    """Return values of 0 and 1 as digits, and one more that stands for nothing."""
    from stresslab.stats.profiles import UNKNOWN

    found = np.full(len(values) + 1, UNKNOWN, dtype=np.uint8)
    np.equal(values, 1, out=found[:-1], casting="unsafe")
    return found


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
    many = [curve for curve in curves if len(curve.tiers) > 1]
    paired = iter(trend.drops([one.items for one in many if one.paired], **settings))
    unpaired = [one.items for one in many if not one.paired]
    ends = [
        np.eye(items.rows.shape[1])[:1] - np.eye(items.rows.shape[1])[-1:] for items in unpaired
    ]
    made = iter(
        trend.contrasts(list(zip(unpaired, ends, strict=True))).estimates(
            how.level, rate=how.rate, bounds=how.bounds
        )
    )
    return [
        None if len(curve.tiers) < 2 else next(paired) if curve.paired else next(made)
        for curve in curves
    ]


def _settings(how: _paired.Judge) -> dict[str, Any]:
    return {"rate": how.rate, "level": how.level, "bounds": how.bounds}


def _summaries(curves: Sequence[Curve], how: _paired.Judge, strict: float) -> list[dict[str, Any]]:
    """Return the numbers of every curve but how its items hold out."""
    from stresslab.stats import trend

    many = [curve for curve in curves if len(curve.tiers) > 1]
    made = trend.contrasts(
        [
            (one.items, np.stack([trend.slope_weights(one.items, one.tiers),
                                  trend.area_weights(one.items, one.tiers)]))
            for one in many
        ]
    )  # fmt: skip
    plain, wide = (
        iter(made.estimates(level, rate=how.rate, bounds=how.bounds))
        for level in (how.level, strict)
    )
    rows = []
    for curve, fall in zip(curves, _falls(curves, how), strict=True):
        found: dict[str, Any] = dict(curve.labels) | dict.fromkeys(SUMMARY, np.nan)
        found |= {"n_tiers": len(curve.tiers), "n_items": curve.n_items, "n_pairs": 0}
        if fall is None:
            rows.append(found | {"first": curve.items.means[0]})
            continue
        found |= _ends(curve)
        found |= {"drop": fall.value, "drop_low": fall.low, "drop_high": fall.high}
        for name in ("slope", "area"):
            one, other = next(plain), next(wide)
            found |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
            found |= {f"{name}_low_adjusted": other.low, f"{name}_high_adjusted": other.high}
        rows.append(found)
    return rows


def _ends(curve: Curve) -> dict[str, Any]:
    """Return the means of the first and the last tier, on a paired axis over the same items."""
    items = curve.items
    both = items.known[:, 0] & items.known[:, -1]
    n_pairs = int(items.n[both].sum())
    if curve.paired:
        sums = items.n[both] @ items.rows[both][:, [0, -1]]
        start, stop = sums / n_pairs if n_pairs else (np.nan, np.nan)
    else:
        start, stop = items.means[[0, -1]]
    retention = stop / start if start > 0 else np.nan
    return {"first": start, "last": stop, "retention": retention, "n_pairs": n_pairs}


def _held(curves: Sequence[Curve], how: _paired.Judge, level: float) -> list[Any]:
    """Return how many items of each curve hold at each tier; None where breaking means nothing."""
    from stresslab.stats import breaks

    means = [curve.breaks and how.rate for curve in curves]
    some = [curve.items for curve, one in zip(curves, means, strict=True) if one]
    found = iter(breaks.survivals(some, level=level))
    return [next(found) if one else None for one in means]


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

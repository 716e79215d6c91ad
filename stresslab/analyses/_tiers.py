"""What happens to a model between the tiers of one perturbation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _paired
from stresslab.analyses._ask import Asked
from stresslab.checks import Array

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.query import Pairs

DROP = (
    "model", "perturbation", "axis", "first_tier", "last_tier", "first", "last", "drop", "low",
    "high", "low_adjusted", "high_adjusted", "n_pairs", "n_clusters", "p_value", "p_adjusted",
    "verdict", "n_needed",
)  # fmt: skip


def drops(asked: Asked, pairs: "Pairs", how: _paired.Judge) -> Iterator[_paired.Batch]:
    """Yield, per model, last tier minus first tier of every perturbation.

    On a paired axis each item is held against itself; on a graded one the two tiers hold different
    items and the difference is unpaired.

    Parameters
    ----------
    asked : Asked
        The question.
    pairs : Pairs
        Values grouped by perturbation and tier.
    how : Judge
        Tests and correction.
    """
    spans = _spans(pairs.groups)
    graded = set(asked.graded)
    paired = {name: span for name, span in spans.items() if name not in graded}
    rows, clusters, once = _rows_of(pairs), _clusters(pairs), _one_variant_each(pairs)
    for place, model in enumerate(pairs.models):
        ends = {
            name: [by_item(pairs, rows[name, tier], place) for tier in span]
            for name, span in paired.items()
        }
        single = once and bool((pairs.trials[:, place] <= 1).all())
        settings = {"rate": how.rate or pairs.rate, "single": single}
        yield _paired_drops(model, paired, ends, clusters, how, settings)
    unpaired = {name: span for name, span in spans.items() if name in graded}
    if unpaired:
        yield from _unpaired_drops(asked, unpaired, how)


def drop_table(settled: "pd.DataFrame | None") -> "pd.DataFrame":
    """Return settled drops; positive is a loss, and first minus last is the drop.

    Parameters
    ----------
    settled : DataFrame or None
        Last minus first, settled, with the mean of either over the same items.
    """
    from stresslab.analyses._value import frame

    if settled is None or settled.empty:
        texts = ("model", "perturbation", "axis", "verdict")
        whole = ("first_tier", "last_tier", "n_pairs", "n_clusters")
        kinds = {name: "str" if name in texts else "float64" for name in DROP}
        return frame(kinds | dict.fromkeys(whole, "int64") | {"n_needed": "Int64"})
    table = settled.copy()
    table["drop"] = -table["difference"]
    for suffix in ("", "_adjusted"):
        low, high = table[f"low{suffix}"].copy(), table[f"high{suffix}"].copy()
        table[f"low{suffix}"], table[f"high{suffix}"] = -high, -low
    return table[list(DROP)]


def distance(larger: Any, smaller: Any) -> tuple[float, float]:
    """Return the interval of the difference of two independent values from their intervals.

    References
    ----------
    Newcombe (1998), Interval estimation for the difference between independent proportions,
    method 10; Zou and Donner (2008) for other parameters.
    """
    gap = larger["value"] - smaller["value"]
    low = gap - np.hypot(larger["value"] - larger["low"], smaller["high"] - smaller["value"])
    high = gap + np.hypot(larger["high"] - larger["value"], smaller["value"] - smaller["low"])
    return float(low), float(high)


def by_item(pairs: "Pairs", rows: Array, place: int) -> Array:
    """Return the mean value of each item over `rows`, NaN where unknown.

    Parameters
    ----------
    pairs : Pairs
        Values by row and model.
    rows : ndarray
        Numbers of the rows that count.
    place : int
        Column of the model.

    Returns
    -------
    values : ndarray of shape (n_items,)
        Indexed by item code.
    """
    n_items = int(pairs.item.max()) + 1 if len(pairs.item) else 0
    values = pairs.values[rows, place]
    known = np.isfinite(values)
    items = pairs.item[rows][known]
    sums = np.bincount(items, weights=values[known], minlength=n_items)
    sizes = np.bincount(items, minlength=n_items)
    return _means(sums, sizes)


def _clusters(pairs: "Pairs") -> Array:
    """Return the cluster of each item, indexed by item code."""
    n_items = int(pairs.item.max()) + 1 if len(pairs.item) else 0
    clusters = np.zeros(n_items, dtype=np.int64)
    clusters[pairs.item] = pairs.cluster
    return clusters


def _rows_of(pairs: "Pairs") -> dict[tuple[Any, Any], Array]:
    """Return the rows of every perturbation and tier."""
    order = np.argsort(pairs.group, kind="stable")
    ends = np.searchsorted(pairs.group, np.arange(len(pairs.groups) + 1), sorter=order)
    return {
        (row["perturbation"], row["tier"]): order[ends[number] : ends[number + 1]]
        for number, row in enumerate(pairs.groups.to_dict("records"))
    }


def _spans(groups: "pd.DataFrame") -> dict[str, tuple[int, int]]:
    """Return first and last tier of every perturbation that has at least two."""
    named = groups[groups["perturbation"].notna()]
    ends = named.groupby("perturbation", sort=False)["tier"].agg(["min", "max"])
    return {
        str(name): (int(row["min"]), int(row["max"]))
        for name, row in ends.iterrows()
        if row["max"] > row["min"]
    }


def _paired_drops(
    model: str, spans: Mapping[str, tuple[int, int]], ends: Mapping[str, Sequence[Array]],
    clusters: Array, how: _paired.Judge, settings: Mapping[str, bool],
) -> _paired.Batch:  # fmt: skip
    sides = [[both[end] for both in ends.values()] for end in (1, 0)]
    stack = [np.concatenate(side) if side else np.empty(0) for side in sides]
    group = np.repeat(np.arange(len(spans)), len(clusters))
    found = how.paired(
        stack[0], stack[1], np.tile(clusters, len(spans)), group, len(spans), **settings
    )
    labels = _labels(model, spans, "paired")
    known = np.isfinite(stack[0]) & np.isfinite(stack[1])
    sizes = np.bincount(group[known], minlength=len(spans))
    for end, values in (("last", stack[0]), ("first", stack[1])):
        labels[end] = _means(np.bincount(group[known], values[known], len(spans)), sizes)
    return _paired.matched(_paired.Batch("drops", labels, found))


def _means(sums: Array, sizes: Array) -> Array:
    means: Array = np.full(len(sums), np.nan)
    np.divide(sums, sizes, out=means, where=sizes > 0)
    return means


def _one_variant_each(pairs: "Pairs") -> bool:
    """Return whether no item stands twice in one cell (several seeds of one tier)."""
    width = int(pairs.item.max()) + 1 if len(pairs.item) else 1
    keys = pairs.group.astype(np.int64) * width + pairs.item
    return not len(keys) or int(np.bincount(keys).max()) <= 1


def _unpaired_drops(
    asked: Asked, spans: Mapping[str, tuple[int, int]], how: _paired.Judge
) -> Iterator[_paired.Batch]:
    from stresslab.stats.unpaired import Side, unpaired_differences
    from stresslab.store import query

    cells = query.cells(asked.workspace, asked.question, by=("perturbation", "tier"))
    cells = cells.set_index(["model", "perturbation", "tier"])
    moments = ("total", "n", "n_clusters", "ss", "sd", "dd", "rate")
    for model in asked.models:
        ends = [
            cells.reindex([(model, name, span[end]) for name, span in spans.items()])
            for end in (1, 0)
        ]
        sides = [
            Side(*(np.nan_to_num(end[name].to_numpy(float)) for name in moments)) for end in ends
        ]
        found = unpaired_differences(
            sides[0], sides[1], level=how.level, margin=how.margin, bounds=how.bounds
        )
        labels = _labels(model, spans, "graded")
        for end, side in zip(("last", "first"), sides, strict=True):
            labels[end] = _means(np.asarray(side.total, float), np.asarray(side.n, float))
        yield _paired.matched(_paired.Batch("drops", labels, found))


def _labels(model: str, spans: Mapping[str, tuple[int, int]], axis: str) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "model": [model] * len(spans),
            "perturbation": list(spans),
            "axis": [axis] * len(spans),
            "first_tier": pd.array([low for low, _ in spans.values()], dtype="int64"),
            "last_tier": pd.array([high for _, high in spans.values()], dtype="int64"),
        }
    )

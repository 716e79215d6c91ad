"""Sums of every model in every view of a ranking, by cluster: what orders and redraws need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _paired
from stresslab.checks import Array

if TYPE_CHECKING:
    from stresslab.stats.marks import Marks
    from stresslab.store.query import Pairs

MOST_LEVELS = 24
"""Values of one column that get an order of their own: those with most rows."""

RANKED_AT_ONCE = 200_000
"""Rows whose ranks are held in memory at once."""


@dataclass(frozen=True)
class Views:
    """Sums by cluster, view and model; the first view is all rows.

    In memory the clusters of one view and model lie side by side: sums run over them.

    Parameters
    ----------
    labels : list of dict
        Column and value of each view; empty for all rows.
    totals : ndarray of shape (n_clusters, n_views, n_models)
        Sums of the values.
    counts : ndarray of shape (n_clusters, n_views, 1 or n_models)
        Known rows; one column where all models have the same rows.
    ranks : ndarray of shape (n_clusters, n_models) or None
        Sums of the middle ranks of each row; None where they follow from the means or where a
        row is not known for all models.
    stratum : ndarray of int, shape (n_clusters,)
        Domain of the cluster, as resamples keep it.
    left_out : dict
        By column, how many values have no view.
    """

    labels: list[dict[str, Any]]
    totals: Array
    counts: Array
    ranks: Array | None
    stratum: Array
    left_out: dict[str, int]

    def flat(self) -> Array:
        """Return all sums side by side, of shape (n_clusters, n_sums): totals, counts, ranks."""
        blocks = [one.transpose(1, 2, 0) for one in (self.totals, self.counts)]
        blocks += [] if self.ranks is None else [self.ranks.T[None]]
        return np.concatenate([one.reshape(-1, one.shape[2]) for one in blocks]).T

    def places_of(self, name: str) -> list[int]:
        """Return the views of one column."""
        return [place for place, label in enumerate(self.labels) if name in label]


def views(pairs: "Pairs", by: Sequence[str], *, higher_is_better: bool, ranks: bool) -> Views:
    """Return the sums of `pairs` in all rows and for every value of each of `by`.

    Parameters
    ----------
    pairs : Pairs
        Values by row and model, grouped by `by`.
    by : sequence of str
        Columns of ``pairs.groups``.
    higher_is_better : bool
        Direction of the values, for ranks.
    ranks : bool
        Whether ranks by row are wanted.
    """
    once = _paired.once(pairs)
    n_clusters = int(pairs.cluster.max()) + 1 if len(pairs.cluster) else 0
    rows = _paired.marks_of(pairs) if n_clusters else None
    complete = rows is not None or bool(np.isfinite(pairs.values).all())
    labels: list[dict[str, Any]] = [{}]
    parts = [_sums(pairs, rows, np.where(once, 0, -1), 1, n_clusters, complete)]
    left_out = {}
    for name in by if n_clusters else ():
        level, values = _levels(pairs, name)
        if len(values) < 2:  # the order of all rows again
            continue
        n_rows = np.bincount(level, minlength=len(values))
        kept = np.sort(np.argsort(-n_rows, kind="stable")[:MOST_LEVELS])
        left_out[name] = len(values) - len(kept)
        position = np.full(len(values), -1, dtype=np.int64)
        position[kept] = np.arange(len(kept))
        labels += [{name: values[one]} for one in kept]
        parts.append(_sums(pairs, rows, position[level], len(kept), n_clusters, complete))
    totals, counts = (_beside(both) for both in zip(*parts, strict=True))
    ranked = None
    if ranks and complete:
        whole = _paired.rows_of(pairs, once) if not once.all() else pairs
        ranked = _rank_sums(whole, n_clusters, higher_is_better)
    return Views(labels, totals, counts, ranked, _strata(pairs, n_clusters), left_out)


def _levels(pairs: "Pairs", name: str) -> tuple[Array, list[Any]]:
    """Return the value of every row as a code, and the values in the order of the groups."""
    import pandas as pd

    column = pairs.groups[name]
    values = column.drop_duplicates().sort_values(na_position="last").tolist()
    place = {_key(one): number for number, one in enumerate(values)}
    code = np.array([place[_key(one)] for one in column], dtype=np.int64)
    return code[pairs.group], [None if pd.isna(one) else one for one in values]


def _key(value: Any) -> Any:
    return None if value is None or value != value else value


def _sums(
    pairs: "Pairs",
    rows: "Marks | None",
    level: Array,
    n_levels: int,
    n_clusters: int,
    complete: bool,
) -> tuple[Array, Array]:
    """Return sums and counts of shape (n_models or 1, n_levels, n_clusters)."""
    from stresslab.stats.marks import by_block

    inside = level >= 0
    values, cluster = pairs.values, pairs.cluster
    if not inside.all():
        cluster, level = cluster[inside], level[inside]
        values = values if rows is not None else values[inside]
        rows = rows if rows is None else rows.at(inside)
    key = cluster if n_levels == 1 else level * n_clusters + cluster.astype(np.int64)
    size, k = n_clusters * n_levels, len(pairs.models)
    totals = np.empty((k, n_levels, n_clusters))
    sizes = np.bincount(key, minlength=size) * 1.0
    counts = sizes.reshape(1, n_levels, n_clusters)
    if rows is not None:
        for place, one in enumerate(by_block(rows.code, key, sizes, rows.right)):
            totals[place] = one.reshape(n_levels, n_clusters)
        return totals, counts
    if not complete:
        counts = np.empty_like(totals)
    for place in range(k):
        column, mine = np.ascontiguousarray(values[:, place]), key
        if not complete:
            known = np.isfinite(column)
            column, mine = column[known], key[known]
            counts[place] = np.bincount(mine, minlength=size).reshape(n_levels, n_clusters)
        totals[place] = np.bincount(mine, column, size).reshape(n_levels, n_clusters)
    return totals, counts


def _beside(parts: Sequence[Array]) -> Array:
    """Return sums by model, view and cluster of several parts, by cluster, view and model."""
    k, _, n_clusters = parts[0].shape
    ends = np.cumsum([part.shape[1] for part in parts])
    found = np.empty((int(ends[-1]), k, n_clusters))
    for part, end in zip(parts, ends, strict=True):
        found[end - part.shape[1] : end] = part.transpose(1, 0, 2)
    return found.transpose(2, 0, 1)


def _rank_sums(pairs: "Pairs", n_clusters: int, higher_is_better: bool) -> Array:
    from stresslab.ratings.ranks import mid_ranks

    found = np.zeros((n_clusters, len(pairs.models)))
    for start in range(0, len(pairs.variant), RANKED_AT_ONCE):
        part = slice(start, start + RANKED_AT_ONCE)
        ranks = mid_ranks(pairs.values[part], higher_is_better=higher_is_better)
        for column in range(ranks.shape[1]):
            found[:, column] += np.bincount(pairs.cluster[part], ranks[:, column], n_clusters)
    return found


def _strata(pairs: "Pairs", n_clusters: int) -> Array:
    """Return the domain each cluster is first seen in; one stratum where domains are not known."""
    stratum = np.zeros(n_clusters, dtype=np.int64)
    if "domain" in pairs.groups.columns:
        level, _ = _levels(pairs, "domain")
        stratum[pairs.cluster[::-1]] = level[::-1]
    return stratum

"""Say whether two models fail on the same rows more often than chance would have it."""

from dataclasses import dataclass, replace

import numpy as np

from stresslab.checks import Array, check_level, check_rows_match
from stresslab.stats.intervals import divide, t_quantile

SMOOTH = 0.5
"""Added to each corner of the 2 x 2 table for the interval: no table is free of error."""


@dataclass(frozen=True)
class Consistency:
    """Error consistency by group: every field is an array of shape (n_groups,).

    Parameters
    ----------
    kappa, low, high : ndarray
        Agreement beyond chance and its interval; NaN where chance alone makes both agree always.
    observed, expected : ndarray
        Share of rows both are right on or both wrong on, and what independence would give.
    both_right, only_a, only_b, both_wrong : ndarray of int
        The 2 x 2 table.
    n, n_clusters : ndarray of int
        Rows, and independent clusters of them.
    mean, mean_low, mean_high : float
        Mean of kappa over the groups that have one, as the authors average conditions, and its
        interval (see `mean_of`); clusters may stand in several groups. NaN for a single group.
    """

    kappa: Array
    low: Array
    high: Array
    observed: Array
    expected: Array
    both_right: Array
    only_a: Array
    only_b: Array
    both_wrong: Array
    n: Array
    n_clusters: Array
    mean: float
    mean_low: float
    mean_high: float


def error_consistency(
    a: Array,
    b: Array,
    cluster: Array,
    group: Array | None = None,
    n_groups: int = 1,
    *,
    level: float = 0.95,
) -> Consistency:
    """Return Cohen's kappa of being right, per group of rows.

    ``kappa = (o - e) / (1 - e)`` with ``o`` the observed share of rows on which both are right or
    both wrong and ``e = p_a p_b + (1 - p_a)(1 - p_b)``. The interval is that of the delta method on
    cluster sums, on Fisher's z scale with a t quantile on clusters - 1, from a table with half a
    row more in each corner.

    Parameters
    ----------
    a, b : ndarray of bool, shape (n_rows,)
        Whether each model is right.
    cluster : ndarray of int, shape (n_rows,)
        Cluster codes from 0.
    group : ndarray of int, shape (n_rows,), optional
        Group codes in ``[0, n_groups)``; one group when absent.
    n_groups : int
        Number of groups.
    level : float
        Level of the interval.

    References
    ----------
    Geirhos, Meding and Wichmann (2020), Beyond accuracy: quantifying trial-by-trial behaviour of
    CNNs and humans by measuring error consistency; Fleiss, Cohen and Everitt (1969) for the
    variance.
    """
    if len(a):
        check_rows_match(a, b, cluster)
    where = blocks(cluster, group, n_groups)
    a, b = np.asarray(a, bool), np.asarray(b, bool)
    return consistency(where.count(a & b), where.count(a), where.count(b), where, level=level)


@dataclass(frozen=True)
class Blocks:
    """The rows of each cluster in each group, counted once for many pairs of models.

    Parameters
    ----------
    block : ndarray of int, shape (n_rows,) or None
        Block of each row; None where every row is one of its own, in order.
    owner, cluster : ndarray of int, shape (n_blocks,)
        Group and cluster of each block.
    size : ndarray of shape (n_blocks,)
        Rows of each block.
    n_groups : int
        Number of groups.
    """

    block: Array | None
    owner: Array
    cluster: Array
    size: Array
    n_groups: int

    def count(self, rows: Array) -> Array:
        """Return how many of the rows lie in each block."""
        if self.block is None:
            return rows.astype(float)
        return np.bincount(self.block[rows], minlength=len(self.owner)).astype(float)

    def total(self, values: Array) -> Array:
        """Return the sum of a number per block over the blocks of each group."""
        return np.bincount(self.owner, weights=values, minlength=self.n_groups)


def blocks(cluster: Array, group: Array | None = None, n_groups: int = 1) -> Blocks:
    """Return the blocks of rows; codes as in `error_consistency`."""
    cluster = np.asarray(cluster, dtype=np.int64)
    group = np.zeros(len(cluster), dtype=np.int64) if group is None else np.asarray(group)
    width = int(cluster.max()) + 1 if len(cluster) else 1
    key = group * width + cluster
    if n_groups * width <= 4 * len(key) + 100_000:
        counted = np.bincount(key, minlength=1)
        there = np.flatnonzero(counted)
        place = np.zeros(len(counted), dtype=np.int64)
        place[there] = np.arange(len(there))
        block, size = place[key], counted[there]
    else:
        there, block, size = np.unique(key, return_inverse=True, return_counts=True)
    if len(there) == len(cluster):
        ones = np.ones(len(cluster))
        return Blocks(None, group, cluster, ones, n_groups)
    return Blocks(block, there // width, there % width, size.astype(float), n_groups)


def consistency(
    both: Array, right_a: Array, right_b: Array, where: Blocks, *, level: float = 0.95
) -> Consistency:
    """Return `error_consistency` from how many rows of each block are right.

    Parameters
    ----------
    both, right_a, right_b : ndarray of shape (n_blocks,)
        Rows both models are right on, and each of them.
    where : Blocks
        From `blocks`.
    level : float
        Level of the interval.
    """
    check_level(level)
    sums = [both, right_a, right_b]
    total, total_a, total_b, n = (where.total(one) for one in (*sums, where.size))
    clusters = np.bincount(where.owner, minlength=where.n_groups)
    table = np.stack([total, total_a - total, total_b - total, n - total_a - total_b + total])
    # Rows that are all their own cluster need no look at blocks, unless groups share clusters.
    alone = bool((clusters == n).all())
    effects = None if alone and where.n_groups < 2 else _effects(table, sums, where)
    found = of_table(table, clusters, level, None if alone else effects, where)
    mean, low, high = _mean(found, n, effects, where)
    return replace(found, mean=mean, mean_low=low, mean_high=high)


def of_table(
    table: Array,
    clusters: Array,
    level: float,
    effects: Array | None = None,
    where: Blocks | None = None,
) -> Consistency:
    """Return the consistency of 2 x 2 tables, without a mean over groups.

    Parameters
    ----------
    table : ndarray of shape (4, n_groups)
        Rows both are right on, only the first, only the second, neither.
    clusters : ndarray of shape (n_groups,)
        Clusters of each group.
    level : float
        Level of the interval.
    effects, where : ndarray and Blocks, optional
        What each block moves; absent where every row is its own cluster.
    """
    kappa, observed, expected = _kappa(table)
    low, high = _interval(kappa, table, effects, where, clusters, level)
    corners = table.astype(np.int64)
    return Consistency(
        kappa, low, high, observed, expected, both_right=corners[0], only_a=corners[1],
        only_b=corners[2], both_wrong=corners[3], n=table.sum(axis=0).astype(np.int64),
        n_clusters=clusters.astype(np.int64), mean=np.nan, mean_low=np.nan, mean_high=np.nan,
    )  # fmt: skip


def effects_of_corners(table: Array) -> Array:
    """Return by how much a row of each corner moves the kappa of its group, times its rows.

    Parameters
    ----------
    table : ndarray of shape (4, n_groups)
        As in `of_table`.
    """
    n = table.sum(axis=0)
    _, observed, _ = _kappa(table)
    p_a, p_b = divide(table[0] + table[1], n), divide(table[0] + table[2], n)
    s_o, s_a, s_b = _slopes(table)
    return np.stack(
        [
            s_o * (same - observed) + s_a * (a - p_a) + s_b * (b - p_b)
            for same, a, b in ((1, 1, 1), (0, 1, 0), (0, 0, 1), (1, 0, 0))
        ]
    )


def _effects(table: Array, sums: list[Array], where: Blocks) -> Array:
    """Return by how much each block moves the kappa of its group, times the group's rows."""
    n, owner = table.sum(axis=0), where.owner
    _, observed, _ = _kappa(table)
    p_a, p_b = divide(table[0] + table[1], n), divide(table[0] + table[2], n)
    s_o, s_a, s_b = _slopes(table)
    both, right_a, right_b = sums
    agree = where.size - right_a - right_b + 2 * both
    effect: Array = (
        s_o[owner] * (agree - observed[owner] * where.size)
        + s_a[owner] * (right_a - p_a[owner] * where.size)
        + s_b[owner] * (right_b - p_b[owner] * where.size)
    )
    return effect


def mean_of(found: Consistency, together: float, alone: float) -> tuple[float, float, float]:
    """Return the mean of kappa over the groups that have one, and its interval.

    The ends of the groups are put together by the variances they stand for (MOVER), enlarged by
    what clusters that stand in several groups add. The variance of the mean itself is too small
    where groups are: with 20 rows, of which 90 % are right, its interval covered 67 %.

    Parameters
    ----------
    found : Consistency
        The groups.
    together, alone : float
        Sum over clusters of the square of all they move the mean by, and the same if every
        cluster had one group only.

    References
    ----------
    Zou and Donner (2008), Construction of confidence limits about effect measures.
    """
    known = np.isfinite(found.kappa)
    kappa, low, high = found.kappa[known], found.low[known], found.high[known]
    value = float(kappa.mean())
    wider = max(together / alone, 1.0) if alone > 0 else 1.0
    below, above = (
        float(np.sqrt(wider * ((kappa - end) ** 2).sum())) / len(kappa) for end in (low, high)
    )
    return value, max(-1.0, value - below), min(1.0, value + above)


def _mean(
    found: Consistency, n: Array, effects: Array | None, where: Blocks
) -> tuple[float, float, float]:
    """Return the mean of kappa over the groups that have one; a cluster may stand in several."""
    kappa = found.kappa
    known = np.isfinite(kappa)
    if effects is None or where.n_groups < 2 or not known.any():
        return np.nan, np.nan, np.nan
    inside = known[where.owner]
    share = effects[inside] / n[where.owner[inside]]
    cluster = where.cluster[inside]
    per_cluster = np.bincount(cluster, weights=share)
    return mean_of(found, float(per_cluster @ per_cluster), float(share @ share))


def _kappa(table: Array) -> tuple[Array, Array, Array]:
    n = table.sum(axis=0)
    p_a, p_b = divide(table[0] + table[1], n), divide(table[0] + table[2], n)
    observed = divide(table[0] + table[3], n)
    expected = p_a * p_b + (1 - p_a) * (1 - p_b)
    return divide(observed - expected, 1 - expected), observed, expected


def _slopes(table: Array) -> tuple[Array, Array, Array]:
    """Return the derivatives of kappa by the observed agreement and by the two shares right."""
    n = table.sum(axis=0)
    p_a, p_b = divide(table[0] + table[1], n), divide(table[0] + table[2], n)
    _, observed, expected = _kappa(table)
    by_expected = divide(observed - 1, (1 - expected) ** 2)
    by_observed = divide(np.ones_like(expected), 1 - expected)
    return by_observed, by_expected * (2 * p_b - 1), by_expected * (2 * p_a - 1)


def _interval(
    kappa: Array,
    table: Array,
    effects: Array | None,
    where: Blocks | None,
    clusters: Array,
    level: float,
) -> tuple[Array, Array]:
    smooth = table + SMOOTH
    middle, _, _ = _kappa(smooth)
    n = smooth.sum(axis=0)
    alone = (smooth * effects_of_corners(smooth) ** 2).sum(axis=0)
    variance = alone / n**2 * _design(table, effects, where, clusters)
    error = np.sqrt(variance) / (1 - middle**2)
    quantile = t_quantile(level, clusters - 1)
    z = np.arctanh(middle)
    low, high = np.tanh(z - quantile * error), np.tanh(z + quantile * error)
    known = np.isfinite(kappa) & (clusters > 1)
    low, high = np.minimum(low, kappa), np.maximum(high, kappa)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _design(table: Array, effects: Array | None, where: Blocks | None, clusters: Array) -> Array:
    """Return by how much clusters widen the variance; 1 where that cannot be seen."""
    n = table.sum(axis=0)
    if effects is None or where is None:
        return np.ones_like(n)
    corners = (table * effects_of_corners(table) ** 2).sum(axis=0)
    clustered = where.total(np.nan_to_num(effects) ** 2) * divide(clusters * 1.0, clusters - 1.0)
    ratio = divide(clustered, corners)
    most = divide(n, clusters * 1.0)
    found: Array = np.where(np.isfinite(ratio) & (ratio > 0), ratio, most)
    return np.where(clusters < n, np.clip(found, 1.0, None), 1.0)

"""What happens along the tiers: slope, area, retention and drop, with cluster-aware intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array, check_level
from stresslab.errors import ShapeError
from stresslab.stats.intervals import effective_rows, t_quantile, unseen_share
from stresslab.stats.profiles import Profiles, profiles

EXTRA = 0.5
"""Weight of each of the two extreme items added before an interval of bounded scores."""


@dataclass(frozen=True)
class Estimate:
    """One number with its interval; NaN where undefined."""

    value: float
    low: float
    high: float
    n_clusters: int


def slope(
    values: Array | Profiles,
    cluster: Array | None = None,
    position: ArrayLike | None = None,
    *,
    rate: bool,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Estimate:
    """Return the least-squares slope of the tier means over `position`.

    Parameters
    ----------
    values : ndarray of shape (n_items, n_tiers), or Profiles
        Score of each item at each tier, in order of tiers; NaN is unknown.
    cluster : ndarray of int, shape (n_items,)
        Cluster codes from 0.
    position : array_like of shape (n_tiers,), optional
        Where the tiers stand; 0, 1, 2 ... when absent.
    rate, level, bounds
        As in `contrast`.
    """
    items = profiles(values, cluster)
    width = items.rows.shape[1]
    spots = np.arange(width) if position is None else np.asarray(position, float)
    use = np.isfinite(items.rows).any(axis=0)
    weights = np.zeros(width)
    if use.sum() > 1:
        centred = spots[use] - spots[use].mean()
        weights[use] = centred / (centred**2).sum()
    else:
        weights[:] = np.nan
    return contrast(items, weights, rate=rate, level=level, bounds=bounds)


def area(
    values: Array | Profiles,
    cluster: Array | None = None,
    position: ArrayLike | None = None,
    *,
    rate: bool,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Estimate:
    """Return the area under the tier means, by trapezoids over positions scaled to [0, 1].

    A curve that stays at 0.8 has area 0.8. Arguments as in `slope`; tiers without a value are
    skipped.
    """
    items = profiles(values, cluster)
    width = items.rows.shape[1]
    spots = np.arange(width, dtype=float) if position is None else np.asarray(position, float)
    use = np.isfinite(items.rows).any(axis=0)
    weights = np.full(width, np.nan)
    if use.sum() > 1:
        there = spots[use]
        steps = np.diff(there) / (there[-1] - there[0])
        weights = np.zeros(width)
        weights[use] = (np.append(steps, 0) + np.append(0, steps)) / 2
    return contrast(items, weights, rate=rate, level=level, bounds=bounds)


def contrast(
    values: Array | Profiles,
    weights: ArrayLike,
    cluster: Array | None = None,
    *,
    rate: bool,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Estimate:
    """Return a weighted sum of tier means with an interval that respects clusters.

    Each item pulls the sum by sum_t w_t (x_t - mean_t) / n_t; these are added within clusters and
    give the variance G/(G-1) sum_g pull_g^2 and a t interval on G - 1. For rates (or scores with
    `bounds`) two more items are added first, one at each extreme the weights allow, on the
    effective number of items, as Bonett and Price do for a difference: without them 20 items that
    never fail would give an interval of width 0.

    Parameters
    ----------
    values : ndarray of shape (n_items, n_tiers)
        Score of each item at each tier; NaN is unknown.
    weights : array_like of shape (n_tiers,)
        Weight of each tier's mean; a tier of weight 0 is not looked at.
    cluster : ndarray of int, shape (n_items,)
        Cluster codes from 0.
    rate : bool
        Whether scores lie between 0 and 1.
    level : float
        Level of the interval.
    bounds : tuple of float, optional
        Smallest and largest score; known for rates.

    Raises
    ------
    ShapeError
        If shapes disagree.
    ParamError
        If `level` is not strictly between 0 and 1.

    References
    ----------
    Bonett and Price (2012), Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data.
    """
    check_level(level)
    items, weights = profiles(values, cluster), np.asarray(weights, float)
    if weights.shape != items.rows.shape[1:]:
        raise ShapeError(
            f"Weights must have one number per tier; got {weights.shape} for "
            f"{(len(items.of_item), items.rows.shape[1])}."
        )
    pulls, value, used = _pulls(items, weights)
    n, own = int(items.n[used].sum()), float(items.n @ pulls**2)
    between, clusters = _by_cluster(items, pulls, used)
    limits = (0.0, 1.0) if rate else bounds
    if not np.isfinite(value) or clusters < 2:
        return Estimate(value, np.nan, np.nan, clusters)
    variance = clusters / (clusters - 1) * between
    quantile = float(t_quantile(level, clusters - 1))
    if limits is None:
        half = quantile * float(np.sqrt(variance)) if variance > 0 else np.nan
        return Estimate(value, value - half, value + half, clusters)
    lowest = float(np.where(weights > 0, weights * limits[0], weights * limits[1]).sum())
    highest = float(np.where(weights > 0, weights * limits[1], weights * limits[0]).sum())
    sizes = (own, variance, n, clusters)
    rows = float(effective_rows(*(np.asarray(one, float) for one in sizes)))
    spread = own * n
    total = rows + 2 * EXTRA
    mean = (rows * value + EXTRA * (lowest + highest)) / total
    square = (rows * (spread + value**2) + EXTRA * (lowest**2 + highest**2)) / total
    half = quantile * float(np.sqrt(max(square - mean**2, 0.0) / total))
    low, high = max(mean - half, lowest), min(mean + half, highest)
    return Estimate(value, min(low, value), max(high, value), clusters)


def drop(
    values: Array,
    cluster: Array,
    *,
    rate: bool,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Estimate:
    """Return first tier minus last tier over the items known at both; positive is a loss.

    The interval is that of `paired.paired_difference`. Arguments as in `slope`.
    """
    from stresslab.stats.paired import paired_difference

    found = paired_difference(
        values[:, 0], values[:, -1], cluster, rate=rate, single_trial=_whole(values), level=level,
        bounds=bounds,
    )  # fmt: skip
    return Estimate(
        float(found.difference[0]), float(found.low[0]), float(found.high[0]),
        int(found.n_clusters[0]),
    )  # fmt: skip


def drops(
    curves: Sequence[tuple[Array, Array]],
    *,
    rate: bool,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> list[Estimate]:
    """Return the `drop` of each of many curves, ``(values, cluster)``, in one computation."""
    if not rate or not all(_whole(values) for values, _ in curves):
        return [
            drop(values, cluster, rate=rate, level=level, bounds=bounds)
            for values, cluster in curves
        ]
    from stresslab.stats.paired import paired_differences

    sizes = [len(values) for values, _ in curves]
    if not sizes:
        return []
    offsets = np.concatenate([[0], np.cumsum([cluster.max() + 1 for _, cluster in curves])[:-1]])
    found = paired_differences(
        np.concatenate([values[:, 0] for values, _ in curves]),
        np.concatenate([values[:, -1] for values, _ in curves]),
        np.concatenate([one + start for (_, one), start in zip(curves, offsets, strict=True)]),
        np.repeat(np.arange(len(sizes)), sizes), len(sizes), rate=True, level=level, bounds=bounds,
    )  # fmt: skip
    columns = (found.difference, found.low, found.high, found.n_clusters)
    return [
        Estimate(float(value), float(low), float(high), int(clusters))
        for value, low, high, clusters in zip(*columns, strict=True)
    ]


def retention(values: Array, cluster: Array, *, level: float = 0.95) -> Estimate:
    """Return last tier's mean over first tier's mean, on items known at both.

    The interval is Fieller's on cluster sums: the ratios r for which "last - r first = 0" is not
    rejected. It is undefined (NaN) when the first mean is 0, and unbounded intervals (the first
    mean is not clearly away from 0) are NaN too.

    References
    ----------
    Fieller (1954), Some problems in interval estimation.
    """
    check_level(level)
    known = np.isfinite(values[:, 0]) & np.isfinite(values[:, -1])
    first, last = values[known, 0], values[known, -1]
    codes = np.asarray(cluster)[known]
    if first.size == 0 or first.sum() <= 0:
        return Estimate(np.nan, np.nan, np.nan, len(np.unique(codes)))
    ratio = float(last.sum() / first.sum())
    codes = np.unique(codes, return_inverse=True)[1]
    clusters = int(codes.max()) + 1
    if clusters < 2:
        return Estimate(ratio, np.nan, np.nan, clusters)
    n = len(first)
    x = np.bincount(codes, weights=first - first.mean()) / n
    y = np.bincount(codes, weights=last - last.mean()) / n
    factor = clusters / (clusters - 1) * float(t_quantile(level, clusters - 1)) ** 2
    a = first.mean() ** 2 - factor * float(x @ x)
    b = first.mean() * last.mean() - factor * float(x @ y)
    c = last.mean() ** 2 - factor * float(y @ y)
    if a <= 0 or b * b < a * c:
        return Estimate(ratio, np.nan, np.nan, clusters)
    half = float(np.sqrt(b * b - a * c))
    if half == 0:
        share = float(unseen_share(clusters, level))
        return Estimate(ratio, ratio * (1 - share), ratio / (1 - share), clusters)
    return Estimate(ratio, max((b - half) / a, 0.0), (b + half) / a, clusters)


def _pulls(items: Profiles, weights: Array) -> tuple[Array, float, Array]:
    """Return each profile's pull on the weighted sum, the sum, and which have a value."""
    known = np.isfinite(items.rows) & (weights != 0)
    counts = items.n @ known
    if not np.isfinite(weights).all() or ((weights != 0) & (counts == 0)).any():
        return np.zeros(len(items.rows)), np.nan, known.any(axis=1)
    filled = np.where(known, items.rows, 0.0)
    means = (items.n @ filled) / np.maximum(counts, 1)
    share = np.where(known, (filled - means) * weights, 0.0) / np.maximum(counts, 1)
    return share.sum(axis=1), float((weights * means).sum()), known.any(axis=1)


def _by_cluster(items: Profiles, pulls: Array, used: Array) -> tuple[float, int]:
    """Return the sum of squared pulls of clusters, and how many clusters have a value."""
    if items.alone:
        return float(items.n[used] @ pulls[used] ** 2), int(items.n[used].sum())
    sums = items.sums(pulls, used)
    return float(sums @ sums), len(sums)


def _whole(values: Array) -> bool:
    known = values[np.isfinite(values)]
    return bool(np.isin(known, (0.0, 1.0)).all())

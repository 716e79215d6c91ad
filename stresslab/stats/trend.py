"""What happens along the tiers: slope, area and drop, with cluster-aware intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array, check_level
from stresslab.errors import ShapeError
from stresslab.stats.intervals import (
    UNSEEN_TOGETHER,
    divide,
    effective_rows,
    rows_of_spread,
    score_interval,
    t_quantile,
)
from stresslab.stats.profiles import Profiles, profiles

EXTRA = 0.5
"""Weight of each of the two extreme items added before an interval of bounded scores."""

CANCELLED = 1e-26
"""Share of the squares of the parts below which the square of their sum is rounding."""


TOGETHER = 5.0
"""Rows that a cluster counts for at least where a mean allows for what was not seen."""


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
    weights = slope_weights(items, position)
    return contrast(items, weights, rate=rate, level=level, bounds=bounds)


def slope_weights(items: Profiles, position: ArrayLike | None = None) -> Array:
    """Return the weights of the tier means in their `slope`."""
    width = items.rows.shape[1]
    spots = np.arange(width) if position is None else np.asarray(position, float)
    use = items.known.any(axis=0)
    weights = np.zeros(width)
    if use.sum() > 1:
        centred = spots[use] - spots[use].mean()
        weights[use] = centred / (centred**2).sum()
    else:
        weights[:] = np.nan
    return weights


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
    weights = area_weights(items, position)
    return contrast(items, weights, rate=rate, level=level, bounds=bounds)


def area_weights(items: Profiles, position: ArrayLike | None = None) -> Array:
    """Return the weights of the tier means in their `area`."""
    width = items.rows.shape[1]
    spots = np.arange(width, dtype=float) if position is None else np.asarray(position, float)
    use = items.known.any(axis=0)
    weights = np.full(width, np.nan)
    if use.sum() > 1:
        there = spots[use]
        steps = np.diff(there) / (there[-1] - there[0])
        weights = np.zeros(width)
        weights[use] = (np.append(steps, 0) + np.append(0, steps)) / 2
    return weights


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
    items, weights = profiles(values, cluster), np.asarray(weights, float)
    if weights.shape != items.rows.shape[1:]:
        raise ShapeError(
            f"Weights must have one number per tier; got {weights.shape} for "
            f"{(len(items.of_item), items.rows.shape[1])}."
        )
    return contrasts([(items, weights[None])]).estimates(level, rate=rate, bounds=bounds)[0]


@dataclass(frozen=True)
class Contrasts:
    """Weighted sums of tier means, with the sums their intervals are made of.

    Parameters
    ----------
    weights : list of ndarray of shape (n_tiers,)
        Weights of each.
    value : ndarray of shape (n_contrasts,)
        The sums; NaN where a weight is, or where a tier that counts has no value.
    own, between : ndarray of shape (n_contrasts,)
        Sums over items, and over clusters, of squared pulls.
    n, clusters : ndarray of shape (n_contrasts,)
        Items and clusters with a value at a tier that counts.
    """

    weights: list[Array]
    value: Array
    own: Array
    between: Array
    n: Array
    clusters: Array

    def estimates(
        self, level: ArrayLike, *, rate: bool, bounds: tuple[float, float] | None = None
    ) -> list[Estimate]:
        """Return each with its interval; arguments as in `contrast`, `level` may be one of each."""
        for one in np.unique(level):
            check_level(float(one))
        low, high = self._interval(level, (0.0, 1.0) if rate else bounds)
        columns = (self.value.tolist(), low.tolist(), high.tolist(), self.clusters.tolist())
        return [
            Estimate(value, one, other, int(clusters))
            for value, one, other, clusters in zip(*columns, strict=True)
        ]

    def _interval(
        self, level: ArrayLike, limits: tuple[float, float] | None
    ) -> tuple[Array, Array]:
        value, clusters = self.value, self.clusters
        quantile = t_quantile(level, clusters - 1)
        variance = divide(clusters * self.between, clusters - 1)
        if limits is None:
            half = quantile * np.sqrt(np.where(variance > 0, variance, np.nan))
            return value - half, value + half
        ends = np.array(
            [
                [np.where(one > 0, one * limits[side], one * limits[1 - side]).sum()
                 for side in (0, 1)]
                for one in self.weights
            ]
        ).reshape(-1, 2)  # fmt: skip
        lowest, highest = ends.T
        rows = effective_rows(self.own, variance, self.n, clusters)
        total = rows + 2 * EXTRA
        mean = (rows * value + EXTRA * (lowest + highest)) / total
        square = rows * (self.own * self.n + value**2) + EXTRA * (lowest**2 + highest**2)
        half = quantile * np.sqrt(np.maximum(square / total - mean**2, 0.0) / total)
        low, high = np.maximum(mean - half, lowest), np.minimum(mean + half, highest)
        mean_low, mean_high = of_mean(value, variance, self.n, clusters, quantile, lowest, highest)
        is_mean = np.array([bool((one >= 0).all()) for one in self.weights], dtype=bool)
        return (
            np.where(is_mean, mean_low, np.minimum(low, value)),
            np.where(is_mean, mean_high, np.maximum(high, value)),
        )


def of_mean(
    value: Array, variance: Array, n: Array, clusters: Array, quantile: Array, lowest: Array,
    highest: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Return Wilson's interval of means between limits, on the rows their clusters are worth."""
    span = highest - lowest
    share, own = divide(value - lowest, span), divide(variance, span**2)
    unseen = UNSEEN_TOGETHER * np.maximum(divide(n, clusters), TOGETHER)
    rows = rows_of_spread(share, own, np.asarray(clusters, float), unseen)
    low, high = score_interval(share, rows, quantile)
    half = quantile * np.sqrt(variance)
    valid = (share >= 0) & (share <= 1)  # else the declared bounds are wrong and bind nothing
    return (
        np.where(valid, lowest + span * low, value - half),
        np.where(valid, lowest + span * high, value + half),
    )


def contrasts(parts: Sequence[tuple[Profiles, Array]]) -> Contrasts:
    """Return contrasts of many curves, whose intervals are then found in one computation.

    Parameters
    ----------
    parts : sequence of (Profiles, ndarray of shape (n_contrasts, n_tiers))
        Each curve with the weights of its contrasts.
    """
    found = [_sums(items, np.asarray(weights, float)) for items, weights in parts]
    columns = [np.concatenate(one) for one in zip(*found, strict=True)] or [np.empty(0)] * 5
    return Contrasts([row for _, weights in parts for row in weights], *columns)


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
    curves: Sequence[Profiles],
    *,
    rate: bool,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> list[Estimate]:
    """Return the `drop` of each of many curves, those of single items in one computation."""
    from stresslab.stats.paired import paired_from_counts

    counted = [rate and one.alone and _whole(one.rows) for one in curves]
    ends = [
        [one.n @ (first > last), one.n @ (last > first), one.n @ np.isfinite(last - first)]
        for one, quick in zip(curves, counted, strict=True)
        if quick
        for first, last in [(one.rows[:, 0], one.rows[:, -1])]
    ]
    found: Iterator[Estimate] = iter(())
    if ends:
        wins, losses, n = np.array(ends).T
        made = paired_from_counts(wins, losses, n, level=level)
        columns = (made.difference, made.low, made.high, made.n_clusters)
        found = (
            Estimate(float(value), float(low), float(high), int(clusters))
            for value, low, high, clusters in zip(*columns, strict=True)
        )
    return [
        next(found)
        if quick
        else drop(one.rows[one.of_item], one.cluster, rate=rate, level=level, bounds=bounds)
        for one, quick in zip(curves, counted, strict=True)
    ]


def _sums(items: Profiles, weights: Array) -> tuple[Array, ...]:
    """Return what `Contrasts` holds of one curve, after the weights."""
    looked = (weights != 0).astype(float).T
    unknown = ~np.isfinite(weights).all(axis=1) | ((weights != 0) & (items.counts == 0)).any(axis=1)
    weights = np.where(unknown[:, None], 0.0, weights)
    value = np.where(unknown, np.nan, weights @ np.nan_to_num(items.means))
    pulls, known, n = items.of_clusters
    own = items.n @ (items.pulls @ weights.T) ** 2
    # What rounding leaves of pulls that cancel out item by item is no spread.
    own = np.where(own <= CANCELLED * (items.n @ items.pulls**2 @ weights.T**2), 0.0, own)
    between = np.where(own > 0, n @ (pulls @ weights.T) ** 2, 0.0)
    clusters = n @ (known @ looked > 0)
    n_items = clusters if items.alone else items.n @ (items.known @ looked > 0)
    return value, own, between, n_items, clusters


def _whole(values: Array) -> bool:
    return bool(((values == 0) | (values == 1) | np.isnan(values)).all())

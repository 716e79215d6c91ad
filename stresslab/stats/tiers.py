"""The means of all tiers at once: their covariance, where they leave the first, where they rise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_level
from stresslab.stats.intervals import Interval, from_moments
from stresslab.stats.profiles import Profiles, profiles
from stresslab.stats.signflip import signflip_p
from stresslab.stats.trend import contrasts

NONE = -1
"""Index of a tier that there is none of."""

Moments = tuple[float, float, float, float, float, float, float, bool]
"""Sums of a mean over items: total, n, clusters, ss, sd, dd, squares; and whether it is a rate."""


@dataclass(frozen=True)
class TierMeans:
    """The mean of every tier and how the means vary together.

    Parameters
    ----------
    mean : ndarray of shape (n_tiers,)
        NaN for a tier without a known value.
    covariance : ndarray of shape (n_tiers, n_tiers)
        Cluster-robust: G/(G-1) times the sum over clusters of the products of their pulls.
    n : ndarray of int, shape (n_tiers,)
        Items with a known value.
    n_clusters : int
        Clusters with a known value at any tier.
    """

    mean: Array
    covariance: Array
    n: Array
    n_clusters: int


@dataclass(frozen=True)
class Steps:
    """Differences of tiers with intervals that hold for all of them together.

    Parameters
    ----------
    difference, low, high : ndarray of shape (n_steps,)
        NaN where a mean is unknown.
    index : int
        Column of the tier that was looked for; `NONE` if there is none.
    """

    difference: Array
    low: Array
    high: Array
    index: int


def tier_means(values: Array | Profiles, cluster: Array | None = None) -> TierMeans:
    """Return the means of all tiers with their covariance.

    Parameters
    ----------
    values : ndarray of shape (n_items, n_tiers), or Profiles
        Score of each item at each tier; NaN is unknown.
    cluster : ndarray of int, shape (n_items,)
        Cluster codes from 0.

    References
    ----------
    Liang and Zeger (1986), Longitudinal data analysis using generalized linear models.
    """
    items = profiles(values, cluster)
    pulls, known, n = items.of_clusters
    clusters = int(n[known.any(axis=1)].sum())
    factor = clusters / (clusters - 1) if clusters > 1 else np.nan
    products = (pulls * n[:, None]).T @ pulls
    return TierMeans(items.means, factor * products, items.counts.astype(int), clusters)


def onset(
    values: Array | Profiles,
    cluster: Array | None = None,
    *,
    rate: bool,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
    falls: bool = True,
) -> Steps:
    """Return every tier minus the first, and the first tier that clearly differs from it.

    Intervals are those of `trend.contrast`, at a level shared by all tiers (Bonferroni).

    Parameters
    ----------
    values, cluster
        As in `tier_means`.
    rate, bounds
        As in `trend.contrast`.
    level : float
        Level of all intervals together.
    falls : bool
        Whether a tier below the first is looked for, or one above it.
    """
    items = profiles(values, cluster)
    part = (items, from_first(items.rows.shape[1]), falls)
    return steps([part], rate=rate, level=level, bounds=bounds)[0]


def rise(
    values: Array | Profiles,
    cluster: Array | None = None,
    *,
    rate: bool,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
    falls: bool = True,
) -> Steps:
    """Return every tier minus the one before, and the first that clearly turns the other way.

    Arguments as in `onset`; `falls` says that the curve should fall, so that a rise is looked for.
    """
    items = profiles(values, cluster)
    part = (items, from_previous(items.rows.shape[1]), not falls)
    return steps([part], rate=rate, level=level, bounds=bounds)[0]


def from_first(n_tiers: int) -> Array:
    """Return the weights of every tier but the first, minus the first."""
    weights = np.eye(n_tiers)[1:].copy()
    weights[:, :1] = -1.0
    return weights


def from_previous(n_tiers: int) -> Array:
    """Return the weights of every tier but the first, minus the one before."""
    return np.eye(n_tiers)[1:] - np.eye(n_tiers)[:-1]


def steps(
    parts: Sequence[tuple[Profiles, Array, bool]], *, rate: bool, level: float,
    bounds: tuple[float, float] | None = None,
) -> list[Steps]:  # fmt: skip
    """Return the differences of tiers of many curves, each at a level shared by its own.

    Parameters
    ----------
    parts : sequence of (Profiles, ndarray of shape (n_steps, n_tiers), bool)
        A curve, the weights of its differences, and whether one below 0 is looked for, or above.
    rate, level, bounds
        As in `onset`.
    """
    check_level(level)
    made = contrasts([(items, weights) for items, weights, _ in parts])
    sizes = [len(weights) for _, weights, _ in parts]
    each = np.repeat(1 - (1 - level) / np.maximum(sizes, 1), sizes)
    found = made.estimates(each, rate=rate, bounds=bounds)
    ends = np.array([(one.value, one.low, one.high) for one in found]).reshape(-1, 3)
    told = []
    for (_, weights, falls), stop in zip(parts, np.cumsum(sizes), strict=True):
        value, low, high = ends[stop - len(weights) : stop].T
        clear = (high < 0) if falls else (low > 0)  # an unknown end clears nothing
        index = int(np.argmax(clear)) + 1 if clear.any() else NONE
        told.append(Steps(value, low, high, index))
    return told


def monotone_p(
    values: Array | Profiles, cluster: Array | None = None, *, rng: np.random.Generator
) -> float:
    """Return the two-sided p value of "no tier is harder than another, item by item".

    Each item counts the pairs of tiers that rise minus those that fall; if its tiers were
    exchangeable, that number would be as often above 0 as below. Clusters flip as a whole. NaN
    where no item is known at two tiers.

    Parameters
    ----------
    values, cluster
        As in `tier_means`.
    rng : numpy.random.Generator
        Used only where signs must be drawn.

    References
    ----------
    Page (1963), Ordered hypotheses for multiple treatments; the null is that of its permutation.
    """
    items = profiles(values, cluster)
    width = items.rows.shape[1]
    one, other = np.triu_indices(width, k=1)
    gaps = np.sign(items.rows[:, other] - items.rows[:, one])
    paired: Array = np.asarray(np.isfinite(gaps).any(axis=1))
    if not paired.any():
        return float("nan")
    score = np.nan_to_num(gaps).sum(axis=1)
    if items.alone:
        return signflip_p(score[paired], items.n[paired].astype(int), rng=rng)[0]
    return signflip_p(items.sums(score, paired), rng=rng)[0]


def worst_of_tiers(values: Array | Profiles, cluster: Array | None = None, *, rate: bool,
                   level: float = 0.95, bounds: tuple[float, float] | None = None,
                   higher_is_better: bool = True) -> Interval:  # fmt: skip
    """Return the mean over items of their worst tier, over items known at every tier.

    Parameters
    ----------
    values, cluster
        As in `tier_means`; a mean over trials counts as the value of a tier.
    rate, level, bounds
        As in `intervals.from_moments`.
    higher_is_better : bool
        Which end is the worst.
    """
    items = profiles(values, cluster)
    part = worst_moments(items, rate=rate, higher_is_better=higher_is_better)
    return _alone(means([part], level=level, bounds=bounds))


def worst_moments(items: Profiles, *, rate: bool, higher_is_better: bool = True) -> Moments:
    """Return what `worst_of_tiers` is made of."""
    whole: Array = np.asarray(items.known.all(axis=1))
    pick = np.min if higher_is_better else np.max
    worst = np.where(whole, pick(np.nan_to_num(items.rows), axis=1), 0.0)
    return _moments(items, worst, whole, rate=rate)


def share_recovering(values: Array | Profiles, cluster: Array | None = None, *,
                     level: float = 0.95) -> tuple[Interval, int]:  # fmt: skip
    """Return, of the items that broke, the share right again at a later tier, and how many broke.

    Parameters
    ----------
    values, cluster
        As in `tier_means`, the untouched original first.
    level : float
        Level of the interval.
    """
    part, n = recovering_moments(profiles(values, cluster))
    return _alone(means([part], level=level)), n


def recovering_moments(items: Profiles) -> tuple[Moments, int]:
    """Return what the share of `share_recovering` is made of, and how many items broke."""
    from stresslab.stats.breaks import break_tiers

    found = break_tiers(items.rows)
    broke = found.index > 0
    again = np.where(broke & found.recovers, 1.0, 0.0)
    return _moments(items, again, broke, rate=True), int(items.n[broke].sum())


def means(
    parts: Sequence[Moments], *, level: float, bounds: tuple[float, float] | None = None
) -> Interval:
    """Return one mean over items per part, with its interval as in `intervals.from_moments`."""
    total, n, clusters, ss, sd, dd, square, binary = np.array(parts, float).reshape(-1, 8).T
    return from_moments(
        total, n, clusters, ss, sd, dd, sq=square, rate=binary > 0, level=level, bounds=bounds
    )


def _alone(one: Interval) -> Interval:
    """Return the single entry of an interval."""
    return Interval(one.value[0], one.low[0], one.high[0], one.n_effective[0])


def _moments(items: Profiles, value: Array, used: Array, *, rate: bool) -> Moments:
    n = float(items.n[used].sum())
    total = float((items.n * value)[used].sum())
    square = float((items.n * value**2)[used].sum())
    if items.alone:
        sums = (n, square, total, n)
    else:
        of_value, of_one = items.sums(value, used), items.sums(np.ones(len(used)), used)
        sums = (float(len(of_one)), float(of_value @ of_value), float(of_value @ of_one),
                float(of_one @ of_one))  # fmt: skip
    binary = rate and bool(np.isin(value[used], (0.0, 1.0)).all())
    return (total, n, *sums, square, binary)

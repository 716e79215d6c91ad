"""The means of all tiers at once: their covariance, where they leave the first, where they rise."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_level
from stresslab.stats.intervals import Interval, from_moments
from stresslab.stats.profiles import Profiles, profiles
from stresslab.stats.signflip import signflip_p
from stresslab.stats.trend import contrast

NONE = -1
"""Index of a tier that there is none of."""


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
    known: Array = np.isfinite(items.rows)
    counts = items.n @ known
    filled = np.where(known, items.rows, 0.0)
    mean = np.divide(items.n @ filled, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    pulls = np.where(known, (filled - np.nan_to_num(mean)) / np.maximum(counts, 1), 0.0)
    used: Array = np.asarray(known.any(axis=1))
    if items.alone:
        clusters = int(items.n[used].sum())
        products = (pulls * items.n[:, None]).T @ pulls
    else:
        sums = np.column_stack([items.sums(pulls[:, t], used) for t in range(pulls.shape[1])])
        clusters, products = len(sums), sums.T @ sums
    factor = clusters / (clusters - 1) if clusters > 1 else np.nan
    return TierMeans(mean, factor * products, counts.astype(int), clusters)


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
    weights = np.eye(items.rows.shape[1])[1:].copy()
    weights[:, 0] = -1.0
    return _steps(items, weights, rate=rate, level=level, bounds=bounds, falls=falls)


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
    width = items.rows.shape[1]
    weights = np.eye(width)[1:] - np.eye(width)[:-1]
    return _steps(items, weights, rate=rate, level=level, bounds=bounds, falls=not falls)


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
        sums = np.repeat(score[paired], items.n[paired].astype(int))
    else:
        sums = items.sums(score, paired)
    return signflip_p(sums, rng=rng)[0]


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
    whole: Array = np.asarray(np.isfinite(items.rows).all(axis=1))
    pick = np.min if higher_is_better else np.max
    worst = np.where(whole, pick(np.nan_to_num(items.rows), axis=1), 0.0)
    return _mean(items, worst, whole, rate=rate, level=level, bounds=bounds)


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
    from stresslab.stats.breaks import break_tiers

    items = profiles(values, cluster)
    found = break_tiers(items.rows)
    broke = found.index > 0
    again = np.where(broke & found.recovers, 1.0, 0.0)
    return _mean(items, again, broke, rate=True, level=level), int(items.n[broke].sum())


def _mean(items: Profiles, value: Array, used: Array, *, rate: bool, level: float,
          bounds: tuple[float, float] | None = None) -> Interval:  # fmt: skip
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
    return from_moments(total, n, *sums, sq=square, rate=binary, level=level, bounds=bounds)


def _steps(
    items: Profiles, weights: Array, *, rate: bool, level: float,
    bounds: tuple[float, float] | None, falls: bool,
) -> Steps:  # fmt: skip
    check_level(level)
    each = 1 - (1 - level) / max(len(weights), 1)
    found = [contrast(items, row, rate=rate, level=each, bounds=bounds) for row in weights]
    value, low, high = (
        np.array([getattr(one, name) for one in found], float) for name in ("value", "low", "high")
    )
    with np.errstate(invalid="ignore"):
        clear = (high < 0) if falls else (low > 0)
    return Steps(value, low, high, int(np.argmax(clear)) + 1 if clear.any() else NONE)

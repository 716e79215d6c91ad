"""Percentile bootstrap over clusters, drawn as one multinomial over distinct cluster profiles."""

from collections.abc import Callable

import numpy as np

from stresslab.checks import Array, check_level, check_rows_match
from stresslab.errors import TooFewRowsError
from stresslab.stats.convolved import percentiles
from stresslab.stats.trend import Estimate

PROFILES = 4
"""Clusters per distinct profile from which a multinomial over profiles is the quicker way."""

BLOCK = 4_000_000
"""Weights held in memory at once (32 MB)."""


def bootstrap(
    profiles: Array,
    statistic: Callable[[Array], Array],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 10_000,
) -> Estimate:
    """Return a statistic of summed cluster profiles with its percentile interval.

    Clusters with equal profiles are interchangeable: drawing G clusters with replacement is drawing
    how often each distinct profile occurs, one multinomial.

    Parameters
    ----------
    profiles : ndarray of shape (n_clusters, n_sums)
        What each cluster adds to each sum.
    statistic : callable
        ``statistic(sums)``, with `sums` of shape (n, n_sums), returns shape (n,).
    rng : numpy.random.Generator
        Source of the draws.
    level : float
        Level of the interval.
    resamples : int
        Number of resamples. Memory is bounded; time grows with resamples x distinct profiles.

    Raises
    ------
    TooFewRowsError
        If there are no clusters.
    ParamError
        If `level` is not strictly between 0 and 1.

    References
    ----------
    Efron (1979), Bootstrap methods: another look at the jackknife; Field and Welsh (2007) for
    clusters.
    """
    check_level(level)
    profiles = np.asarray(profiles, float)
    if len(profiles) == 0:
        raise TooFewRowsError("A bootstrap needs at least one cluster; got none. Widen the slice.")
    distinct, counts = _distinct(profiles)
    value = float(statistic((counts @ distinct)[None, :])[0])
    drawn = np.concatenate(
        [statistic(sums) for sums in _resampled(distinct, counts, rng, resamples)]
    )
    drawn = drawn[np.isfinite(drawn)]
    clusters = int(counts.sum())
    if drawn.size == 0 or clusters < 2:
        return Estimate(value, np.nan, np.nan, clusters)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high), clusters)


def bootstrap_ratio(
    numerator: Array,
    denominator: Array,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 10_000,
) -> Estimate:
    """Return a ratio of two sums over clusters (a mean: sum of scores over sum of rows).

    Where clusters repeat few profiles, resamples are drawn; else the percentiles are those of
    infinitely many resamples, from the distribution of the sum (`convolved.percentiles`).

    Parameters
    ----------
    numerator, denominator : ndarray of shape (n_clusters,)
        What each cluster adds to the two sums.
    rng, level, resamples
        As in `bootstrap`.
    """
    check_rows_match(numerator, denominator)
    check_level(level)
    sums, sizes = np.asarray(numerator, float), np.asarray(denominator, float)
    if len(np.unique(sums)) > len(sums) / PROFILES:
        shares = ((1 - level) / 2, (1 + level) / 2)
        ends = percentiles(sums, sizes, shares)
        if ends is not None:
            value = float(sums.sum() / sizes.sum())
            return Estimate(value, float(ends[0]), float(ends[1]), len(sums))

    def ratio(sums: Array) -> Array:
        quotient: Array = np.full(len(sums), np.nan)
        np.divide(sums[:, 0], sums[:, 1], out=quotient, where=sums[:, 1] != 0)
        return quotient

    profiles = np.column_stack([numerator, denominator])
    return bootstrap(profiles, ratio, rng=rng, level=level, resamples=resamples)


def _distinct(profiles: Array) -> tuple[Array, Array]:
    """Return the different profiles in order, and how often each occurs."""
    # Places of values, column by column, sort as the profiles do, and far quicker than rows.
    place = np.zeros(len(profiles), dtype=np.int64)
    for column in profiles.T:
        values, code = np.unique(column, return_inverse=True)
        if len(values) > 1:
            place = np.unique(place * len(values) + code, return_inverse=True)[1]
    counts = np.bincount(place)
    first = np.empty(len(counts), dtype=np.int64)
    first[place] = np.arange(len(profiles))
    return profiles[first], counts


def _resampled(
    distinct: Array, counts: Array, rng: np.random.Generator, resamples: int
) -> list[Array]:
    clusters, kinds = int(counts.sum()), len(counts)
    # A multinomial costs a step per distinct profile; picking clusters costs one per cluster.
    if PROFILES * kinds > clusters:
        everyone = np.repeat(distinct, counts, axis=0)
        return [
            _picked(everyone, rng, many) for many in _blocks(resamples, max(1, BLOCK // clusters))
        ]
    return [
        rng.multinomial(clusters, counts / clusters, size=many) @ distinct
        for many in _blocks(resamples, max(1, BLOCK // kinds))
    ]


def _picked(everyone: Array, rng: np.random.Generator, many: int) -> Array:
    picks = rng.integers(0, len(everyone), size=(many, len(everyone)), dtype=np.int32)
    return np.stack([column[picks].sum(axis=1) for column in everyone.T], axis=1)


def _blocks(total: int, size: int) -> list[int]:
    return [min(size, total - start) for start in range(0, total, size)]

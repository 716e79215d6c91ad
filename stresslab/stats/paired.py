"""Paired differences of two models on the same items, with a test that respects clusters."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array, check_level, check_rows_match
from stresslab.errors import ParamError
from stresslab.stats import tango
from stresslab.stats.equivalence import tost_p
from stresslab.stats.intervals import divide, effective_rows, t_quantile, unseen_share
from stresslab.stats.mcnemar import mcnemar_exact
from stresslab.stats.signflip import signflip_p


@dataclass(frozen=True)
class Difference:
    """Paired differences of a family: every field is an array of shape (n_comparisons,).

    Parameters
    ----------
    difference, low, high : ndarray
        Mean of first minus second over the pairs, and its unadjusted interval.
    p_value : ndarray
        Of "no difference", two-sided.
    p_tost : ndarray
        Of "the difference is not within the margin"; NaN without a margin.
    n_pairs, n_clusters, n_discordant : ndarray of int
        Pairs with both values known, their clusters, and the pairs that differ.
    sd_cluster : ndarray
        Standard deviation of a cluster's effect: ``se * sqrt(n_clusters)``.
    method : ndarray of str
        The test behind `p_value`.
    wins, losses, n_effective : ndarray
        For rates: the 2 x 2 table's discordant corners on the number of independent pairs that
        carry as much information; what intervals at other levels are made from.
    clusters_discordant : ndarray
        Clusters with a pair that differs.
    df : ndarray
        Degrees of freedom of the quantile; infinite for the normal one.
    rate : ndarray of bool
        Whether scores are rates.
    span : ndarray
        Largest possible difference; infinite where scores have no bounds.
    """

    difference: Array
    low: Array
    high: Array
    p_value: Array
    p_tost: Array
    n_pairs: Array
    n_clusters: Array
    n_discordant: Array
    sd_cluster: Array
    method: Array
    wins: Array
    losses: Array
    n_effective: Array
    clusters_discordant: Array
    df: Array
    rate: Array
    span: Array

    def interval(self, level: ArrayLike) -> tuple[Array, Array]:
        """Return low and high at `level`, one level for all or one per comparison."""
        quantile = quantile_of(level, self.df)
        low, high = self._mean_interval(np.asarray(level, float), quantile)
        if self.rate.any():
            rates = tango.score_interval(self.wins, self.losses, self.n_effective, quantile)
            low = np.where(self.rate, rates[0], low)
            high = np.where(self.rate, rates[1], high)
        return low, high

    def _mean_interval(self, level: Array, quantile: Array) -> tuple[Array, Array]:
        clusters = np.maximum(self.n_clusters, 1)
        half = quantile * self.sd_cluster / np.sqrt(clusters)
        # Where all clusters agree, clusters of a kind never seen may still differ by the span;
        # without bounds nothing can be said of them.
        span = np.where(np.abs(self.difference) <= self.span, self.span, np.inf)
        bounded = np.where(np.isfinite(span), span, np.nan)
        share = unseen_share(clusters, level)
        agree = self.sd_cluster == 0
        low = np.where(
            agree,
            self.difference - share * (self.difference + bounded),
            np.maximum(self.difference - half, -span),
        )
        high = np.where(
            agree,
            self.difference + share * (bounded - self.difference),
            np.minimum(self.difference + half, span),
        )
        return low, high


def concatenate(differences: Sequence[Difference]) -> Difference:
    """Return several families as one, in order."""
    columns = {
        one.name: np.concatenate([np.atleast_1d(getattr(part, one.name)) for part in differences])
        for one in fields(Difference)
    }
    return Difference(**columns)


def paired_difference(
    a: Array,
    b: Array,
    cluster: Array,
    *,
    rate: bool,
    single_trial: bool = True,
    level: float = 0.95,
    margin: float | None = None,
    rng: np.random.Generator | None = None,
    bounds: tuple[float, float] | None = None,
    draws: int = 10_000,
) -> Difference:
    """Return the paired difference ``a - b`` over all pairs; see `paired_differences`."""
    group = np.zeros(np.shape(a)[0], dtype=np.int64)
    return paired_differences(
        a, b, cluster, group, 1, rate=rate, single_trial=single_trial, level=level,
        margin=margin, rng=rng, bounds=bounds, draws=draws,
    )  # fmt: skip


def paired_differences(
    a: Array,
    b: Array,
    cluster: Array,
    group: Array,
    n_groups: int,
    *,
    rate: bool,
    single_trial: bool = True,
    level: float = 0.95,
    margin: float | None = None,
    rng: np.random.Generator | None = None,
    bounds: tuple[float, float] | None = None,
    draws: int = 10_000,
) -> Difference:
    """Return the paired differences ``a - b`` of every group of rows.

    The test is McNemar's exact one where every pair of a group is its own cluster (rates, one
    trial), else a sign-flip test on cluster sums. The interval of a rate is Tango's score interval
    on the effective number of pairs, n / design effect, with a t quantile on clusters - 1 (normal
    for McNemar's case); of other scores, the mean +- t se on cluster sums.

    Parameters
    ----------
    a, b : ndarray of shape (n_rows,)
        Score of each model, a mean over trials; a row where either is NaN is left out.
    cluster : ndarray of int, shape (n_rows,)
        Cluster codes from 0.
    group : ndarray of int, shape (n_rows,)
        Group codes in ``[0, n_groups)``; rows with -1 belong to no group.
    n_groups : int
        Number of groups; one without pairs gets NaN and p = NaN.
    rate : bool
        Whether every single trial scores 0 or 1.
    single_trial : bool
        Whether no value is a mean over several trials.
    level : float
        Level of `low`, `high`.
    margin : float, optional
        Differences below it count as equal (fills `p_tost`).
    rng : numpy.random.Generator, optional
        For sign flips that must be drawn; seeded with 0 when absent.
    bounds : tuple of float, optional
        Smallest and largest score; known for rates.
    draws : int
        Sign flips drawn where there are too many for an exact test.

    Raises
    ------
    ShapeError
        If the arrays differ in length.
    ParamError
        If `level` is not strictly between 0 and 1 or `margin` is not positive.

    Notes
    -----
    Exact coverage of Tango's interval, for shares .02 to .9 and correlations 0 to .9: 93.6 to 97 %,
    more only where a handful of pairs differ (n = 20; Bonett-Price: 93.8 to 100 %, above 97 % far
    more often; with half its correction it falls to 87.6 %). Clustered figures: see
    ``tests/stats/test_coverage.py``.
    """
    check_level(level)
    if len(a):
        check_rows_match(a, b, cluster, group)
    gap = np.asarray(a, float) - np.asarray(b, float)
    keep = np.isfinite(gap) & (np.asarray(group) >= 0)
    gap, cluster, group = gap[keep], np.asarray(cluster)[keep], np.asarray(group)[keep]
    sums, sizes, differ, owner = _cluster_sums(gap, cluster, group)
    n = np.bincount(group, minlength=n_groups).astype(float)
    clusters = np.bincount(owner, minlength=n_groups).astype(float)
    span = 1.0 if rate else (np.inf if bounds is None else float(bounds[1] - bounds[0]))
    discordant = np.bincount(owner, weights=differ > 0, minlength=n_groups)
    found = _estimate(
        gap, group, sums, sizes, owner, n, clusters, discordant, rate, single_trial, span
    )
    p_value, method = _test(
        found, sums, owner, rate and single_trial, rng or np.random.default_rng(0), draws
    )
    return _finish(replace(found, p_value=p_value, method=method), level, margin)


def paired_from_counts(
    wins: ArrayLike,
    losses: ArrayLike,
    n: ArrayLike,
    *,
    level: float = 0.95,
    margin: float | None = None,
) -> Difference:
    """Return the differences of single-trial rates of independent pairs, from 2 x 2 tables.

    Parameters
    ----------
    wins, losses, n : array_like of int, shape (n_comparisons,)
        Pairs only the first model has right, only the second, and all pairs.
    level, margin
        As in `paired_differences`, whose result on the rows this equals.
    """
    check_level(level)
    b, c, n = (np.atleast_1d(np.asarray(one, float)) for one in (wins, losses, n))
    difference = divide(b - c, n)
    variance = divide(np.maximum(divide(b + c, n) - difference**2, 0), n - 1)
    blank = np.full_like(n, np.nan)
    found = Difference(
        difference=difference, low=blank, high=blank, p_tost=blank,
        p_value=np.where(n > 0, mcnemar_exact(b, c), np.nan),
        n_pairs=n.astype(int), n_clusters=n.astype(int), n_discordant=(b + c).astype(int),
        sd_cluster=np.sqrt(variance * n), method=np.full(n.shape, "McNemar, exact", dtype=object),
        wins=b, losses=c, n_effective=n, clusters_discordant=b + c,
        df=np.full_like(n, np.inf), rate=np.ones(n.shape, dtype=bool), span=np.ones_like(n),
    )  # fmt: skip
    return _finish(found, level, margin)


def quantile_of(level: ArrayLike, df: Array) -> Array:
    """Return the two-sided quantile: t on `df`, normal where `df` is infinite."""
    from scipy.special import ndtri

    normal = ndtri(0.5 + np.asarray(level, float) / 2)
    finite = np.where(np.isfinite(df), df, 1.0)
    return np.where(np.isinf(df), normal, t_quantile(level, finite))


def _cluster_sums(gap: Array, cluster: Array, group: Array) -> tuple[Array, Array, Array, Array]:
    """Return sum, size, number of differing pairs and group of each cluster, by group."""
    width = int(cluster.max()) + 1 if cluster.size else 1
    n_keys = (int(group.max()) + 1 if group.size else 0) * width
    key = group.astype(np.int64) * width + cluster
    if n_keys <= 4 * key.size + 100_000:
        there = np.flatnonzero(np.bincount(key, minlength=n_keys))
        position = np.empty(n_keys, dtype=np.int64)
        position[there] = np.arange(there.size)
        key = position[key]
    else:
        there, key = np.unique(key, return_inverse=True)
    sums, sizes, differ = (
        np.bincount(key, weights=one, minlength=there.size)
        for one in (gap, None, (gap != 0).astype(float))
    )
    return sums, sizes.astype(float), differ, there // width


def _estimate(
    gap: Array,
    group: Array,
    sums: Array,
    sizes: Array,
    owner: Array,
    n: Array,
    clusters: Array,
    discordant: Array,
    rate: bool,
    single_trial: bool,
    span: float,
) -> Difference:
    n_groups = len(n)

    def per_group(values: Array) -> Array:
        return np.bincount(group, weights=values, minlength=n_groups)

    difference = divide(per_group(gap), n)
    residual = sums - np.nan_to_num(difference)[owner] * sizes
    scatter = np.bincount(owner, weights=residual**2, minlength=n_groups)
    largest = np.bincount(owner, weights=sums**2, minlength=n_groups)
    scatter = np.where(scatter <= 1e-13 * largest, 0, scatter)
    variance = divide(clusters * scatter, (clusters - 1) * n**2)
    single = (clusters == n) & single_trial
    wins = losses = effective = np.full(n_groups, np.nan)
    if rate:
        wins, losses = per_group(np.maximum(gap, 0)), per_group(np.maximum(-gap, 0))
        table = divide(np.maximum(divide(wins + losses, n) - difference**2, 0), n)
        rows = divide(np.maximum(divide(per_group(gap**2), n) - difference**2, 0), n)
        # Means over trials vary less than single answers: a pair is worth up to its trials.
        worth = np.clip(np.nan_to_num(divide(table, rows), nan=1.0), 1.0, _trials(gap))
        ceiling = n if single_trial else n * worth
        effective = np.where(
            single,
            n,
            effective_rows(table * ceiling / np.maximum(n, 1), variance, ceiling, clusters),
        )
        scale = np.nan_to_num(divide(effective, n))
        wins, losses = wins * scale, losses * scale
    blank = np.full(n_groups, np.nan)
    return Difference(
        difference=difference, low=blank, high=blank, p_value=blank, p_tost=blank,
        n_pairs=n.astype(int), n_clusters=clusters.astype(int),
        n_discordant=per_group(gap != 0).astype(int), sd_cluster=np.sqrt(variance * clusters),
        method=np.full(n_groups, "none", dtype=object), wins=wins, losses=losses,
        n_effective=effective, clusters_discordant=discordant,
        df=np.where(single & rate, np.inf, clusters - 1), rate=np.full(n_groups, rate),
        span=np.full(n_groups, span),
    )  # fmt: skip


def _trials(gap: Array) -> float:
    """Return how many trials a value seems to be the mean of: one over the smallest difference."""
    steps = np.abs(gap[gap != 0])
    return 1.0 if steps.size == 0 else max(1.0, 1.0 / float(steps.min()))


def _test(
    found: Difference,
    sums: Array,
    owner: Array,
    mcnemar_allowed: bool,
    rng: np.random.Generator,
    draws: int,
) -> tuple[Array, Array]:
    p_value = np.full(len(found.n_pairs), np.nan)
    method = np.full(len(found.n_pairs), "none", dtype=object)
    single = (found.n_clusters == found.n_pairs) & (found.n_pairs > 0) & mcnemar_allowed
    if single.any():
        p_value[single] = mcnemar_exact(found.wins[single], found.losses[single])
        method[single] = "McNemar, exact"
    ends = np.concatenate([[0], np.cumsum(found.n_clusters)])
    for one in np.flatnonzero((found.n_pairs > 0) & ~single):
        p_value[one], method[one] = signflip_p(
            sums[ends[one] : ends[one + 1]], rng=rng, draws=draws
        )
    return p_value, method


def _finish(found: Difference, level: float, margin: float | None) -> Difference:
    if margin is not None and not margin > 0:
        raise ParamError(f"A margin must be above 0; got {margin!r}. Leave it out for no margin.")
    low, high = found.interval(level)
    done = replace(found, low=low, high=high)
    return done if margin is None else replace(done, p_tost=tost_p(done, margin))

"""A family of differences, from which intervals at any level can be made."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array
from stresslab.stats import tango
from stresslab.stats.intervals import t_quantile, unseen_share


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


def quantile_of(level: ArrayLike, df: Array) -> Array:
    """Return the two-sided quantile: t on `df`, normal where `df` is infinite."""
    from scipy.special import ndtri

    normal = ndtri(0.5 + np.asarray(level, float) / 2)
    finite = np.where(np.isfinite(df), df, 1.0)
    return np.where(np.isinf(df), normal, t_quantile(level, finite))

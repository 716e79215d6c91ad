"""Areas under the ROC curves of several scores at once, where rows of a cluster belong together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array, check_level, check_rows_match
from stresslab.errors import ShapeError

FEWEST = 10
"""Clusters with positives, or with negatives, below which no interval is given."""


@dataclass(frozen=True, eq=False)
class ClusteredAucs:
    """Areas of `k` scores on the same rows, and how they vary together.

    Parameters
    ----------
    values : ndarray of shape (k,)
        Chance that a positive scores above a negative, ties half; NaN without one of either.
    covariance : ndarray of shape (k, k)
        Of the values; NaN with too few clusters.
    n_positive, n_negative, n_clusters : int
        Rows of each class and clusters of both together.
    """

    values: Array
    covariance: Array
    n_positive: int
    n_negative: int
    n_clusters: int

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Return both ends for every score, symmetric on the logit scale; NaN where unknown."""
        from scipy.special import expit, logit

        error = np.sqrt(np.diag(self.covariance))
        inside = (self.values > 0) & (self.values < 1) & (error > 0)
        middle = np.where(inside, self.values, 0.5)
        half = np.where(inside, self._quantile(level) * error / (middle * (1 - middle)), np.nan)
        return expit(logit(middle) - half), expit(logit(middle) + half)

    def differences(self, a: ArrayLike, b: ArrayLike) -> tuple[Array, Array, Array]:
        """Return values, standard errors and p values of ``values[a] - values[b]``.

        Scores that order the rows alike differ by 0 with p 1.
        """
        from scipy.stats import t

        first, second = np.asarray(a, int), np.asarray(b, int)
        gap = self.values[first] - self.values[second]
        own = np.diag(self.covariance)
        variance = own[first] + own[second] - 2 * self.covariance[first, second]
        error = np.sqrt(np.maximum(variance, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            p_value = 2 * t.sf(np.abs(gap) / error, max(self.n_clusters - 1, 1))
        alike = (gap == 0) & (error == 0)
        return gap, error, np.where(alike, 1.0, p_value)

    def _quantile(self, level: float) -> float:
        from scipy.stats import t

        check_level(level)
        return float(t.ppf(0.5 + level / 2, max(self.n_clusters - 1, 1)))


def clustered_aucs(truth: ArrayLike, scores: ArrayLike, clusters: ArrayLike) -> ClusteredAucs:
    """Return the areas of several scores, with a covariance that knows of clusters.

    Every positive pulls on an area by (its place among the negatives - the area) / n_positive, and
    every negative likewise; pulls are added within clusters, over both classes, and their products
    over clusters are the covariance. With one row per cluster it is DeLong's.

    Parameters
    ----------
    truth : array_like of shape (n,)
        1 for positives, 0 for negatives.
    scores : array_like of shape (n, k)
        One column per score; larger is held more likely positive.
    clusters : array_like of int, shape (n,)
        Cluster of each row; a cluster may hold positives and negatives.

    Raises
    ------
    ShapeError
        If shapes disagree or a truth is neither 0 nor 1.

    References
    ----------
    Obuchowski (1997), Nonparametric analysis of clustered ROC curve data.
    """
    told, table = np.asarray(truth, float), np.asarray(scores, float)
    if table.ndim != 2:
        raise ShapeError(f"Scores have one column each, shape (n, k); got {table.shape}.")
    if not np.isin(told, (0.0, 1.0)).all():
        raise ShapeError("Truth must be 0 or 1. Name the positive class.")
    k = table.shape[1]
    unknown = np.full((k, k), np.nan)
    if not len(told):
        return ClusteredAucs(np.full(k, np.nan), unknown, 0, 0, 0)
    check_rows_match(told, table, np.asarray(clusters))
    codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
    n_clusters = int(codes.max()) + 1
    up = told == 1
    m, n = int(up.sum()), int((~up).sum())
    if not m or not n:
        return ClusteredAucs(np.full(k, np.nan), unknown, m, n, n_clusters)
    places = _places(table, up)
    values = places[up].mean(axis=0)
    pulls = (places - values) / np.where(up, m, n)[:, None]
    if min(len(np.unique(codes[up])), len(np.unique(codes[~up]))) < FEWEST:
        return ClusteredAucs(values, unknown, m, n, n_clusters)
    added = np.stack([np.bincount(codes, column, n_clusters) for column in pulls.T], axis=1)
    covariance = added.T @ added * n_clusters / (n_clusters - 1)
    return ClusteredAucs(values, covariance, m, n, n_clusters)


def _places(table: Array, up: Array) -> Array:
    """Return, per positive, the share of negatives below it; per negative, of positives above."""
    from scipy.stats import rankdata

    m, n = int(up.sum()), int((~up).sum())
    found = np.empty(table.shape)
    for column, score in enumerate(table.T):
        ranks = rankdata(score)
        found[up, column] = (ranks[up] - rankdata(score[up])) / n
        found[~up, column] = 1 - (ranks[~up] - rankdata(score[~up])) / m
    return found

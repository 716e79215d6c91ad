"""Totals of resampled clusters: many sums at once, stratum by stratum."""

import numpy as np

from stresslab.checks import Array, check_rows_match
from stresslab.errors import TooFewRowsError

DRAWN_UP_TO = 8_000_000
"""Clusters times resamples up to which clusters are drawn one by one."""

BLOCK = 4_000_000
"""Counts held in memory at once (32 MB)."""


def resampled_totals(
    sums: Array, stratum: Array, *, rng: np.random.Generator, resamples: int = 2000
) -> Array:
    """Return the totals of `sums` over clusters drawn with replacement within their strata.

    Beyond `DRAWN_UP_TO` draws the totals come from the normal distribution with the mean and the
    covariance the bootstrap has exactly: the sum of so many clusters is as good as normal, and one
    matrix of covariances stands for all of them.

    Parameters
    ----------
    sums : ndarray of shape (n_clusters, n_sums)
        What each cluster adds to each sum.
    stratum : ndarray of int, shape (n_clusters,)
        Every resample holds as many clusters of a stratum as there are.
    rng : numpy.random.Generator
        Source of the draws.
    resamples : int
        Number of resamples.

    Returns
    -------
    ndarray of shape (resamples, n_sums)

    Raises
    ------
    TooFewRowsError
        If there is no cluster.
    """
    sums = np.asarray(sums, float)
    if len(sums) == 0:
        raise TooFewRowsError("A bootstrap needs at least one cluster; got none. Widen the slice.")
    check_rows_match(sums, stratum)
    codes = np.unique(stratum, return_inverse=True)[1]
    sizes = np.bincount(codes)
    if len(sums) * resamples > DRAWN_UP_TO:
        return _normal(sums, codes, sizes, rng, resamples)
    if len(sizes) > 1:
        sums = sums[np.argsort(codes, kind="stable")]
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    widths = np.repeat(sizes, sizes)
    at_once = max(1, BLOCK // len(sums))
    parts = []
    for first in range(0, resamples, at_once):
        many = min(at_once, resamples - first)
        picks = starts + (rng.random((many, len(sums))) * widths).astype(np.int64)
        picks += np.arange(many)[:, None] * len(sums)
        counts = np.bincount(picks.ravel(), minlength=many * len(sums))
        parts.append(counts.reshape(many, len(sums)).astype(float) @ sums)
    return np.concatenate(parts)


def _normal(
    sums: Array, codes: Array, sizes: Array, rng: np.random.Generator, resamples: int
) -> Array:
    by_stratum = [np.bincount(codes, weights=one, minlength=len(sizes)) for one in sums.T]
    middle = np.stack(by_stratum, axis=1) / np.sqrt(sizes)[:, None]
    values, vectors = np.linalg.eigh(sums.T @ sums - middle.T @ middle)
    # What is left by rounding of a direction in which nothing varies is no variance.
    values = np.where(values > 1e-9 * max(float(values[-1]), 0.0), values, 0.0)
    spread = vectors * np.sqrt(values)
    found: Array = sums.sum(axis=0) + rng.standard_normal((resamples, len(values))) @ spread.T
    return found

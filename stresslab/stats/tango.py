"""Tango's score test and interval of a paired difference of rates."""

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array

STEPS = 60
"""Bisections of [-1, 1]: enough for the last bit of a float64."""


def score_statistic(wins: ArrayLike, losses: ArrayLike, n: ArrayLike, delta: ArrayLike) -> Array:
    """Return the score statistic of "the true difference is `delta`", standard normal if so.

    Parameters
    ----------
    wins, losses, n : array_like
        Pairs won by the first model, by the second, and all pairs; fractions are allowed.
    delta : array_like
        Difference in ``[-1, 1]``.

    Returns
    -------
    ndarray
        Falls as `delta` rises.

    References
    ----------
    Tango (1998), Equivalence test and confidence interval for the difference in proportions for
    the paired-sample design, eqs. 11-13.
    """
    wins, losses, n, delta = np.broadcast_arrays(
        *(np.asarray(one, float) for one in (wins, losses, n, delta))
    )
    linear = -wins - losses + (2 * n - wins + losses) * delta
    constant = -losses * delta * (1 - delta)
    root = np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0))
    with np.errstate(all="ignore"):
        # The two forms of a quadratic's root: the one without cancellation.
        share = np.where(linear > 0, -2 * constant / (root + linear), (root - linear) / (4 * n))
        variance = n * (2 * np.maximum(np.nan_to_num(share), 0) + delta * (1 - delta))
        gap = wins - losses - n * delta
        statistic = gap / np.sqrt(np.maximum(variance, 0))
    # At the ends of [-1, 1] the variance is 0: the data are either certain or impossible there.
    return np.where(np.abs(gap) <= 1e-12 * np.maximum(n, 1), 0.0, statistic)


def score_interval(
    wins: ArrayLike, losses: ArrayLike, n: ArrayLike, quantile: ArrayLike
) -> tuple[Array, Array]:
    """Return the differences whose score statistic lies within +- `quantile`.

    Parameters
    ----------
    wins, losses, n : array_like
        As in `score_statistic`.
    quantile : array_like
        Normal or t quantile; NaN gives NaN.

    Returns
    -------
    low, high : ndarray
        Within ``[-1, 1]``; NaN where `n` is not positive.
    """
    wins, losses, n, quantile = np.broadcast_arrays(
        *(np.asarray(one, float) for one in (wins, losses, n, quantile))
    )
    defined = (n > 0) & np.isfinite(quantile)
    safe = np.where(defined, n, 1.0)
    wins, losses = np.where(defined, wins, 0.0), np.where(defined, losses, 0.0)
    target = np.where(defined, quantile, 1.0)
    both = (np.stack(one) for one in ((wins, losses), (losses, wins), (safe,) * 2, (target,) * 2))
    high, low = _crossing(*both)
    low = -low
    return np.where(defined, low, np.nan), np.where(defined, high, np.nan)


def _crossing(wins: Array, losses: Array, n: Array, quantile: Array) -> Array:
    inside, outside = (wins - losses) / n, np.ones_like(n)
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        covered = score_statistic(wins, losses, n, middle) >= -quantile
        inside, outside = np.where(covered, middle, inside), np.where(covered, outside, middle)
    return inside

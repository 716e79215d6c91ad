"""Tango's score test and interval of a paired difference of rates."""

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array

STEPS = 100
"""Most steps of the search for a bound; about nine are taken."""

CLOSE = 1e-15
"""Width of a bracket that is not narrowed further."""


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
    gap, variance = _score(wins, losses, n, delta)
    with np.errstate(all="ignore"):
        statistic = gap / np.sqrt(variance)
    # At the ends of [-1, 1] the variance is 0: the data are either certain or impossible there.
    return np.where(np.abs(gap) <= 1e-12 * np.maximum(n, 1), 0.0, statistic)


def _score(wins: Array, losses: Array, n: Array, delta: Array) -> tuple[Array, Array]:
    """Return the score of "the true difference is `delta`", and its variance if so."""
    linear = -wins - losses + (2 * n - wins + losses) * delta
    constant = -losses * delta * (1 - delta)
    root = np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0))
    with np.errstate(all="ignore"):
        # The two forms of a quadratic's root: the one without cancellation.
        share = np.where(linear > 0, -2 * constant / (root + linear), (root - linear) / (4 * n))
        variance = n * (2 * np.maximum(np.nan_to_num(share), 0) + delta * (1 - delta))
    gap: Array = wins - losses - n * delta
    return gap, np.maximum(variance, 0)


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
    """Return the largest difference that is not rejected, by Chandrupatla's (1997) search."""

    def room(delta: Array) -> Array:
        # The sign of statistic + quantile, without its poles at the ends of [-1, 1].
        gap, variance = _score(wins, losses, n, delta)
        gap = np.where(np.abs(gap) <= 1e-12 * np.maximum(n, 1), 0.0, gap)
        above: Array = (gap + quantile * np.sqrt(variance)) / n
        return above

    newer, older = np.ones_like(n), (wins - losses) / n
    at_newer, at_older = room(newer), room(older)
    third, at_third = older, at_older
    share = np.full_like(n, 0.5)
    for _ in range(STEPS):
        found = newer + share * (older - newer)
        at_found = room(found)
        same = np.sign(at_found) == np.sign(at_newer)
        third, at_third = np.where(same, newer, older), np.where(same, at_newer, at_older)
        older, at_older = np.where(same, older, newer), np.where(same, at_older, at_newer)
        newer, at_newer = found, at_found
        width = np.abs(older - newer)
        if ((width <= CLOSE) | (at_newer == 0)).all():
            break
        share = _next_share((newer, older, third), (at_newer, at_older, at_third))
        # A step is at least as wide as what is left to be told apart.
        least = np.clip(0.5 * CLOSE / np.maximum(width, CLOSE), 0, 0.5)
        share = np.clip(share, least, 1 - least)
    best: Array = np.where(np.abs(at_newer) <= np.abs(at_older), newer, older)
    return best


def _next_share(points: tuple[Array, ...], heights: tuple[Array, ...]) -> Array:
    """Return where to look next, as a share of the bracket: interpolated where that is safe."""
    (a, b, c), (fa, fb, fc) = points, heights
    with np.errstate(all="ignore"):
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        curved = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (
            fc - fb
        )
        safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi) & np.isfinite(curved)
    return np.where(safe, curved, 0.5)

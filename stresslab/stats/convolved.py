"""The bootstrap of a ratio of sums without drawing: resamples are sums of independent clusters."""

from collections.abc import Callable

import numpy as np

from stresslab.checks import Array

FEWEST = 50
"""Clusters below which resamples are drawn: so few sums are no smooth distribution."""

REACH = 20.0
"""Width of the window a sum is followed in, in standard deviations."""

MOST = 256
"""Frequencies; a distribution that needs more than these has lumps, and is drawn."""

SMALL = 1e-10


def percentiles(numerator: Array, denominator: Array, shares: tuple[float, ...]) -> Array | None:
    """Return percentiles of the bootstrap distribution of a ratio of sums over clusters.

    A resample of G clusters lies below r when a sum of G independent draws of ``numerator - r *
    denominator`` is below 0. The characteristic function of one draw, to the power of G, is that
    of the sum; a Fourier series turns it into the chance, and r is where the chance is the share.
    It is what infinitely many resamples tend to.

    Parameters
    ----------
    numerator, denominator : ndarray of shape (n_clusters,)
        What each cluster adds to the two sums; denominators are positive.
    shares : tuple of float
        Shares below, in (0, 1).

    Returns
    -------
    ndarray of shape (n_shares,), or None where the distribution is not smooth enough for it.

    References
    ----------
    Hall (1992), The bootstrap and Edgeworth expansion, section 1.3; Davies (1973), Numerical
    inversion of a characteristic function.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    n = len(numerator)
    if n < FEWEST or not (denominator > 0).all():
        return None
    middle = float(numerator.sum() / denominator.sum())
    error = _spread(numerator - middle * denominator) * np.sqrt(n) / float(denominator.sum())
    if not error > 0:
        return np.full(len(shares), middle)
    try:
        below = _chance(numerator, denominator, middle)
        found = []
        for share in shares:
            low = high = middle + float(ndtri(share)) * error
            while below(low) > share and low > middle - REACH * error / 2:
                low -= error
            while below(high) < share and high < middle + REACH * error / 2:
                high += error
            found.append(brentq(lambda r, s=share: below(r) - s, low, high, xtol=1e-7 * error))
    except _Lumps:
        return None
    return np.array(found)


def _chance(numerator: Array, denominator: Array, middle: float) -> Callable[[float], float]:
    """Return the chance that a resample lies below a ratio, as a function of it."""
    n = len(numerator)
    if float(np.ptp(denominator)) == 0:  # another ratio moves every cluster alike
        series, total = _Series(numerator - middle * denominator, n), float(denominator.sum())
        return lambda ratio: series.below((ratio - middle) * total)

    def below(ratio: float) -> float:
        gaps = numerator - ratio * denominator
        return _Series(gaps, n).below(-float(gaps.sum()))

    return below


class _Lumps(Exception):
    """A sum that cannot be followed with so few frequencies."""


class _Series:
    """The distribution of the sum of `n` draws from centred values, as a Fourier series."""

    def __init__(self, values: Array, n: int) -> None:
        centred = values - values.mean()
        self.period = REACH * _spread(centred) * np.sqrt(n)
        turn = np.exp(2j * np.pi / self.period * centred)
        power = turn.copy()
        terms = []
        for _ in range(MOST):
            term = complex(power.mean()) ** n
            terms.append(term)
            if abs(term) < SMALL:
                break
            power *= turn
        else:
            raise _Lumps
        order = np.arange(1, len(terms) + 1)
        self.frequency = 2 * np.pi / self.period * order
        self.terms = np.array(terms) * 2j / (self.period * self.frequency)
        self.ends = (-1.0) ** order

    def below(self, place: float) -> float:
        """Return the chance that the centred sum is at most `place`."""
        half = self.period / 2
        if abs(place) >= half:
            return float(place > 0)
        waves = np.exp(-1j * self.frequency * place) - self.ends
        return 0.5 + place / float(self.period) + float((self.terms * waves).real.sum())


def _spread(values: Array) -> float:
    return float(values.std())

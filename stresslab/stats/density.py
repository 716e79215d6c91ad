"""How densely values lie along a line, by kernels that respect the ends."""

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array
from stresslab.errors import ParamError, TooFewRowsError

SMALLEST = 1e-3
"""Least width of a kernel, in parts of the range drawn: equal values are a narrow hill."""


def density(
    values: ArrayLike, at: ArrayLike, *, bounds: tuple[float | None, float | None] = (None, None)
) -> Array:
    """Return the density of values at some places; over all of the line it adds up to 1.

    Gaussian kernels of Silverman's width; what would fall beyond a bound is reflected at it.

    Parameters
    ----------
    values : array_like of shape (n,)
        Numbers within `bounds`.
    at : array_like of shape (m,)
        Places, rising, within `bounds`.
    bounds : tuple of (float or None)
        Ends that values cannot pass; None where there is none.

    Raises
    ------
    ParamError
        If a value is not finite, or beyond a bound.
    TooFewRowsError
        If there are no values.

    References
    ----------
    Silverman (1986), Density estimation for statistics and data analysis, eq. 3.31 and
    section 2.10.
    """
    seen, places = np.asarray(values, float), np.asarray(at, float)
    low, high = (one if one is not None else np.nan for one in bounds)
    if not len(seen):
        raise TooFewRowsError("A density needs at least one value; there are none.")
    if not np.isfinite(seen).all() or (seen < low).any() or (seen > high).any():
        raise ParamError(
            f"A density is of finite values within {bounds}; got {seen.min()} to {seen.max()}."
        )
    spread = min(seen.std(), float(np.subtract(*np.percentile(seen, [75, 25]))) / 1.34)
    spread = spread or seen.std()  # more than half are equal: their quartiles do not differ
    width = max(0.9 * spread * len(seen) ** -0.2, SMALLEST * float(np.ptp(places)), 1e-12)
    found = _hills(seen, places, width)
    for end in (low, high):
        if np.isfinite(end):
            found = found + _hills(2 * end - seen, places, width)
    return found


def _hills(seen: Array, places: Array, width: float) -> Array:
    """Return the mean of kernels around `seen`; len(seen) x len(places) floats."""
    gaps = (places[:, None] - seen) / width
    found: Array = np.exp(-0.5 * gaps**2).mean(axis=1) / (width * np.sqrt(2 * np.pi))
    return found

"""The quotient of two independent values from their intervals."""

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array


def ratio_interval(
    value: ArrayLike, low: ArrayLike, high: ArrayLike, by: ArrayLike, by_low: ArrayLike,
    by_high: ArrayLike,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return ``value / by`` and its interval, from the intervals of either.

    Parameters
    ----------
    value, low, high : array_like
        The value above the line and its interval, not negative.
    by, by_low, by_high : array_like
        The value below it. The quotient is unknown where it is not positive, and has no upper end
        where its interval reaches 0.

    References
    ----------
    Donner and Zou (2012), Closed-form confidence intervals for functions of the normal mean and
    standard deviation; the method of variance estimates recovery.
    """
    a, a_low, a_high, b, b_low, b_high = (
        np.asarray(one, float) for one in (value, low, high, by, by_low, by_high)
    )
    fine = (b > 0) & (a >= 0)
    with np.errstate(all="ignore"):
        product = a * b
        below = np.maximum(product**2 - a_low * b_high * (2 * a - a_low) * (2 * b - b_high), 0)
        above = np.maximum(product**2 - a_high * b_low * (2 * a - a_high) * (2 * b - b_low), 0)
        # the root of a quadratic that stays defined where its leading term is 0
        start = a_low * (2 * a - a_low) / (product + np.sqrt(below))
        stop = (product + np.sqrt(above)) / (b_low * (2 * b - b_low))
        quotient = a / b
    start = np.where(a_low <= 0, 0.0, start)
    stop = np.where(b_low > 0, stop, np.nan)
    return (
        np.where(fine, quotient, np.nan),
        np.where(fine, np.minimum(start, quotient), np.nan),
        np.where(fine, np.maximum(stop, quotient), np.nan),
    )

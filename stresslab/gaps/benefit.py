"""What extra data of another kind are worth as one's own data grow."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array
from stresslab.errors import ParamError, ShapeError

FEWEST = 2
"""Sizes below which there is no slope."""


def crossover(n: ArrayLike, benefit: ArrayLike) -> float:
    """Return the size at which the benefit first changes its sign, interpolated in log size.

    Parameters
    ----------
    n : array_like of shape (n_sizes,)
        Sizes, increasing and positive.
    benefit : array_like of shape (n_sizes,)
        Benefit at each; NaN is unknown and skipped.

    Returns
    -------
    float
        NaN where the sign never changes; a benefit of exactly 0 is a change at its size.

    Raises
    ------
    ParamError
        If a size is not positive or sizes do not increase.
    """
    sizes, values = _checked(n, benefit)
    for place in range(len(values) - 1):
        here, there = values[place], values[place + 1]
        if here == 0 and place:
            return float(sizes[place])
        if here * there < 0:
            part = here / (here - there)
            low, high = np.log(sizes[place]), np.log(sizes[place + 1])
            return float(np.exp(low + part * (high - low)))
    return float("nan")


def log_slope(n: ArrayLike, benefit: ArrayLike) -> float:
    """Return the slope of ln benefit on ln size; NaN unless every benefit is positive."""
    sizes, values = _checked(n, benefit)
    if len(values) < FEWEST or (values <= 0).any():
        return float("nan")
    return _slope(np.log(sizes), np.log(values))


def data_equivalence(n: ArrayLike, alone: ArrayLike, with_more: float) -> float:
    """Return how many of one's own data alone reach what they reach with the extra data.

    Parameters
    ----------
    n : array_like of shape (n_sizes,)
        Sizes, increasing and positive.
    alone : array_like of shape (n_sizes,)
        Value of own data alone at each size.
    with_more : float
        Value to reach.

    Returns
    -------
    float
        Smallest size at which the curve, interpolated in log size, is there; the first size where
        it starts there; inf where it is never reached.
    """
    sizes, values = _checked(n, alone)
    if not len(values) or not np.isfinite(with_more):
        return float("nan")
    if values[0] >= with_more:
        return float(sizes[0])
    for place in range(len(values) - 1):
        here, there = values[place], values[place + 1]
        if here < with_more <= there:
            part = (with_more - here) / (there - here)
            low, high = np.log(sizes[place]), np.log(sizes[place + 1])
            return float(np.exp(low + part * (high - low)))
    return float("inf")


def interaction(
    n: ArrayLike, broad: ArrayLike, benefit: ArrayLike, task: Sequence[object],
    *, draws: int, rng: np.random.Generator, level: float = 0.95,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return the coefficients of benefit on 1, log n, broad and log n x broad, with intervals.

    Parameters
    ----------
    n, broad, benefit : array_like of shape (n_points,)
        Size, whether the task is broad, and benefit.
    task : sequence of shape (n_points,)
        Task of each point; tasks are drawn again as a whole.
    draws : int
        Bootstrap draws; draws in which a coefficient is not determined are left out.
    rng : numpy.random.Generator
        Source of the draws.
    level : float
        Level of the percentile intervals.

    Returns
    -------
    tuple of ndarray of shape (4,)
        Coefficients, low and high ends.
    """
    sizes = np.asarray(n, float)
    design = np.column_stack(
        [np.ones(len(sizes)), np.log(sizes), np.asarray(broad, float),
         np.log(sizes) * np.asarray(broad, float)]
    )  # fmt: skip
    values = np.asarray(benefit, float)
    names, code = np.unique(np.asarray([str(one) for one in task]), return_inverse=True)
    rows = [np.flatnonzero(code == one) for one in range(len(names))]
    drawn = []
    for _ in range(draws):
        chosen = np.concatenate([rows[one] for one in rng.integers(len(rows), size=len(rows))])
        if np.linalg.matrix_rank(design[chosen]) == design.shape[1]:
            drawn.append(np.linalg.lstsq(design[chosen], values[chosen], rcond=None)[0])
    found = np.linalg.lstsq(design, values, rcond=None)[0]
    if not drawn:
        nothing = np.full(design.shape[1], np.nan)
        return found, nothing, nothing
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return found, low, high


def _checked(n: ArrayLike, values: ArrayLike) -> tuple[Array, Array]:
    sizes, found = np.asarray(n, float), np.asarray(values, float)
    if sizes.shape != found.shape or sizes.ndim != 1:
        raise ShapeError(f"One value per size is needed; got {sizes.shape} and {found.shape}.")
    if (sizes <= 0).any() or (np.diff(sizes) <= 0).any():
        raise ParamError(f"Sizes must be positive and increase; got {sizes.tolist()}.")
    known = np.isfinite(found)
    return sizes[known], found[known]


def _slope(x: Array, y: Array) -> float:
    centred = x - x.mean()
    return float(centred @ y / (centred @ centred))

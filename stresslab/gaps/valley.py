"""Generalisation valley: at which complexity the gap between familiar and unfamiliar is widest."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_level, check_rows_match
from stresslab.errors import ParamError

FLAT = 0.02
"""A widest gap below it is no valley."""


@dataclass(frozen=True)
class Valley:
    """The gap over complexity.

    Parameters
    ----------
    gap : ndarray of shape (n_levels,)
        ``max(0, inside - outside)``.
    relative : ndarray of shape (n_levels,)
        Gap as a share of the value inside; NaN where that is 0.
    score : ndarray of shape (n_levels,)
        ``outside - gap``, in [-1, 1].
    critical : float
        Level of the widest gap, the lowest one if several tie; NaN without levels.
    widest : float
        That gap.
    vertex : float
        Peak of the parabola through the levels around `critical`; NaN at an end or where the three
        do not bend down.
    flat : bool
        Whether the widest gap is below `FLAT`.
    """

    gap: Array
    relative: Array
    score: Array
    critical: float
    widest: float
    vertex: float
    flat: bool


def valley(inside: Array, outside: Array, levels: Array | None = None) -> Valley:
    """Return where the gap between shares inside and outside is widest.

    Parameters
    ----------
    inside, outside : ndarray of shape (n_levels,)
        Shares right at each level; a level where either is NaN is passed over.
    levels : ndarray of shape (n_levels,), optional
        The levels, rising; default 1, 2, 3 ...

    Raises
    ------
    ParamError
        If a share lies outside [0, 1].

    References
    ----------
    Qi et al. (2024), Quantifying generalization complexity for large language models.
    """
    inside, outside = np.asarray(inside, float), np.asarray(outside, float)
    places = np.arange(1.0, len(inside) + 1) if levels is None else np.asarray(levels, float)
    if len(inside):
        check_rows_match(inside, outside, places)
    for share in (inside, outside):
        wrong = share[(share < 0) | (share > 1)]
        if wrong.size:
            raise ParamError(f"A share right must lie in [0, 1]; got {wrong[0]:g}.")
    gap = np.maximum(inside - outside, 0)
    relative = np.divide(gap, inside, out=np.full_like(gap, np.nan), where=inside > 0)
    critical, widest, vertex = peak(gap, places)
    flat = bool(widest < FLAT)
    return Valley(gap, relative, outside - gap, critical, widest, vertex, flat)


def peak(gap: Array, levels: Array) -> tuple[float, float, float]:
    """Return the level of the largest gap, that gap, and the vertex of the parabola around it."""
    known = np.isfinite(gap)
    gap, levels = gap[known], levels[known]
    if not len(gap):
        return np.nan, np.nan, np.nan
    top = int(np.argmax(gap))  # the first of several
    vertex = np.nan
    if 0 < top < len(gap) - 1:
        vertex = _vertex(levels[top - 1 : top + 2], gap[top - 1 : top + 2])
    return float(levels[top]), float(gap[top]), vertex


def critical_interval(
    gap: Array, se: Array, levels: Array, *, rng: np.random.Generator, level: float = 0.95,
    draws: int = 2000,
) -> tuple[float, float, float]:  # fmt: skip
    """Return the interval of the critical level, and how often the gap is flat.

    A parametric bootstrap: gaps are drawn around the signed estimates with their standard errors,
    each level on its own. Where levels hold the same items that makes the interval wider than it
    need be.

    Parameters
    ----------
    gap, se : ndarray of shape (n_levels,)
        Inside minus outside, not cut at 0, and its standard error.
    levels : ndarray of shape (n_levels,)
        The levels, rising.
    rng : numpy.random.Generator
        Source of the draws.
    level : float
        Level of the interval.
    draws : int
        Number of draws.

    Returns
    -------
    low, high : float
        Percentiles of the critical level over the draws that are not flat; NaN if all are.
    flat : float
        Share of draws without a gap of at least `FLAT`.
    """
    check_level(level)
    known = np.isfinite(gap) & np.isfinite(se)
    if not known.any():
        return np.nan, np.nan, np.nan
    middle, spread, places = gap[known], se[known], np.asarray(levels, float)[known]
    drawn = np.maximum(middle + spread * rng.standard_normal((draws, len(middle))), 0)
    widest = drawn.max(axis=1)
    seen = places[drawn.argmax(axis=1)][widest >= FLAT]
    flat = float((widest < FLAT).mean())
    if not len(seen):
        return np.nan, np.nan, flat
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(seen, ends, method="inverted_cdf")
    return float(low), float(high), flat


def widest_interval(gap: Array, se: Array, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of the widest true gap of shares, which knows that it was picked.

    All levels hold together (Bonferroni): the widest lies between the largest low and high ends.

    Parameters
    ----------
    gap, se : ndarray of shape (n_levels,)
        Inside minus outside, not cut at 0, and its standard error.
    level : float
        Level of the interval.
    """
    from scipy.special import ndtri

    check_level(level)
    wide = ndtri(1 - (1 - level) / 2 / len(gap)) * se
    return max(float((gap - wide).max()), 0.0), min(float((gap + wide).max()), 1.0)


def _vertex(levels: Array, gap: Array) -> float:
    (x0, x1, x2), (y0, y1, y2) = levels, gap
    left, right = (y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1)
    bend = (right - left) / (x2 - x0)
    if bend >= -1e-12:
        return float("nan")
    return float((x0 + x1) / 2 - left / (2 * bend))


def memory_normalised(accuracy: float, probabilities: Array, *, share: float = 0.2) -> float:
    """Return a share right over how well its inputs seem to be remembered.

    Parameters
    ----------
    accuracy : float
        Share right.
    probabilities : ndarray of shape (n_tokens,)
        Probability that the model gave to each token of the inputs; NaN is left out.
    share : float
        Part of the tokens, the least probable ones, whose geometric mean stands for memory; at
        least one token.

    Returns
    -------
    float
        NaN without a token, or where one of these has probability 0.

    Raises
    ------
    ParamError
        If a probability lies outside [0, 1].
    """
    known = np.sort(np.asarray(probabilities, float))
    known = known[np.isfinite(known)]
    if known.size and not 0 <= known[0] <= known[-1] <= 1:
        raise ParamError(f"A probability must lie in [0, 1]; got {known[0]:g} to {known[-1]:g}.")
    least = known[: max(1, round(share * known.size))]
    if not least.size or least[0] == 0:
        return float("nan")
    return float(accuracy / np.exp(np.log(least).mean()))

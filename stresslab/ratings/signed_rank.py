"""Which algorithm beats which, case by case: one-sided signed-rank tests and the score of wins."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from stresslab.checks import Array, check_level
from stresslab.errors import ShapeError

FEW = 5
"""Below so many differences other than 0 the normal approximation says little."""

DECIMALS = 6
"""Differences are rounded to so many decimals, so that equal scores tie whatever made them."""


@dataclass(frozen=True)
class SignedRank:
    """One-sided paired tests that the first score is the larger one.

    Parameters
    ----------
    w_plus : float
        Sum of the mid-ranks of the differences above 0.
    p_value : float
        Of "not larger"; 1 where all differences are 0.
    n : int
        Differences other than 0.
    """

    w_plus: float
    p_value: float
    n: int

    @property
    def too_few(self) -> bool:
        """Return whether the p value rests on fewer than five differences."""
        return self.n < FEW


def signed_rank(a: Array, b: Array) -> SignedRank:
    """Return Wilcoxon's signed-rank test that `a` is larger than `b`, one-sided.

    Zeros are dropped, ties share the middle rank, and the normal approximation carries the
    correction for ties and for continuity:
    ``z = (W+ - n(n+1)/4 - .5) / sqrt(n(n+1)(2n+1)/24 - sum(t^3 - t)/48)``.

    Parameters
    ----------
    a, b : ndarray of shape (n_cases,)
        Scores on the same cases, larger is better; a case unknown to either is left out.

    Raises
    ------
    ShapeError
        If the shapes differ.

    References
    ----------
    Wilcoxon (1945), Individual comparisons by ranking methods.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape or a.ndim != 1:
        raise ShapeError(f"Scores pair case by case; got shapes {a.shape} and {b.shape}.")
    w_plus, p_value, _, n = _tested((a - b)[:, None])
    return SignedRank(float(w_plus[0]), float(p_value[0]), int(n[0]))


def win_p_values(scores: Array) -> Array:
    """Return the p value of "row beats column" for every ordered pair; the diagonal is 1.

    Parameters
    ----------
    scores : ndarray of shape (n_cases, n_algorithms)
        Larger is better; NaN is unknown.
    """
    scores = np.asarray(scores, float)
    i, j = np.triu_indices(scores.shape[1], 1)
    found = np.ones((scores.shape[1],) * 2)
    _, found[i, j], found[j, i], _ = _tested(scores[:, i] - scores[:, j])
    return found


def _tested(gap: Array) -> tuple[Array, Array, Array, Array]:
    """Return, per column of differences, W+, p of "above 0", p of "below 0", and how many differ.

    Parameters
    ----------
    gap : ndarray of shape (n_cases, n_pairs)
        NaN and 0 are left out.
    """
    gap = np.round(gap, DECIMALS)
    used = np.isfinite(gap) & (gap != 0)
    n = used.sum(axis=0).astype(float)
    size = np.where(used, np.abs(gap), np.inf)  # what is left out comes last
    order = np.argsort(size, axis=0, kind="stable")
    sizes, up = (np.take_along_axis(one, order, axis=0) for one in (size, gap > 0))
    first, last = _ties(sizes)
    rank = (first + last) / 2 + 1
    counted = np.isfinite(sizes)
    w_plus = np.where(counted & up, rank, 0).sum(axis=0)
    ties = np.where(counted, (last - first + 1.0) ** 2 - 1, 0).sum(axis=0)  # sum of t^3 - t
    middle, spread = n * (n + 1) / 4, np.sqrt(n * (n + 1) * (2 * n + 1) / 24 - ties / 48)
    apart = np.maximum(spread, np.finfo(float).tiny)
    above, below = (ndtr(-(w - middle - 0.5) / apart) for w in (w_plus, 2 * middle - w_plus))
    return w_plus, np.where(n > 0, above, 1.0), np.where(n > 0, below, 1.0), n


def _ties(ordered: Array) -> tuple[Array, Array]:
    """Return the first and the last place, down each column, of the values equal to each."""
    place = np.broadcast_to(np.arange(len(ordered))[:, None], ordered.shape)
    new = np.ones(ordered.shape, dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    first = np.maximum.accumulate(np.where(new, place, 0), axis=0)
    ends = np.ones(ordered.shape, dtype=bool)
    ends[:-1] = new[1:]
    last = np.minimum.accumulate(np.where(ends, place, len(ordered))[::-1], axis=0)[::-1]
    return first, last


def win_scores(p_values: Array, *, alpha: float = 0.05, holm: bool = False) -> Array:
    """Return how many others each algorithm beats: the significance score.

    Parameters
    ----------
    p_values : ndarray of shape (n_algorithms, n_algorithms)
        From `win_p_values`.
    alpha : float
        Largest p value of a win.
    holm : bool
        Whether the k (k - 1) tests are one family, corrected by Holm.

    References
    ----------
    Wiesenfarth et al. (2021), Methods and open-source toolkit for analyzing and visualizing
    challenge results.
    """
    from stresslab.stats import correct

    check_level(1 - alpha)
    p_values = np.asarray(p_values, float)
    others = ~np.eye(len(p_values), dtype=bool)
    adjusted = p_values.copy()
    if holm and others.any():
        adjusted[others] = correct.holm(p_values[others])
    wins: Array = ((adjusted <= alpha) & others).sum(axis=1)
    return wins

"""Which algorithm beats which, case by case: one-sided signed-rank tests and the score of wins."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata

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
    gap = np.round(a - b, DECIMALS)
    gap = gap[np.isfinite(gap) & (gap != 0)]
    n = len(gap)
    if n == 0:
        return SignedRank(0.0, 1.0, 0)
    ranks = rankdata(np.abs(gap))
    w_plus = float(ranks[gap > 0].sum())
    ties = np.unique(ranks, return_counts=True)[1].astype(float)
    spread = n * (n + 1) * (2 * n + 1) / 24 - float((ties**3 - ties).sum()) / 48
    z = (w_plus - n * (n + 1) / 4 - 0.5) / np.sqrt(spread)
    return SignedRank(w_plus, float(ndtr(-z)), n)


def win_p_values(scores: Array) -> Array:
    """Return the p value of "row beats column" for every ordered pair; the diagonal is 1.

    Parameters
    ----------
    scores : ndarray of shape (n_cases, n_algorithms)
        Larger is better; NaN is unknown.
    """
    scores = np.asarray(scores, float)
    k = scores.shape[1]
    found = np.ones((k, k))
    for a in range(k):
        for b in range(k):
            if a != b:
                found[a, b] = signed_rank(scores[:, a], scores[:, b]).p_value
    return found


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

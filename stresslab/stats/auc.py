"""Area under the ROC curve by ranks, with DeLong's variance, alone and paired."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array, check_level
from stresslab.errors import ShapeError

FEWEST = 10
"""Positives, or negatives, below which no interval is given."""


@dataclass(frozen=True)
class Auc:
    """Area under the ROC curve; NaN where undefined.

    Parameters
    ----------
    value, low, high : float
        Chance that a positive scores above a negative (ties count half), and its interval.
    error : float
        DeLong's standard error.
    n_positive, n_negative : int
        Rows of each class.
    """

    value: float
    low: float
    high: float
    error: float
    n_positive: int
    n_negative: int


def auc(truth: ArrayLike, score: ArrayLike, *, level: float = 0.95) -> Auc:
    """Return the area under the ROC curve.

    Parameters
    ----------
    truth : array_like of shape (n,)
        1 for positives, 0 for negatives.
    score : array_like of shape (n,)
        Larger for what is held more likely positive; any scale.
    level : float
        Level of the interval.

    Raises
    ------
    ShapeError
        If shapes disagree or a truth is neither 0 nor 1.

    Notes
    -----
    The interval is symmetric on the logit scale, which keeps it between 0 and 1; there is none
    with fewer than ten positives or negatives. An area of 0 or 1 has no variance either.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Comparing the areas under two or more correlated
    receiver operating characteristic curves.
    """
    from scipy.special import expit, logit, ndtri

    check_level(level)
    positive, negative = _places(truth, score)
    m, n = len(positive), len(negative)
    if not m or not n:
        return Auc(np.nan, np.nan, np.nan, np.nan, m, n)
    value = float(positive.mean())
    if min(m, n) < FEWEST:
        return Auc(value, np.nan, np.nan, np.nan, m, n)
    error = float(np.sqrt(positive.var(ddof=1) / m + negative.var(ddof=1) / n))
    if error == 0 or not 0 < value < 1:
        return Auc(value, np.nan, np.nan, error, m, n)
    half = float(ndtri(0.5 + level / 2)) * error / (value * (1 - value))
    low, high = (float(expit(logit(value) + side * half)) for side in (-1, 1))
    return Auc(value, low, high, error, m, n)


def auc_difference(
    truth: ArrayLike, a: ArrayLike, b: ArrayLike, *, level: float = 0.95
) -> tuple[float, float, float]:
    """Return AUC of `a` minus AUC of `b` on the same rows, with DeLong's paired interval.

    Returns
    -------
    tuple of float
        Difference, low, high; NaN ends with fewer than ten positives or negatives. Scores that
        order the rows alike have the difference 0 and the interval [0, 0].
    """
    from scipy.special import ndtri

    check_level(level)
    first, second = _places(truth, a), _places(truth, b)
    m, n = (len(part) for part in first)
    if not m or not n:
        return np.nan, np.nan, np.nan
    gaps = [one - other for one, other in zip(first, second, strict=True)]
    value = float(gaps[0].mean())
    if min(m, n) < FEWEST:
        return value, np.nan, np.nan
    error = float(np.sqrt(gaps[0].var(ddof=1) / m + gaps[1].var(ddof=1) / n))
    half = float(ndtri(0.5 + level / 2)) * error
    return value, value - half, value + half


def _places(truth: ArrayLike, score: ArrayLike) -> tuple[Array, Array]:
    """Return, per positive, the share of negatives below it; per negative, of positives above."""
    from scipy.stats import rankdata

    told, scores = np.asarray(truth, float), np.asarray(score, float)
    if told.shape != scores.shape or told.ndim != 1:
        raise ShapeError(f"One score per row is needed; got {told.shape} and {scores.shape}.")
    if not np.isin(told, (0.0, 1.0)).all():
        raise ShapeError("Truth must be 0 or 1. Name the positive class.")
    up, down = scores[told == 1], scores[told == 0]
    if not len(up) or not len(down):
        return np.zeros(len(up)), np.zeros(len(down))
    ranks = rankdata(np.concatenate([up, down]))
    m, n = len(up), len(down)
    return (ranks[:m] - rankdata(up)) / n, 1 - (ranks[m:] - rankdata(down)) / m

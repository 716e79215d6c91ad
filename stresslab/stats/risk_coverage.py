"""What is right among the rows that are kept when those of the largest scores are dropped."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array, check_rows_match
from stresslab.errors import ParamError


class RiskCoverage(NamedTuple):
    """Risks for each set of weights.

    Parameters
    ----------
    area : ndarray of shape (draws,)
        Mean risk over all coverages (AURC): smaller is better.
    kept : ndarray of shape (draws, n_shares)
        Share right among what is kept when each share is dropped.
    """

    area: Array
    kept: Array


def risk_coverage(
    right: ArrayLike, score: ArrayLike, weights: ArrayLike, *, dropped: ArrayLike
) -> RiskCoverage:
    """Return the share right among rows of small scores, for many sets of weights at once.

    Parameters
    ----------
    right : array_like of shape (n,)
        Whether each row is right, 0 to 1.
    score : array_like of shape (n,)
        Rows of the largest scores are dropped first; of equal ones each is dropped in part.
    weights : array_like of shape (draws, n)
        Weight of every row: ones, or how often a resample holds it.
    dropped : array_like of shape (n_shares,)
        Shares of the weight that are dropped, in [0, 1).

    Raises
    ------
    ParamError
        If a share does not lie in [0, 1).

    References
    ----------
    Geifman, Uziel and El-Yaniv (2019), Bias-reduced uncertainty estimation for deep neural
    classifiers (AURC).
    """
    shares = np.asarray(dropped, float)
    if not ((shares >= 0) & (shares < 1)).all():
        raise ParamError(f"Shares that are dropped lie in [0, 1); got {shares.tolist()}.")
    good, scores = np.asarray(right, float), np.asarray(score, float)
    heavy = np.asarray(weights)
    check_rows_match(good, scores, heavy.T)
    order = np.argsort(scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    sorted_ = heavy[:, order]
    mass = np.pad(np.cumsum(sorted_, axis=1, dtype=np.float64)[:, last], ((0, 0), (1, 0)))
    rights = sorted_ * good[order].astype(np.float32)
    gain = np.pad(np.cumsum(rights, axis=1, dtype=np.float64)[:, last], ((0, 0), (1, 0)))
    total = mass[:, -1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        risk = 1 - gain[:, 1:] / mass[:, 1:]
        area = (np.where(mass[:, 1:] > 0, risk, 0) * np.diff(mass, axis=1)).sum(axis=1)
        area /= total[:, 0]
    kept = np.empty((len(heavy), len(shares)))
    for row in range(len(heavy)):
        wanted = (1 - shares) * total[row]
        kept[row] = np.interp(wanted, mass[row], gain[row]) / wanted
    return RiskCoverage(area, kept)

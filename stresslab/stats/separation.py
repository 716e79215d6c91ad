"""How well a score tells positives from negatives beside the area: precision, and false alarms."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array, check_rows_match
from stresslab.errors import ParamError


class Separation(NamedTuple):
    """What a score reaches, for each set of weights; arrays of shape (draws,).

    Parameters
    ----------
    average_precision : ndarray
        Sum over thresholds of (recall gained) * precision, positives being flagged.
    missed : ndarray
        Share of positives that a threshold lets pass which lets `kept` of the negatives pass.
    """

    average_precision: Array
    missed: Array


def separation(
    truth: ArrayLike, score: ArrayLike, weights: ArrayLike, *, kept: float = 0.95
) -> Separation:
    """Return average precision and the share missed, for many sets of weights at once.

    Parameters
    ----------
    truth : array_like of shape (n,)
        1 for positives, the rows to be flagged (out of distribution), 0 for negatives.
    score : array_like of shape (n,)
        Larger for what is held more likely positive; equal scores are flagged together.
    weights : array_like of shape (draws, n)
        Weight of every row: ones, or how often a resample holds it.
    kept : float
        Share of the negatives that must pass. `missed` at 0.95 is known as FPR@95, where what is
        in distribution is called positive.

    Raises
    ------
    ParamError
        If `kept` does not lie in (0, 1].
    """
    if not 0 < kept <= 1:
        raise ParamError(f"kept lies in (0, 1]; got {kept!r}.")
    told, scores = np.asarray(truth, float), np.asarray(score, float)
    heavy = np.asarray(weights)
    check_rows_match(told, scores, heavy.T)
    order = np.argsort(-scores, kind="stable")  # what is flagged first stands first
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    mass = heavy[:, order]
    both = np.cumsum(mass, axis=1, dtype=np.float64)[:, last]
    mass *= told[order].astype(mass.dtype)
    flagged = np.cumsum(mass, axis=1, dtype=np.float64)[:, last]
    alarms = both - flagged
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = flagged / flagged[:, -1:]
        precision = flagged / both
        steps = np.diff(recall, axis=1, prepend=0.0)
        average = np.where(steps > 0, steps * precision, 0.0).sum(axis=1)
        false = alarms / alarms[:, -1:]
    known = (flagged[:, -1] > 0) & (alarms[:, -1] > 0)
    # the last threshold that still lets `kept` pass; flagging nothing always does
    places = (false <= 1 - kept + 1e-12).sum(axis=1)
    caught = np.take_along_axis(np.pad(recall, ((0, 0), (1, 0))), places[:, None], 1)[:, 0]
    return Separation(np.where(known, average, np.nan), np.where(known, 1 - caught, np.nan))


def roc_points(truth: ArrayLike, score: ArrayLike, *, most: int = 200) -> tuple[Array, Array]:
    """Return false and true positive rates of at most about `most` thresholds, from 0 to 1.

    Parameters
    ----------
    truth, score : array_like of shape (n,)
        As in `separation`; there must be one of either class.
    most : int
        Points kept, spread evenly over both rates.
    """
    told, scores = np.asarray(truth, float), np.asarray(score, float)
    check_rows_match(told, scores)
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    true = np.append(0.0, np.cumsum(told[order])[last] / told.sum())
    false = np.append(0.0, np.cumsum(1 - told[order])[last] / (1 - told).sum())
    walked = (true + false) / 2
    kept = np.unique(np.searchsorted(walked, np.linspace(0, 1, most)).clip(0, len(walked) - 1))
    kept = np.union1d([0, len(walked) - 1], kept)
    return false[kept], true[kept]

"""Whether a split lets a model meet the same person, or the same row, twice."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array
from stresslab.errors import ParamError, ShapeError

NEAR = 1e-3
"""Standardised distance below which two rows are near duplicates."""


def folds(
    group: ArrayLike, n_folds: int, *, by_group: bool, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Yield train and test rows of a random split into folds.

    Parameters
    ----------
    group : array_like of shape (n_rows,)
        Participant of each row.
    n_folds : int
        Number of folds.
    by_group : bool
        Whether all rows of a participant fall into one fold; else rows are dealt one by one.
    rng : numpy.random.Generator
        Source of the deal.

    Raises
    ------
    ParamError
        If there are fewer participants (or rows) than folds.
    ShapeError
        If a participant is not known: a split by participant would be a guess.
    """
    names = np.asarray(group)
    if by_group and any(one is None or one != one for one in names.tolist()):
        raise ShapeError(
            "A split by participant needs the participant of every row. Fill the column."
        )
    code = np.unique(names, return_inverse=True)[1] if by_group else np.arange(len(names))
    n = int(code.max()) + 1 if len(code) else 0
    if n < n_folds:
        raise ParamError(f"{n_folds} folds need as many participants or rows; got {n}.")
    deal = rng.permutation(n) % n_folds
    for fold in range(n_folds):
        test = deal[code] == fold
        yield np.flatnonzero(~test), np.flatnonzero(test)


def near_duplicates(train: Array, test: Array, *, limit: float = NEAR) -> Array:
    """Return which test rows have a near duplicate in training.

    Parameters
    ----------
    train, test : ndarray of shape (n_rows, n_features)
        Numbers of each row; distances are Euclidean after dividing by the training spread.
    limit : float
        Largest distance that counts.

    Returns
    -------
    ndarray of bool, shape (n_test,)
    """
    from scipy.spatial import cKDTree

    spread = train.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    distance, _ = cKDTree(train / scale).query(test / scale)
    return np.asarray(distance < limit)


def lift(average_precision: float, prevalence: float) -> float:
    """Return how far an average precision is above its no-skill line, as a share of the room."""
    if not prevalence < 1:
        return float("nan")
    return (average_precision - prevalence) / (1 - prevalence)

"""Trained on x, tested on y: what is lost on the way, which way, and what pooling repairs."""

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError


def transfer_gaps(matrix: Array) -> Array:
    """Return what a model trained on a loses on b against one trained there: ``T[b,b] - T[a,b]``.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        Value of a model trained on row, tested on column; NaN is unknown.

    Returns
    -------
    ndarray of shape (n, n)
        By where it was trained (row) and tested (column); 0 on the diagonal.
    """
    square = _square(matrix)
    return np.asarray(np.diag(square)[None, :] - square)


def asymmetry(matrix: Array) -> Array:
    """Return how much more is lost from a to b than from b to a; antisymmetric."""
    gaps = transfer_gaps(matrix)
    return np.asarray(gaps - gaps.T)


def pooling_benefit(matrix: Array, pooled: Array) -> Array:
    """Return what training on everything gains at each place over training there alone.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        As in `transfer_gaps`.
    pooled : ndarray of shape (n,)
        Value of the model trained on all, tested on each.
    """
    square, pooled = _square(matrix), np.asarray(pooled, float)
    if pooled.shape != square.shape[:1]:
        raise ShapeError(f"Pooled values are one per place; got {pooled.shape}, {square.shape}.")
    return np.asarray(pooled - np.diag(square))


def _square(matrix: Array) -> Array:
    square = np.asarray(matrix, float)
    if square.ndim != 2 or square.shape[0] != square.shape[1]:
        raise ShapeError(f"Trained on x tested on is a square matrix; got shape {square.shape}.")
    return square

"""Checks that measures of two clouds share."""

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError, TooFewRowsError
from stresslab.evidence import Evidence
from stresslab.geometry._cloud import features_of


def clouds(a: Evidence, b: Evidence, fewest: int = 2) -> tuple[Array, Array]:
    """Return the features of two sets of inputs in one space.

    Raises
    ------
    ShapeError
        If they do not have the same number of features.
    TooFewRowsError
        If one has fewer than `fewest` rows.
    """
    first, second = features_of(a), features_of(b)
    if first.shape[1] != second.shape[1]:
        raise ShapeError(
            "Two clouds are compared in one space; they have "
            f"{first.shape[1]} and {second.shape[1]} features. Take vectors of one encoder."
        )
    _enough(first, second, fewest)
    return first, second


def spaces(a: Evidence, b: Evidence, fewest: int = 4) -> tuple[Array, Array]:
    """Return the features of the same inputs in two spaces, which may differ in dimension.

    Raises
    ------
    ShapeError
        If they do not have the same number of rows.
    TooFewRowsError
        If there are fewer than `fewest`.
    """
    first, second = features_of(a), features_of(b)
    if len(first) != len(second):
        raise ShapeError(
            f"Two spaces are compared on the same inputs; they have {len(first)} and "
            f"{len(second)} rows. Take the variants that both have."
        )
    _enough(first, second, fewest)
    return first, second


def _enough(first: Array, second: Array, fewest: int) -> None:
    if min(len(first), len(second)) < fewest:
        raise TooFewRowsError(
            f"This comparison needs at least {fewest} rows on either side; got {len(first)} and "
            f"{len(second)}. Widen the slices."
        )


def in_span(first: Array, second: Array) -> tuple[Array, Array]:
    """Return both clouds in coordinates of the span they share: distances stay, columns shrink."""
    both = np.concatenate([first, second])
    if both.shape[1] <= len(both):
        return first, second
    turned: Array = np.asarray(np.linalg.qr((both - both.mean(axis=0)).T, mode="r")).T
    return turned[: len(first)], turned[len(first) :]

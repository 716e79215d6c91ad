"""Shared checks of arrays at the door of a numerical function."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stresslab.errors import ParamError, ShapeError, TooFewRowsError

Array = NDArray[Any]


def check_rows_match(*arrays: Array) -> int:
    """Return the common number of rows.

    Raises
    ------
    ShapeError
        If the arrays differ in their first dimension.
    TooFewRowsError
        If there are no rows.
    """
    shapes = [np.shape(array) for array in arrays]
    if len({shape[:1] for shape in shapes}) != 1 or not shapes[0]:
        raise ShapeError(f"Arrays must have the same number of rows; got shapes {shapes}.")
    if shapes[0][0] == 0:
        raise TooFewRowsError("At least one row is needed; got none.")
    return int(shapes[0][0])


def check_level(level: float) -> None:
    """Raise ParamError unless `level` lies strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ParamError(f"A level must lie strictly between 0 and 1; got {level!r}.")

"""Rows marked by which models are right on them: many counts by cluster in few passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array

MOST_MODELS = 16
"""Models whose rights and wrongs are told apart by a table."""

EXACT_BITS = 52
"""Bits of a float64 that add up without rounding."""


@dataclass(frozen=True)
class Marks:
    """Rows by who is right on them.

    Parameters
    ----------
    code : ndarray of int, shape (n_rows,)
        Place of the row in `right`.
    right : ndarray of bool, shape (n_marks, n_models)
        Which models are right on such rows.
    """

    code: Array
    right: Array

    def at(self, rows: Array) -> "Marks":
        """Return only some rows.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_rows,)
            Those to keep.
        """
        return Marks(self.code[rows], self.right)


def marks(values: Array) -> Marks | None:
    """Return the rows by who is right; None where a value is not known, or models are many.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_models)
        0, 1, or NaN = not known.
    """
    if not 0 < values.shape[1] <= MOST_MODELS:
        return None
    right = []
    for one in values.T:
        right.append(one == 1)
        if one.sum() != np.count_nonzero(right[-1]):
            return None
    return marked(right)


def marked(right: Sequence[Array]) -> Marks:
    """Return marks of rows.

    Parameters
    ----------
    right : sequence of ndarray of bool, shape (n_rows,)
        By model, at most `MOST_MODELS` of them: which rows it is right on.
    """
    mark = np.zeros(len(right[0]), dtype=np.uint16)
    for place, one in enumerate(right):
        mark |= one.astype(np.uint16) << np.uint16(place)
    return numbered(mark, len(right))


def numbered(mark: Array, n_models: int) -> Marks:
    """Return marks of which only those that occur are told apart.

    Parameters
    ----------
    mark : ndarray of uint16, shape (n_rows,)
        Bit m tells whether model m is right.
    n_models : int
        Number of models.
    """
    there = np.flatnonzero(np.bincount(mark, minlength=1))
    place = np.zeros(int(there[-1]) + 1 if len(there) else 1, dtype=np.intp)
    place[there] = np.arange(len(there))
    right = (there[:, None] >> np.arange(n_models)) & 1
    return Marks(place[mark], right.astype(bool))


def by_block(code: Array, block: Array, sizes: Array, table: Array) -> Iterator[Array]:
    """Yield, for each column of a table of marks, how many rows of each block it holds.

    Several columns are counted in one pass: each has bits of its own in one float64.

    Parameters
    ----------
    code, block : ndarray of int, shape (n_rows,)
        Mark and block of each row.
    sizes : ndarray of shape (n_blocks,)
        Rows of each block.
    table : ndarray of bool, shape (n_marks, n_columns)
        Which marks count.
    """
    width = max(1, int(np.max(sizes)).bit_length()) if len(sizes) else 1
    together = max(1, EXACT_BITS // width)
    shifts = np.arange(together) * width
    for start in range(0, table.shape[1], together):
        part = table[:, start : start + together]
        packed = part @ (2.0 ** shifts[: part.shape[1]])
        sums = np.bincount(block, weights=packed[code], minlength=len(sizes)).astype(np.int64)
        for shift in shifts[: part.shape[1]]:
            yield ((sums >> shift) & (2**width - 1)).astype(float)


def by_group(code: Array, n_marks: int, group: Array, n_groups: int) -> Array:
    """Return how many rows of each group have each mark.

    Parameters
    ----------
    code, group : ndarray of int, shape (n_rows,)
        Mark and group of each row.
    n_marks, n_groups : int
        Numbers of both.

    Returns
    -------
    ndarray of shape (n_groups, n_marks)
    """
    if n_groups == 1:
        return np.bincount(code, minlength=n_marks).astype(float)[None, :]
    key = group.astype(np.intp) * n_marks + code
    return np.bincount(key, minlength=n_groups * n_marks).astype(float).reshape(n_groups, n_marks)

"""Intervals of whatever can be computed again without some of the clusters: the block jackknife."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_level
from stresslab.errors import TooFewRowsError


@dataclass(frozen=True, eq=False)
class Jackknifed:
    """Values by name, and what each would be without one block after another.

    Parameters
    ----------
    values : mapping
        Computed on all rows.
    without : mapping of ndarray, shape (n_blocks,)
        Computed without a block; NaN where that cannot be.
    """

    values: Mapping[str, float]
    without: Mapping[str, Array]

    def error(self, name: str) -> float:
        """Return the standard error of a value."""
        return error_of(self.without[name])


def error_of(without: Array) -> float:
    """Return the standard error that leave-one-block-out values stand for; NaN if any is unknown.

    References
    ----------
    Kunsch (1989), section 2, for equally large blocks; Efron and Tibshirani (1993), chapter 11.
    """
    n = len(without)
    if n < 2 or not np.isfinite(without).all():
        return float("nan")
    return float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))


def jackknife(compute: Callable[[Array], Mapping[str, float]], blocks: Array) -> Jackknifed:
    """Return what is computed on all rows and without each block.

    A bootstrap would repeat points, and repeated points have no distance: measures of neighbours
    and of dimension fall for it. Leaving blocks of clusters out repeats nothing.

    Parameters
    ----------
    compute : callable
        ``compute(rows) -> {name: value}`` of a mask of rows.
    blocks : ndarray of int, shape (n_rows,)
        Block of every row; rows of one cluster share it.

    Raises
    ------
    TooFewRowsError
        If there are no rows.
    """
    if not len(blocks):
        raise TooFewRowsError("A jackknife needs rows; got none. Widen the slice.")
    values = compute(np.ones(len(blocks), dtype=bool))
    names = np.unique(blocks)
    left = [compute(blocks != one) if len(names) > 1 else {} for one in names]
    without = {name: np.array([one.get(name, np.nan) for one in left]) for name in values}
    return Jackknifed(values, without)


def ends(value: float, error: float, n_blocks: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a value by Student's t on one less than the blocks."""
    from scipy.stats import t

    check_level(level)
    if n_blocks < 2 or not np.isfinite(error):
        return float("nan"), float("nan")
    reach = float(t.ppf((1 + level) / 2, n_blocks - 1)) * error
    return value - reach, value + reach


def p_value(value: float, error: float, n_blocks: int) -> float:
    """Return the two-sided p value of "the value is 0"."""
    from scipy.stats import t

    if n_blocks < 2 or not np.isfinite(error) or not np.isfinite(value):
        return float("nan")
    if error == 0:
        return 1.0 if value == 0 else float("nan")
    return float(2 * t.sf(abs(value) / error, n_blocks - 1))

"""What a metric declares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from stresslab.checks import Array

Moment = Literal["total", "n_scored", "n_answered"]
"""Per-cell sums the store can give for any measure: sum of values over rows whose value is known,
number of those rows, and number of those that were answered (not abstained or refused)."""


@dataclass(frozen=True)
class Metric:
    """A way to reduce rows to one number.

    Parameters
    ----------
    title : str
        Name for people, in lower case, as it stands in a sentence.
    compute : callable
        ``compute(columns) -> float``: columns are arrays of shape (n_rows,) by name; NaN is null.
    needs : tuple of str
        Names of the columns `compute` reads.
    higher_is_better : bool
        Direction.
    bounds : tuple of float
        Smallest and largest value; infinite where there is none.
    ratio : tuple of Moment, or None
        ``(numerator, denominator)`` when the metric is a ratio of two sums: then it is answered
        from the cubes at any size and its interval from cluster sums.
    measure : str or None
        Measure the sums are taken of; None means the score.
    source : str
        Where the definition comes from.
    """

    title: str
    compute: Callable[[Mapping[str, Array]], float]
    needs: tuple[str, ...]
    higher_is_better: bool
    bounds: tuple[float, float]
    ratio: tuple[Moment, Moment] | None = None
    measure: str | None = None
    source: str = ""

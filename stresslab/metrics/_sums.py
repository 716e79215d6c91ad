"""What the metrics share: known rows, answered rows, and plain measures as metrics."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError, TooFewRowsError
from stresslab.metrics._kind import Metric


def known_rows(columns: Mapping[str, Array], *names: str) -> Array:
    """Return which rows have a value in all the columns `names`.

    Raises
    ------
    ShapeError
        If the columns differ in length.
    """
    lengths = {name: len(columns[name]) for name in names}
    if len(set(lengths.values())) > 1:
        raise ShapeError(f"Columns must have the same number of rows; got {lengths}.")
    rows: Array = np.ones(lengths[names[0]], dtype=bool)
    for name in names:
        rows &= np.isfinite(np.asarray(columns[name], float))
    return rows


def answered_rows(columns: Mapping[str, Array]) -> Array:
    """Return which rows were answered (not abstained, refused, errored or unscored)."""
    status: Array = np.asarray(columns["status"])
    return np.asarray(status == "answered", dtype=bool)


def mean_of(values: Array, rows: Array, what: str) -> float:
    """Return the mean of `values` over `rows`.

    Raises
    ------
    TooFewRowsError
        If there are none.
    """
    if not np.any(rows):
        raise TooFewRowsError(f"A mean {what} needs at least one row; none has a value.")
    return float(np.mean(np.asarray(values, float)[rows]))


def measure_bounds(info: Mapping[str, Any]) -> tuple[float, float]:
    """Return smallest and largest value of a measure; infinite where its run does not say."""
    rate = info.get("rate")
    widest = (0.0, 1.0) if rate is not None and rate == rate and rate else (-np.inf, np.inf)
    ends = (info.get("low"), info.get("high"))
    low, high = (
        wide if end is None or end != end else float(end) for end, wide in zip(ends, widest)
    )
    return low, high


def measure_metric(name: str, info: Mapping[str, Any] | None = None) -> Metric:
    """Return the mean of one measure as a metric.

    Parameters
    ----------
    name : str
        Name of the measure, which is also the column it reads.
    info : mapping, optional
        What the run says of the measure: ``rate``, ``low``, ``high``, ``higher_is_better``; None or
        NaN where it does not say.
    """
    told = {
        key: value for key, value in (info or {}).items() if value is not None and value == value
    }

    def compute(columns: Mapping[str, Array]) -> float:
        return mean_of(columns[name], known_rows(columns, name), name)

    return Metric(
        title=f"mean {name}",
        compute=compute,
        needs=(name,),
        higher_is_better=bool(told.get("higher_is_better", True)),
        bounds=measure_bounds(told),
        ratio=("total", "n_scored"),
        measure=name,
        source="mean over rows whose value is known",
    )

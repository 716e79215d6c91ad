"""Expected calibration error of the stated confidence."""

from collections.abc import Mapping

import numpy as np

from stresslab.checks import Array
from stresslab.errors import TooFewRowsError
from stresslab.metrics._kind import Metric
from stresslab.metrics._sums import known_rows

BINS = 10
"""Bins of equal width; a confidence on an edge belongs to the bin above, 1 to the last."""


def expected_calibration_error(columns: Mapping[str, Array]) -> float:
    """Return the mean over rows of the distance of accuracy from confidence in the row's bin.

    It is above 0 even for a perfectly calibrated model: by about ``.31 sqrt(bins / n)``.

    Raises
    ------
    TooFewRowsError
        If no row has both a confidence and a right or wrong answer.
    """
    rows = known_rows(columns, "confidence", "correct")
    if not rows.any():
        raise TooFewRowsError("A calibration error needs rows with a confidence and an answer.")
    confidence = np.asarray(columns["confidence"], float)[rows]
    correct = np.asarray(columns["correct"], float)[rows]
    inside = np.clip(np.floor(confidence * BINS).astype(int), 0, BINS - 1)
    gaps = np.bincount(inside, weights=correct - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(correct))


PIECE = Metric(
    title="expected calibration error",
    compute=expected_calibration_error,
    needs=("confidence", "correct"),
    higher_is_better=False,
    bounds=(0.0, 1.0),
    source="Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities, eq. 3",
)

"""Brier score of the stated confidence."""

from collections.abc import Mapping

import numpy as np

from stresslab.checks import Array
from stresslab.metrics._kind import Metric
from stresslab.metrics._sums import known_rows, mean_of


def brier_score(columns: Mapping[str, Array]) -> float:
    """Return the mean squared distance of ``confidence`` from ``correct``.

    The event forecast is "this answer is right", so no class probabilities are needed; rows
    without a confidence, and rows that were not answered, are left out.
    """
    rows = known_rows(columns, "confidence", "correct")
    gap = np.asarray(columns["confidence"], float) - np.asarray(columns["correct"], float)
    return mean_of(gap**2, rows, "Brier score")


PIECE = Metric(
    title="Brier score",
    compute=brier_score,
    needs=("confidence", "correct"),
    higher_is_better=False,
    bounds=(0.0, 1.0),
    source="Brier (1950), Verification of forecasts expressed in terms of probability, two classes",
)

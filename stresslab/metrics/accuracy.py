"""Accuracy: the share of answers that are right."""

from collections.abc import Mapping

from stresslab.checks import Array
from stresslab.metrics._kind import Metric
from stresslab.metrics._sums import known_rows, mean_of


def accuracy(columns: Mapping[str, Array]) -> float:
    """Return the mean of ``correct``, which only answered rows have."""
    return mean_of(columns["correct"], known_rows(columns, "correct"), "accuracy")


PIECE = Metric(
    title="accuracy",
    compute=accuracy,
    needs=("correct",),
    higher_is_better=True,
    bounds=(0.0, 1.0),
    ratio=("total", "n_scored"),
    measure="correct",
    source="share of answered rows that are right",
)

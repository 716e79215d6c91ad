"""Mean confidence: how sure a model says it is."""

from collections.abc import Mapping

from stresslab.checks import Array
from stresslab.metrics._kind import Metric
from stresslab.metrics._sums import known_rows, mean_of


def mean_confidence(columns: Mapping[str, Array]) -> float:
    """Return the mean of ``confidence`` over rows that state one."""
    return mean_of(columns["confidence"], known_rows(columns, "confidence"), "confidence")


PIECE = Metric(
    title="mean confidence",
    compute=mean_confidence,
    needs=("confidence",),
    higher_is_better=True,
    bounds=(0.0, 1.0),
    ratio=("total", "n_scored"),
    measure="confidence",
    source="mean over rows that state a confidence; compare it with the accuracy",
)

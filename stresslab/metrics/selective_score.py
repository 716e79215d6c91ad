"""Selective score: what a model earns where it answers; read it beside coverage."""

from collections.abc import Mapping

from stresslab.checks import Array
from stresslab.metrics._kind import Metric
from stresslab.metrics._sums import answered_rows, known_rows, mean_of


def selective_score(columns: Mapping[str, Array]) -> float:
    """Return the mean of ``score`` over answered rows."""
    rows = answered_rows(columns) & known_rows(columns, "score")
    return mean_of(columns["score"], rows, "score of answered rows")


PIECE = Metric(
    title="score where answered",
    compute=selective_score,
    needs=("score", "status"),
    higher_is_better=True,
    bounds=(0.0, 1.0),
    ratio=("total", "n_answered"),
    source="El-Yaniv and Wiener (2010), On the foundations of noise-free selective classification",
)

"""Coverage: the share of rows a model answers instead of abstaining or refusing."""

from collections.abc import Mapping

from stresslab.checks import Array
from stresslab.metrics._kind import Metric
from stresslab.metrics._sums import answered_rows, known_rows, mean_of


def coverage(columns: Mapping[str, Array]) -> float:
    """Return the answered share of the rows whose score is known."""
    return mean_of(answered_rows(columns), known_rows(columns, "score"), "coverage")


PIECE = Metric(
    title="coverage",
    compute=coverage,
    needs=("score", "status"),
    higher_is_better=True,
    bounds=(0.0, 1.0),
    ratio=("n_answered", "n_scored"),
    source="El-Yaniv and Wiener (2010), On the foundations of noise-free selective classification",
)

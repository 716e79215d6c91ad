"""Mean score: what a model earns; abstaining earns nothing."""

from collections.abc import Mapping

from stresslab.checks import Array
from stresslab.metrics._kind import Metric
from stresslab.metrics._sums import known_rows, mean_of


def mean_score(columns: Mapping[str, Array]) -> float:
    """Return the mean of ``score`` over rows whose score is known, abstentions as 0."""
    return mean_of(columns["score"], known_rows(columns, "score"), "score")


PIECE = Metric(
    title="score",
    compute=mean_score,
    needs=("score",),
    higher_is_better=True,
    bounds=(0.0, 1.0),
    ratio=("total", "n_scored"),
    source="mean over answered, abstained and refused rows",
)

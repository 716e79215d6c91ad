"""Average confidence: a calibrated model is right as often as it says it is."""

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, OnTarget, once
from stresslab.estimators._rows import confidence_of, mean
from stresslab.evidence import Evidence


def average_confidence(source: Evidence, weights: Array) -> OnTarget:
    """Return the mean confidence on the target, mean(max_k p_k), under every draw of weights.

    It is the share right if the model is calibrated *on the target*; the source is not read. Where
    all probabilities are kept it takes their maximum, else the confidence that was logged.

    Parameters
    ----------
    source : Evidence
        Not read; the target has ``probs`` of shape (n, n_classes), or ``confidence`` (n,).
    weights : ndarray of shape (n_draws, n)
        Weights of its rows.

    References
    ----------
    Hendrycks and Gimpel (2017), A baseline for detecting misclassified examples.
    """

    def on(target: Evidence, weights: Array) -> Array:
        return mean(confidence_of(target), weights)

    return on


PIECE = Estimator(
    title="average confidence",
    estimate=once(average_confidence),
    needs=("probs|confidence",),
    weighted=average_confidence,
    is_quick=True,
    cost="n",
    source="Hendrycks and Gimpel (2017)",
)

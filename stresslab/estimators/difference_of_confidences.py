"""Difference of confidences: what confidence falls by is what accuracy falls by."""

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, OnTarget, once
from stresslab.estimators._rows import confidence_of, mean
from stresslab.evidence import Evidence


def difference_of_confidences(source: Evidence, weights: Array) -> OnTarget:
    """Return A_source - (AC_source - AC_target) for every draw, kept between 0 and 1.

    It is the share right if the model is as far from calibrated on the target as on the source.

    Parameters
    ----------
    source : Evidence
        ``probs`` or ``confidence`` of both, ``correct`` of the source.
    weights : ndarray of shape (n_draws, n)
        Weights of its rows.

    References
    ----------
    Guillory et al. (2021), Predicting with confidence on unseen distributions.
    """
    sure, right = confidence_of(source), np.asarray(source.correct, float)
    known = np.isfinite(sure) & np.isfinite(right)
    overconfident = mean(np.where(known, sure - right, np.nan), weights)

    def on(target: Evidence, weights: Array) -> Array:
        found: Array = np.clip(mean(confidence_of(target), weights) - overconfident, 0.0, 1.0)
        return found

    return on


PIECE = Estimator(
    title="difference of confidences",
    estimate=once(difference_of_confidences),
    needs=("probs|confidence",),
    of_source=("correct", "probs|confidence"),
    weighted=difference_of_confidences,
    is_quick=True,
    cost="n",
    source="Guillory et al. (2021)",
)

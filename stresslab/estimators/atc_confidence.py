"""Average thresholded confidence: as many are right as stand above a threshold set at home."""

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, OnTarget, once
from stresslab.estimators._rows import confidence_of, share_above, thresholds
from stresslab.evidence import Evidence


def atc_confidence(source: Evidence, weights: Array) -> OnTarget:
    """Return the share of the target whose confidence reaches the threshold, for every draw.

    The threshold t is such that the share of source confidences below t equals the share of wrong
    answers there. Even a calibrated model's ATC is off when the mix of easy and hard inputs
    changes: with p ~ Beta(5, 2) at home and Beta(2, 2) outside it says .602 where .687 are right.

    Parameters
    ----------
    source : Evidence
        ``probs`` or ``confidence`` of both, ``correct`` of the source.
    weights : ndarray of shape (n_draws, n)
        Weights of its rows.

    References
    ----------
    Garg et al. (2022), Leveraging unlabeled data to predict out-of-distribution performance.
    """
    limits = thresholds(confidence_of(source), np.asarray(source.correct, float), weights)

    def on(target: Evidence, weights: Array) -> Array:
        return share_above(confidence_of(target), limits, weights)

    return on


PIECE = Estimator(
    title="thresholded confidence (ATC)",
    estimate=once(atc_confidence),
    needs=("probs|confidence",),
    of_source=("correct", "probs|confidence"),
    weighted=atc_confidence,
    is_quick=True,
    cost="n log n",
    source="Garg et al. (2022)",
)

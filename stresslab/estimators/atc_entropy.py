"""Average thresholded confidence on the negative entropy of all probabilities."""

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, OnTarget, once
from stresslab.estimators._rows import negentropy_of, share_above, thresholds
from stresslab.evidence import Evidence


def atc_entropy(source: Evidence, weights: Array) -> OnTarget:
    """Return the share of the target whose sum p log p reaches the threshold, for every draw.

    The threshold is set on the source as in `atc_confidence`. With two classes both order rows
    alike and agree.

    Parameters
    ----------
    source : Evidence
        ``probs`` of both, ``correct`` of the source.
    weights : ndarray of shape (n_draws, n)
        Weights of its rows.

    References
    ----------
    Garg et al. (2022), Leveraging unlabeled data to predict out-of-distribution performance.
    """
    limits = thresholds(negentropy_of(source), np.asarray(source.correct, float), weights)

    def on(target: Evidence, weights: Array) -> Array:
        return share_above(negentropy_of(target), limits, weights)

    return on


PIECE = Estimator(
    title="thresholded entropy (ATC)",
    estimate=once(atc_entropy),
    needs=("probs",),
    of_source=("correct", "probs"),
    weighted=atc_entropy,
    is_quick=True,
    cost="n (n_classes + log n)",
    source="Garg et al. (2022)",
)

"""Average thresholded confidence on the negative entropy of all probabilities."""

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, once
from stresslab.estimators._rows import above_threshold, negentropy_of
from stresslab.evidence import Evidence


def atc_entropy(
    source: Evidence, target: Evidence, source_weights: Array, target_weights: Array
) -> Array:
    """Return the share of the target whose sum p log p reaches the threshold, for every draw.

    The threshold is set on the source as in `atc_confidence`. With two classes both order rows
    alike and agree.

    Parameters
    ----------
    source, target : Evidence
        ``probs`` of both, ``correct`` of the source.
    source_weights, target_weights : ndarray of shape (n_draws, n)
        Weights of rows.

    References
    ----------
    Garg et al. (2022), Leveraging unlabeled data to predict out-of-distribution performance.
    """
    right = np.asarray(source.correct, float)
    scores = negentropy_of(source), negentropy_of(target)
    return above_threshold(scores, right, source_weights, target_weights)


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

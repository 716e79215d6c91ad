"""Generalised disagreement equality: two models made alike agree as often as either is right."""

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, OnTarget, once
from stresslab.estimators._rows import answers_of, mean
from stresslab.evidence import Evidence


def agreement_with_twin(source: Evidence, weights: Array) -> OnTarget:
    """Return how often a model and its twin answer alike on the target, for every draw.

    It is the share right if the models are two draws of one training (other seed, same data) and
    their ensemble is calibrated class by class; the source is not read.

    Parameters
    ----------
    source : Evidence
        Not read; the target has ``twin``, and ``answers`` or ``probs``.
    weights : ndarray of shape (n_draws, n)
        Weights of its rows.

    References
    ----------
    Jiang, Nagarajan, Baek and Kolter (2022), Assessing generalization of SGD via disagreement.
    """

    def on(target: Evidence, weights: Array) -> Array:
        mine, twin = answers_of(target), np.asarray(target.twin)
        return mean(np.where((mine >= 0) & (twin >= 0), mine == twin, np.nan), weights)

    return on


PIECE = Estimator(
    title="agreement of twins (GDE)",
    estimate=once(agreement_with_twin),
    needs=("twin", "answers|probs"),
    weighted=agreement_with_twin,
    is_quick=True,
    cost="n",
    source="Jiang et al. (2022)",
)

"""How near the second largest probability comes to the largest."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, fitting, log_probs_of
from stresslab.detectors._kind import Detector
from stresslab.evidence import Evidence

NEEDS = ("logits|probs",)


@dataclass(frozen=True)
class Margin:
    """Score ``p_(2) - p_(1)``, from -1 (sure) to 0 (a tie); with one class -1."""

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector; nothing is learned."""
        fitting(evidence, NEEDS)
        return FittedFunction(NEEDS, _score)


def _score(evidence: Evidence) -> Array:
    probs = np.exp(log_probs_of(evidence))
    if probs.shape[1] == 1:
        return -probs[:, 0]
    two = np.partition(probs, -2, axis=1)[:, -2:]
    found: Array = two[:, 0] - two[:, 1]
    return found


PIECE = Detector(
    title="margin",
    settings=Margin,
    needs=NEEDS,
    cost="n * n_classes",
    source="Scheffer, Decomain and Wrobel (2001), Active hidden Markov models, margin of two best",
)

"""The entropy of the probabilities."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, check_temperature, fitting, log_probs_of
from stresslab.detectors._kind import Detector
from stresslab.evidence import Evidence

NEEDS = ("logits|probs",)


@dataclass(frozen=True)
class Entropy:
    """Score ``-sum_k p_k log p_k`` in nats, 0 to log n_classes.

    Parameters
    ----------
    temperature : float
        Logits are divided by it first.
    """

    temperature: float = 1.0

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector; nothing is learned."""
        check_temperature(self.temperature)
        fitting(evidence, NEEDS)
        return FittedFunction(NEEDS, self._score)

    def _score(self, evidence: Evidence) -> Array:
        logs = log_probs_of(evidence, self.temperature)
        found: Array = -(np.exp(logs) * logs).sum(axis=1)
        return found


PIECE = Detector(
    title="entropy",
    settings=Entropy,
    needs=NEEDS,
    cost="n * n_classes",
    source="Shannon entropy of the predictive distribution",
)

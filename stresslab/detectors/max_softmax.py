"""How far the largest probability falls short of 1."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, check_temperature, fitting, log_probs_of
from stresslab.detectors._kind import Detector
from stresslab.evidence import Evidence

NEEDS = ("logits|probs",)


@dataclass(frozen=True)
class MaxSoftmax:
    """Score ``1 - max_k softmax(logits / T)_k``.

    Parameters
    ----------
    temperature : float
        T. 1 is the baseline of Hendrycks and Gimpel; ODIN takes 1000 (Liang et al. 2018), without
        its perturbation of the input, which stored outputs do not allow.
    """

    temperature: float = 1.0

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector; nothing is learned."""
        check_temperature(self.temperature)
        fitting(evidence, NEEDS)
        return FittedFunction(NEEDS, self._score)

    def _score(self, evidence: Evidence) -> Array:
        # 1 - max in full precision: near 1 the sum of the others keeps digits that 1 - max loses.
        logs = log_probs_of(evidence, self.temperature)
        others = np.exp(np.sort(logs, axis=1)[:, :-1]).sum(axis=1)
        found: Array = others
        return found


PIECE = Detector(
    title="maximum softmax",
    settings=MaxSoftmax,
    needs=NEEDS,
    cost="n * n_classes",
    source="Hendrycks and Gimpel (2017), A baseline for detecting misclassified and OOD examples",
)

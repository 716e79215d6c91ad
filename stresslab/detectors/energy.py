"""The free energy of the logits."""

from dataclasses import dataclass

from stresslab.checks import Array
from stresslab.detectors._common import (
    FittedFunction,
    check_temperature,
    energy_of,
    fitting,
    logits_of,
)
from stresslab.detectors._kind import Detector
from stresslab.evidence import Evidence

NEEDS = ("logits",)


@dataclass(frozen=True)
class Energy:
    """Score ``-T log sum_k exp(logit_k / T)``.

    Parameters
    ----------
    temperature : float
        T.
    """

    temperature: float = 1.0

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector; nothing is learned."""
        check_temperature(self.temperature)
        fitting(evidence, NEEDS)
        return FittedFunction(NEEDS, self._score)

    def _score(self, evidence: Evidence) -> Array:
        return energy_of(logits_of(evidence), self.temperature)


PIECE = Detector(
    title="energy",
    settings=Energy,
    needs=NEEDS,
    cost="n * n_classes",
    source="Liu et al. (2020), Energy-based out-of-distribution detection, eq. 4",
)

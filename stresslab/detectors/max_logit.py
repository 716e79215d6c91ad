"""The largest logit, negated."""

from dataclasses import dataclass

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, fitting, logits_of
from stresslab.detectors._kind import Detector
from stresslab.evidence import Evidence

NEEDS = ("logits",)


@dataclass(frozen=True)
class MaxLogit:
    """Score ``-max_k logit_k``."""

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector; nothing is learned."""
        fitting(evidence, NEEDS)
        return FittedFunction(NEEDS, _score)


def _score(evidence: Evidence) -> Array:
    found: Array = -logits_of(evidence).max(axis=1)
    return found


PIECE = Detector(
    title="max logit",
    settings=MaxLogit,
    needs=NEEDS,
    cost="n * n_classes",
    source="Hendrycks et al. (2022), Scaling out-of-distribution detection for real-world settings",
)

"""The divergence from the nearest usual distribution of probabilities."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._classes import class_means
from stresslab.detectors._common import FittedFunction, fitting, log_probs_of
from stresslab.detectors._kind import Detector
from stresslab.evidence import Evidence

NEEDS = ("logits|probs",)


@dataclass(frozen=True)
class KLMatching:
    """Score ``min_k KL(p(x) || d_k)`` with d_k the mean of p over fit rows predicted as k."""

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector with one mean distribution per predicted class."""
        fitting(evidence, NEEDS)
        probs = np.exp(log_probs_of(evidence))
        predicted = np.unique(probs.argmax(axis=1), return_inverse=True)[1]
        usual = np.log(np.maximum(class_means(probs, predicted), np.finfo(np.float64).tiny))

        def score(rows: Evidence) -> Array:
            logs = log_probs_of(rows)
            probs = np.exp(logs)
            found: Array = (probs * logs).sum(axis=1) - (probs @ usual.T).max(axis=1)
            return np.maximum(found, 0.0)

        return FittedFunction(NEEDS, score)


PIECE = Detector(
    title="KL matching",
    settings=KLMatching,
    needs=NEEDS,
    cost="n * n_classes**2",
    source="Hendrycks et al. (2022), Scaling out-of-distribution detection, section 4",
)

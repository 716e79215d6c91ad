"""Virtual-logit matching: what lies outside of the principal directions against the logits."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import (
    FittedFunction,
    energy_of,
    features_of,
    fitting,
    logits_of,
)
from stresslab.detectors._kind import Detector
from stresslab.detectors._subspace import kept_dimension, outside, principal
from stresslab.evidence import Evidence

NEEDS = ("features", "head")


@dataclass(frozen=True)
class ViM:
    """Score ``a |r(x)| - log sum_k exp(logit_k)``: the virtual logit against the energy.

    ``r(x)`` is the part of ``x + (W^+)' b`` outside of the principal directions of the fit rows,
    and ``a`` makes virtual logits as large as largest logits on average over them.

    Parameters
    ----------
    dimension : int or None
        Principal directions; None takes 1000 of 2048 and more, 512 of 768 and more, else half.
    """

    dimension: int | None = None

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector with the principal directions and the scale.

        Raises
        ------
        ParamError
            If no direction would be left out.
        """
        fitting(evidence, NEEDS)
        assert evidence.head is not None
        weights, bias = (np.asarray(part, dtype=np.float64) for part in evidence.head)
        origin = -np.linalg.pinv(weights).T @ bias
        features = features_of(evidence)
        n_kept = kept_dimension(self.dimension, features.shape[1])
        basis = principal(features - origin, n_kept)
        apart = outside(features - origin, basis).sum()
        scale = logits_of(evidence).max(axis=1).sum() / apart if apart > 0 else 0.0

        def score(rows: Evidence) -> Array:
            virtual = scale * outside(features_of(rows) - origin, basis)
            return virtual + energy_of(logits_of(rows))

        return FittedFunction(NEEDS, score)


PIECE = Detector(
    title="ViM",
    settings=ViM,
    needs=NEEDS,
    cost="n * dimension**2",
    source="Wang et al. (2022), ViM: out-of-distribution with virtual-logit matching, eq. 6-8",
)

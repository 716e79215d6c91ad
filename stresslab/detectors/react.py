"""The energy after activations are cut off where few of them lie."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import (
    FittedFunction,
    energy_of,
    features_of,
    fitting,
    through_head,
)
from stresslab.detectors._kind import Detector
from stresslab.errors import ParamError
from stresslab.evidence import Evidence

NEEDS = ("features", "head")


@dataclass(frozen=True)
class ReAct:
    """Score the energy of ``min(x, c) @ W + b``.

    Parameters
    ----------
    quantile : float
        c is this quantile of all activations of the fit rows.
    """

    quantile: float = 0.9

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector with the limit c."""
        if not 0 < self.quantile <= 1:
            raise ParamError(f"quantile lies in (0, 1]; got {self.quantile!r}.")
        fitting(evidence, NEEDS)
        limit = float(np.quantile(features_of(evidence), self.quantile))
        head = evidence

        def score(rows: Evidence) -> Array:
            return energy_of(through_head(np.minimum(features_of(rows), limit), head))

        return FittedFunction(("features",), score)


PIECE = Detector(
    title="ReAct",
    settings=ReAct,
    needs=NEEDS,
    cost="n * dimension * n_classes",
    source="Sun, Guo and Li (2021), ReAct: OOD detection with rectified activations, eq. 3",
)

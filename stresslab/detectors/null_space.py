"""The share of a vector that the head of the model cannot see."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, features_of, fitting
from stresslab.detectors._kind import Detector
from stresslab.detectors._subspace import column_space, outside
from stresslab.errors import ParamError
from stresslab.evidence import Evidence

NEEDS = ("features", "head")


@dataclass(frozen=True)
class NullSpace:
    """Score ``|x outside of the columns of W| / |x|``, from 0 to 1; 0 for a zero vector."""

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector with a basis of the columns of W.

        Raises
        ------
        ParamError
            If the head sees every direction.
        """
        fitting(evidence, NEEDS)
        assert evidence.head is not None
        weights = np.asarray(evidence.head[0], dtype=np.float64)
        basis = column_space(weights)
        if basis.shape[1] == len(weights):
            raise ParamError(
                f"A head must leave directions unseen; this one has rank {basis.shape[1]} of "
                f"{len(weights)}. Take another detector."
            )

        def score(rows: Evidence) -> Array:
            features = features_of(rows)
            lengths = np.linalg.norm(features, axis=1)
            found: Array = outside(features, basis) / np.where(lengths > 0, lengths, 1.0)
            return found

        return FittedFunction(NEEDS, score)


PIECE = Detector(
    title="null-space residual",
    settings=NullSpace,
    needs=NEEDS,
    cost="n * dimension * n_classes",
    source="Cook, Zare and Gader (2020), Outlier detection through null space analysis, eq. 5",
)

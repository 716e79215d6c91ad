"""How many directions the variance of a cloud is spread over."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, features_of, variances
from stresslab.geometry._kind import Geometry


def participation_ratio(evidence: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return ``(sum l)**2 / sum l**2`` of the eigenvalues of the covariance; NaN for one point.

    References
    ----------
    Recanatesi et al. (2022), A scale-dependent measure of system dimensionality.
    """
    values = variances(features_of(evidence))
    square = float((values**2).sum())
    return {"participation_ratio": float(values.sum() ** 2 / square) if square > 0 else NONE}


PIECE = Geometry(
    title="participation ratio",
    compute=participation_ratio,
    needs=("features",),
    bounds={"participation_ratio": (1.0, np.inf)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    cost="n * dimension**2",
    source="Recanatesi et al. (2022).",
)

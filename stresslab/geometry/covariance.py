"""How much two features vary together."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, features_of
from stresslab.geometry._kind import Geometry


def covariance(evidence: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return the mean absolute covariance of two different features; NaN for one point or feature.

    References
    ----------
    Study 06, geometry markers.
    """
    features = features_of(evidence)
    n, dimension = features.shape
    if n < 2 or dimension < 2:
        return {"off_diagonal_covariance": NONE}
    centred = features - features.mean(axis=0)
    square = np.abs(centred.T @ centred) / (n - 1)
    off = float(square.sum() - np.trace(square)) / (dimension * (dimension - 1))
    return {"off_diagonal_covariance": max(off, 0.0)}


PIECE = Geometry(
    title="off-diagonal covariance",
    compute=covariance,
    needs=("features",),
    bounds={"off_diagonal_covariance": (0.0, np.inf)},
    invariant_to=("shift", "order", "reflection", "permutation"),
    cost="n * dimension**2",
    source="Study 06, geometry markers.",
)

"""How many directions a cloud reaches into at all."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import features_of
from stresslab.geometry._kind import Geometry


def numerical_rank(
    evidence: Evidence, *, rng: np.random.Generator, least: float = 1e-3
) -> dict[str, float]:
    """Return the number of singular values of the features (uncentred) that are not small.

    Parameters
    ----------
    evidence : Evidence
        Features.
    rng : numpy.random.Generator
        Not used.
    least : float
        Smallest singular value that counts, as a share of the largest.

    References
    ----------
    Study 06, geometry markers.
    """
    values = np.linalg.svd(features_of(evidence), compute_uv=False)
    top = float(values.max(initial=0.0))
    return {"numerical_rank": float((values >= least * top).sum()) if top > 0 else 0.0}


PIECE = Geometry(
    title="numerical rank",
    compute=numerical_rank,
    needs=("features",),
    bounds={"numerical_rank": (0.0, np.inf)},
    invariant_to=("rotation", "scale", "order", "reflection", "permutation"),
    settings={"least": 1e-3},
    cost="n * dimension**2",
    source="Study 06, geometry markers.",
    whole=("numerical_rank",),
)

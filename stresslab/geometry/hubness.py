"""Whether some points are everybody's neighbour."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, features_of
from stresslab.geometry._kind import Geometry
from stresslab.stats.neighbours import nearest


def hubness(evidence: Evidence, *, rng: np.random.Generator, k: int = 10) -> dict[str, float]:
    """Return the skewness of how often a point is among the k nearest of another.

    References
    ----------
    Radovanovic, Nanopoulos and Ivanovic (2010), Hubs in space.
    """
    features = features_of(evidence)
    if len(features) < 3:
        return {"hubness": NONE}
    _, places = nearest(features, features, min(k, len(features) - 1), exclude_self=True)
    counts = np.bincount(places.ravel(), minlength=len(features)).astype(float)
    spread = float(counts.std())
    return {"hubness": float(((counts - counts.mean()) ** 3).mean() / spread**3) if spread else 0.0}


PIECE = Geometry(
    title="hubness",
    compute=hubness,
    needs=("features",),
    bounds={"hubness": (-np.inf, np.inf)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    settings={"k": 10},
    cost="n**2 * dimension",
    source="Radovanovic, Nanopoulos and Ivanovic (2010).",
)

"""How often a neighbour is of the same class."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import labelled
from stresslab.geometry._kind import Geometry
from stresslab.stats.neighbours import nearest


def neighbourhood_purity(
    evidence: Evidence, *, rng: np.random.Generator, k: int = 10
) -> dict[str, float]:
    """Return the share of the k nearest neighbours that have a point's own class.

    References
    ----------
    Ours; k nearest neighbours in the original space.
    """
    features, labels = labelled(evidence)
    _, places = nearest(features, features, min(k, len(features) - 1), exclude_self=True)
    return {"purity": float((labels[places] == labels[:, None]).mean())}


PIECE = Geometry(
    title="neighbourhood purity",
    compute=neighbourhood_purity,
    needs=("features", "labels"),
    bounds={"purity": (0.0, 1.0)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    settings={"k": 10},
    cost="n**2 * dimension",
    source="Ours.",
)

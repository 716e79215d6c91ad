"""How far apart two points are, and how far their directions."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, distances, features_of, some, unit_rows
from stresslab.geometry._kind import Geometry


def pairwise(evidence: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return the mean distance and the mean angle (rad) of two points; zeros have no angle.

    References
    ----------
    Study 06, geometry markers.
    """
    features = features_of(evidence)
    features = features[some(len(features), rng)]
    n, units = len(features), unit_rows(features)
    found = {"mean_distance": NONE, "mean_angle": NONE}
    if n > 1:
        found["mean_distance"] = float(distances(features, features).sum() / (n * (n - 1)))
    if len(units) > 1:
        above = np.triu_indices(len(units), 1)
        cosines = np.clip(units @ units.T, -1, 1)[above]
        found["mean_angle"] = float(np.arccos(cosines).mean())
    return found


PIECE = Geometry(
    title="pairwise distance and angle",
    compute=pairwise,
    needs=("features",),
    bounds={"mean_distance": (0.0, np.inf), "mean_angle": (0.0, np.pi)},
    invariant_to=("rotation", "order", "reflection", "permutation"),
    rows=lambda evidence, rng: some(evidence.n, rng),
    cost="n**2 * dimension",
    source="Study 06, geometry markers.",
)

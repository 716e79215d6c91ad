"""What share of activations is not zero."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, features_of
from stresslab.geometry._kind import Geometry


def active_fraction(
    evidence: Evidence, *, rng: np.random.Generator, least: float = 1e-6
) -> dict[str, float]:
    """Return the share of values farther from 0 than `least`.

    References
    ----------
    Study 06, geometry markers.
    """
    features = features_of(evidence)
    return {"active_fraction": float((np.abs(features) > least).mean()) if features.size else NONE}


PIECE = Geometry(
    title="active fraction",
    compute=active_fraction,
    needs=("features",),
    bounds={"active_fraction": (0.0, 1.0)},
    invariant_to=("order", "permutation", "reflection"),
    settings={"least": 1e-6},
    cost="n * dimension",
    source="Study 06, geometry markers.",
)

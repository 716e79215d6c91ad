"""Whether all vectors point the same way."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, features_of, unit_rows, variances
from stresslab.geometry._kind import Geometry


def anisotropy(evidence: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return the mean cosine of two vectors, and the share of variance along the first direction.

    References
    ----------
    Ethayarajh (2019), How contextual are contextualized word representations?
    """
    features = features_of(evidence)
    units, values = unit_rows(features), variances(features)
    n = len(units)
    cosine = (float((units.sum(axis=0) ** 2).sum()) - n) / (n * (n - 1)) if n > 1 else NONE
    total = float(values.sum())
    top = float(values[0]) / total if total > 0 else NONE
    return {"mean_cosine": float(np.clip(cosine, -1, 1)), "top_variance": min(top, 1.0)}


PIECE = Geometry(
    title="anisotropy",
    compute=anisotropy,
    needs=("features",),
    bounds={"mean_cosine": (-1.0, 1.0), "top_variance": (0.0, 1.0)},
    invariant_to=("rotation", "scale", "order", "reflection", "permutation"),
    cost="n * dimension**2",
    source="Ethayarajh (2019).",
)

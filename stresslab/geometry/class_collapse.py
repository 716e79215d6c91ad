"""How far classes have shrunk to their means: neural collapse, NC1."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import labelled
from stresslab.geometry._kind import Geometry

LEAST = 1e-3
"""Eigenvalues between classes below this share of the largest are dropped."""


def class_collapse(evidence: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return ``tr(W B^+) / P``: covariance in P classes over that of their means; 0 is collapse.

    References
    ----------
    Papyan, Han and Donoho (2020), Prevalence of neural collapse, NC1.
    """
    features, labels = labelled(evidence, fewest=1)
    n_classes = int(labels.max()) + 1
    counts = np.bincount(labels)
    sums = np.zeros((n_classes, features.shape[1]))
    np.add.at(sums, labels, features)
    means = sums / counts[:, None]
    inside = features - means[labels]
    between = means - means.mean(axis=0)
    # the pseudo-inverse of the means' covariance through their P x P products
    values, vectors = np.linalg.eigh(between @ between.T / n_classes)
    kept = values > LEAST * max(float(values[-1]), 0.0)
    kept &= values > 0
    if not kept.any():
        return {"nc1": 0.0}
    axes = between.T @ vectors[:, kept] / np.sqrt(n_classes * values[kept])
    weight = 1 / counts[labels] / n_classes
    spread = ((inside @ axes) ** 2 * weight[:, None]).sum(axis=0)
    return {"nc1": float((spread / values[kept]).sum() / n_classes)}


PIECE = Geometry(
    title="neural collapse (NC1)",
    compute=class_collapse,
    needs=("features", "labels"),
    bounds={"nc1": (0.0, np.inf)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    cost="n * dimension * classes",
    source="Papyan, Han and Donoho (2020).",
)

"""Parts of a vector inside and outside of a subspace."""

import numpy as np

from stresslab.checks import Array


def principal(features: Array, n_kept: int) -> Array:
    """Return the `n_kept` directions of largest second moment, shape (dimension, n_kept)."""
    _, vectors = np.linalg.eigh(features.T @ features / len(features))
    found: Array = vectors[:, ::-1][:, :n_kept]
    return found


def outside(features: Array, basis: Array) -> Array:
    """Return the length of what lies outside of an orthonormal `basis`, shape (n,)."""
    left = features - (features @ basis) @ basis.T
    found: Array = np.linalg.norm(left, axis=1)
    return found


def usual_dimension(dimension: int) -> int:
    """Return how many principal directions ViM keeps: 1000 of 2048, 512 of 768, else half."""
    if dimension >= 2048:
        return 1000
    return 512 if dimension >= 768 else max(dimension // 2, 1)


def column_space(weights: Array) -> Array:
    """Return an orthonormal basis of the columns of `weights`, shape (dimension, rank)."""
    left, values, _ = np.linalg.svd(weights, full_matrices=False)
    limit = max(weights.shape) * np.finfo(np.float64).eps * values.max(initial=0.0)
    found: Array = left[:, values > limit]
    return found

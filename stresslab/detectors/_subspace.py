"""Parts of a vector inside and outside of a subspace."""

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError


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


def kept_dimension(wanted: int | None, dimension: int) -> int:
    """Return how many principal directions are kept: those wanted, else as many as ViM keeps.

    These are 1000 of 2048 and more, 512 of 768 and more, else half.

    Raises
    ------
    ParamError
        If no direction would be left out.
    """
    usual = 1000 if dimension >= 2048 else 512 if dimension >= 768 else max(dimension // 2, 1)
    found = wanted or usual
    if found >= dimension:
        raise ParamError(f"dimension must be below that of the features, {dimension}; got {found}.")
    return found


def column_space(weights: Array) -> Array:
    """Return an orthonormal basis of the columns of `weights`, shape (dimension, rank)."""
    left, values, _ = np.linalg.svd(weights, full_matrices=False)
    limit = max(weights.shape) * np.finfo(np.float64).eps * values.max(initial=0.0)
    found: Array = left[:, values > limit]
    return found

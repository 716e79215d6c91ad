"""The two directions of largest variance."""

import numpy as np

from stresslab.checks import Array
from stresslab.projections._kind import Projection, Report, nothing


def compute(vectors: Array, *, seed: int, report: Report = nothing) -> Array:
    """Return the first two principal components, shape (n, 2).

    The sign of a component is such that its largest loading is positive. No chance is involved.
    """
    del seed
    n, dimension = vectors.shape
    mean = vectors.mean(axis=0, dtype=np.float64)
    scatter = np.zeros((dimension, dimension))
    for start in range(0, n, 65536):
        rows = vectors[start : start + 65536].astype(np.float64) - mean
        scatter += rows.T @ rows
        report(min(start + 65536, n), n, "covariance")
    axes = np.linalg.eigh(scatter)[1][:, ::-1][:, :2]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    found = np.zeros((n, 2))
    found[:, : axes.shape[1]] = vectors.astype(np.float64) @ axes - mean @ axes
    return found


PIECE = Projection(
    title="principal components", kind="projection", compute=compute,
    source="Pearson (1901), On lines and planes of closest fit",
)  # fmt: skip

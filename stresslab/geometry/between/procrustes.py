"""What is left between two spaces after the best shift, scale and rotation."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import spaces


def procrustes(a: Evidence, b: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return ``1 - (nuclear norm of X'Y)**2`` of centred clouds of size one: 0 is the same shape.

    References
    ----------
    Gower (1975); scipy.spatial.procrustes, where dimensions may differ.
    """
    first, second = spaces(a, b)
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    size = float(np.linalg.norm(x) * np.linalg.norm(y))
    if size == 0:
        return {"procrustes": NONE}
    if max(x.shape[1], y.shape[1]) > len(x):
        x, y = (np.asarray(np.linalg.qr(one.T, mode="r")).T for one in (x, y))
    shared = float(np.linalg.svd(x.T @ y, compute_uv=False).sum()) / size
    return {"procrustes": float(np.clip(1 - shared**2, 0, 1))}


PIECE = PairGeometry(
    title="Procrustes distance",
    compute=procrustes,
    needs=("features",),
    bounds={"procrustes": (0.0, 1.0)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    cost="n * dimension**2",
    source="Gower (1975).",
    paired=True,
    self_value={"procrustes": 0.0},
)

"""Whether two spaces hold the same inputs in the same way, up to rotation and scale."""

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import spaces


def linear_cka(a: Evidence, b: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return the debiased linear centred kernel alignment; about 0 for unrelated spaces.

    References
    ----------
    Kornblith et al. (2019); Song et al. (2012) for the unbiased criterion.
    """
    first, second = spaces(a, b)
    x, y = _centred(first @ first.T), _centred(second @ second.T)
    size = float(np.sqrt(max(float((x * x).sum()), 0) * max(float((y * y).sum()), 0)))
    scale = float(np.abs(first).max() ** 2 * np.abs(second).max() ** 2)
    return {"cka": float((x * y).sum()) / size if size > 1e-12 * scale else NONE}


def _centred(products: Array) -> Array:
    """Return the U-centred products: their inner product is unbiased."""
    n = len(products)
    held = products.copy()
    np.fill_diagonal(held, 0)
    sums = held.sum(axis=0)
    total = float(sums.sum())
    held -= (sums[:, None] + sums) / (n - 2) - total / ((n - 1) * (n - 2))
    np.fill_diagonal(held, 0)
    return held


PIECE = PairGeometry(
    title="linear CKA, debiased",
    compute=linear_cka,
    needs=("features",),
    bounds={"cka": (-1.0, 1.0)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    cost="n**2 * dimension",
    source="Kornblith et al. (2019); Song et al. (2012).",
    paired=True,
    self_value={"cka": 1.0},
)

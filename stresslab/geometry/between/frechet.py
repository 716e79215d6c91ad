"""How far two sets are apart if both were Gaussian."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import clouds, in_span


def frechet(a: Evidence, b: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return ``|m - n|**2 + tr(A + B - 2 (A B)**(1/2))`` of means and covariances.

    References
    ----------
    Dowson and Landau (1982); Heusel et al. (2017).
    """
    first, second = in_span(*clouds(a, b))
    apart = float(((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum())
    x, y = ((one - one.mean(axis=0)) / np.sqrt(len(one) - 1) for one in (first, second))
    # tr (A B)**(1/2) is the nuclear norm of x y' where A = x'x, B = y'y
    shared = float(np.linalg.svd(x @ y.T, compute_uv=False).sum())
    return {"frechet": max(apart + float((x**2).sum() + (y**2).sum()) - 2 * shared, 0.0)}


PIECE = PairGeometry(
    title="Frechet distance (squared)",
    compute=frechet,
    needs=("features",),
    bounds={"frechet": (0.0, np.inf)},
    invariant_to=("rotation", "shift", "order", "reflection", "permutation"),
    cost="n**3",
    source="Dowson and Landau (1982); Heusel et al. (2017).",
    self_value={"frechet": 0.0},
)

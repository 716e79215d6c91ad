"""Whether two sets of inputs come from one distribution: maximum mean discrepancy."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, distances
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import clouds


def mmd(
    a: Evidence, b: Evidence, *, rng: np.random.Generator, width: float = 0.0
) -> dict[str, float]:
    """Return the unbiased squared MMD with a Gaussian kernel; it may lie below 0.

    Parameters
    ----------
    a, b : Evidence
        Features.
    rng : numpy.random.Generator
        Not used.
    width : float
        s in ``exp(-|x - y|**2 / (2 s**2))``; 0 takes the median distance of the pooled rows.

    References
    ----------
    Gretton et al. (2012), A kernel two-sample test, eq. 3.
    """
    first, second = clouds(a, b)
    both = np.concatenate([first, second])
    apart = distances(both, both)
    if width <= 0:
        width = float(np.median(apart[np.triu_indices(len(both), 1)]))
    if width == 0:
        return {"mmd2": NONE if apart.any() else 0.0}
    kernel = np.exp(-(apart**2) / (2 * width**2))
    np.fill_diagonal(kernel, 0)
    n, m = len(first), len(second)
    inside = kernel[:n, :n].sum() / (n * (n - 1)) + kernel[n:, n:].sum() / (m * (m - 1))
    return {"mmd2": float(inside - 2 * kernel[:n, n:].mean())}


PIECE = PairGeometry(
    title="maximum mean discrepancy (squared)",
    compute=mmd,
    needs=("features",),
    bounds={"mmd2": (-2.0, 2.0)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    settings={"width": 0.0},
    cost="n**2 * dimension",
    source="Gretton et al. (2012).",
)

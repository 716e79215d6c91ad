"""How many numbers it takes to say where on the cloud a point is, near it."""

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence
from stresslab.geometry._cloud import MOST, NONE, features_of, some
from stresslab.geometry._kind import Geometry
from stresslab.stats.neighbours import nearest

NAMES = ("two_nn", "mle", "local_pca")


def intrinsic_dimension(
    evidence: Evidence, *, rng: np.random.Generator, k: int = 20
) -> dict[str, float]:
    """Return three estimates of the dimension of the surface the points lie on.

    Points that repeat another are counted once: their distance of 0 says nothing.

    Parameters
    ----------
    evidence : Evidence
        Features.
    rng : numpy.random.Generator
        Draws points where there are many.
    k : int
        Neighbours of `mle` and `local_pca`; fewer where there are not so many points.

    References
    ----------
    Facco et al. (2017), two nearest neighbours, a line through the origin without the last tenth;
    Levina and Bickel (2004) with the mean of MacKay and Ghahramani (2005); Fukunaga and Olsen
    (1971): eigenvalues above a twentieth of the largest.
    """
    features = features_of(evidence)
    features = np.unique(features[some(len(features), rng)], axis=0)
    if len(features) < 5:
        return dict.fromkeys(NAMES, NONE)
    k = min(k, len(features) - 1)
    far, places = nearest(features, features, k, exclude_self=True)
    return {
        "two_nn": _two_nn(far),
        "mle": _mle(far),
        "local_pca": _local_pca(features, places),
    }


def _two_nn(far: Array) -> float:
    ratios = np.sort(far[:, 1] / far[:, 0])
    kept = int(len(ratios) * 0.9)
    x = np.log(ratios[:kept])
    y = -np.log1p(-np.arange(kept) / len(ratios))
    return float(x @ y / (x @ x)) if x.any() else NONE


def _mle(far: Array) -> float:
    """Return the inverse of the mean of inverse local estimates."""
    if far.shape[1] < 3:
        return NONE
    inverse = np.log(far[:, -1:] / far[:, :-1]).mean(axis=1)
    mean = float(inverse.mean())
    return 1 / mean if mean > 0 else NONE


def _local_pca(features: Array, places: Array) -> float:
    around = np.empty(len(features))
    for row, near in enumerate(places):
        block = features[[row, *near]]
        values = np.linalg.svd(block - block.mean(axis=0), compute_uv=False) ** 2
        around[row] = (values > 0.05 * values[0]).sum()
    return float(around.mean())


PIECE = Geometry(
    title="intrinsic dimension",
    compute=intrinsic_dimension,
    needs=("features",),
    bounds=dict.fromkeys(NAMES, (0.0, np.inf)),
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    settings={"k": 20},
    rows=lambda evidence, rng: some(evidence.n, rng, MOST),
    cost="n**2 * dimension",
    source="Facco et al. (2017); Levina and Bickel (2004); Fukunaga and Olsen (1971).",
)

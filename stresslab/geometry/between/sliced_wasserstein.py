"""How far two sets must be moved to meet, seen along random directions."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import clouds


def sliced_wasserstein(
    a: Evidence, b: Evidence, *, rng: np.random.Generator, directions: int = 100
) -> dict[str, float]:
    """Return the root mean square over directions of the 2-Wasserstein distance along each.

    References
    ----------
    Bonneel et al. (2015), Sliced and Radon Wasserstein barycenters of measures.
    """
    first, second = clouds(a, b, fewest=1)
    axes = rng.normal(size=(first.shape[1], directions))
    axes /= np.linalg.norm(axes, axis=0)
    x, y = np.sort(first @ axes, axis=0), np.sort(second @ axes, axis=0)
    steps = np.union1d(np.arange(1, len(x) + 1) / len(x), np.arange(1, len(y) + 1) / len(y))
    middle = steps - np.diff(steps, prepend=0) / 2
    at_x = np.minimum((middle * len(x)).astype(int), len(x) - 1)
    at_y = np.minimum((middle * len(y)).astype(int), len(y) - 1)
    square = np.diff(steps, prepend=0) @ (x[at_x] - y[at_y]) ** 2
    return {"sliced_wasserstein": float(np.sqrt(square.mean()))}


PIECE = PairGeometry(
    title="sliced Wasserstein distance",
    compute=sliced_wasserstein,
    needs=("features",),
    bounds={"sliced_wasserstein": (0.0, np.inf)},
    invariant_to=("shift", "order"),
    settings={"directions": 100},
    cost="directions * n * (dimension + log n)",
    source="Bonneel et al. (2015).",
    self_value={"sliced_wasserstein": 0.0},
)

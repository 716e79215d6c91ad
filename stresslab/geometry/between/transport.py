"""How far each point must go when one set is moved onto the other in the best way."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import distances, some
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import clouds


def transport(
    a: Evidence, b: Evidence, *, rng: np.random.Generator, most: int = 500
) -> dict[str, float]:
    """Return the exact 1-Wasserstein distance of equally large samples of either side.

    References
    ----------
    Villani (2003), Topics in optimal transportation; the assignment by Crouse (2016).
    """
    from scipy.optimize import linear_sum_assignment

    first, second = clouds(a, b, fewest=1)
    n = min(len(first), len(second), most)
    cost = distances(first[some(len(first), rng, n)], second[some(len(second), rng, n)])
    return {"wasserstein": float(cost[linear_sum_assignment(cost)].mean())}


PIECE = PairGeometry(
    title="Wasserstein distance",
    compute=transport,
    needs=("features",),
    bounds={"wasserstein": (0.0, np.inf)},
    invariant_to=("rotation", "shift", "order", "reflection", "permutation"),
    settings={"most": 500},
    cost="n**3",
    source="Villani (2003).",
    self_value={"wasserstein": 0.0},
)

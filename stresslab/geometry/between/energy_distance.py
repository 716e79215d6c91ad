"""How much farther two sets lie from each other than points of one set do."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import distances
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import clouds


def energy_distance(a: Evidence, b: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return ``2 E|x - y| - E|x - x'| - E|y - y'|`` over all pairs, a point with itself included.

    References
    ----------
    Szekely and Rizzo (2013), Energy statistics.
    """
    first, second = clouds(a, b)
    inside = distances(first, first).mean() + distances(second, second).mean()
    return {"energy": max(float(2 * distances(first, second).mean() - inside), 0.0)}


PIECE = PairGeometry(
    title="energy distance",
    compute=energy_distance,
    needs=("features",),
    bounds={"energy": (0.0, np.inf)},
    invariant_to=("rotation", "shift", "order", "reflection", "permutation"),
    cost="n**2 * dimension",
    source="Szekely and Rizzo (2013).",
    self_value={"energy": 0.0},
)

"""How many neighbours of an input are the same in two spaces."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import spaces
from stresslab.stats.neighbours import nearest


def mutual_knn(
    a: Evidence, b: Evidence, *, rng: np.random.Generator, k: int = 10
) -> dict[str, float]:
    """Return the mean share of the k nearest neighbours that both spaces name; chance is k/(n-1).

    References
    ----------
    Huh et al. (2024), The platonic representation hypothesis.
    """
    first, second = spaces(a, b)
    k = min(k, len(first) - 1)
    found = [nearest(one, one, k, exclude_self=True)[1] for one in (first, second)]
    member = np.zeros((2, len(first), len(first)), dtype=bool)
    for side, places in zip(member, found, strict=True):
        np.put_along_axis(side, places, values=True, axis=1)
    return {"mutual_knn": float((member[0] & member[1]).sum(axis=1).mean() / k)}


PIECE = PairGeometry(
    title="shared neighbours",
    compute=mutual_knn,
    needs=("features",),
    bounds={"mutual_knn": (0.0, 1.0)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    settings={"k": 10},
    cost="n**2 * dimension",
    source="Huh et al. (2024).",
    paired=True,
    self_value={"mutual_knn": 1.0},
)

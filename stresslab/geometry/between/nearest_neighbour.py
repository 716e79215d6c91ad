"""Whether a point's nearest neighbour tells which set it is of."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import some
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import clouds
from stresslab.stats.neighbours import nearest


def nearest_neighbour(a: Evidence, b: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return the leave-one-out accuracy of the nearest neighbour; 0.5 where none can tell.

    The larger side is drawn down to the size of the smaller, so that chance is one half.

    References
    ----------
    Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests.
    """
    first, second = clouds(a, b)
    n = min(len(first), len(second))
    both = np.concatenate([first[some(len(first), rng, n)], second[some(len(second), rng, n)]])
    side = np.repeat([0, 1], n)
    _, places = nearest(both, both, 1, exclude_self=True)
    return {"nn_accuracy": float((side[places[:, 0]] == side).mean())}


PIECE = PairGeometry(
    title="nearest-neighbour accuracy",
    compute=nearest_neighbour,
    needs=("features",),
    bounds={"nn_accuracy": (0.0, 1.0)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    cost="n**2 * dimension",
    source="Lopez-Paz and Oquab (2017).",
)

"""Whether the same pairs of inputs are near in two spaces: representational similarity."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, some
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import spaces


def rsa(a: Evidence, b: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return Spearman's correlation of the Euclidean distances of all pairs of rows.

    References
    ----------
    Kriegeskorte, Mur and Bandettini (2008).
    """
    from scipy.spatial.distance import pdist
    from scipy.stats import rankdata

    first, second = spaces(a, b)
    taken = some(len(first), rng, 1000)
    ranks = [rankdata(pdist(one[taken])) for one in (first, second)]
    if min(float(np.ptp(one)) for one in ranks) == 0:
        return {"rsa": NONE}
    return {"rsa": float(np.clip(np.corrcoef(*ranks)[0, 1], -1, 1))}


PIECE = PairGeometry(
    title="representational similarity",
    compute=rsa,
    needs=("features",),
    bounds={"rsa": (-1.0, 1.0)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    cost="n**2 * dimension",
    source="Kriegeskorte, Mur and Bandettini (2008).",
    paired=True,
    self_value={"rsa": 1.0},
)

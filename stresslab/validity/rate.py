"""Does the interval of a rate hold its level, whatever the clusters?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.intervals import from_moments
from stresslab.validity._draw import clusters, covered, grid
from stresslab.validity._kind import Case, Check


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of a rate covers it, in every run."""
    kinds, counts = clusters(case, (case.share, 1 - case.share), runs, rng)
    right, n = kinds[:, 0], case.n_clusters * case.rows
    found = from_moments(
        counts @ right, n, case.n_clusters, counts @ right**2, counts @ right * case.rows,
        n * case.rows, rate=True, level=level,
    )  # fmt: skip
    return covered(found.low, found.high, case.share)


PIECE = Check("The interval of a rate covers it", simulate, grid())

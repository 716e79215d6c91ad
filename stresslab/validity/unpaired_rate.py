"""Does the interval of a difference of rates on different items hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.unpaired import Side, unpaired_differences
from stresslab.validity._draw import clusters, covered, grid
from stresslab.validity._kind import Case, Check


def side(case: Case, share: float, runs: int, rng: np.random.Generator) -> Side:
    """Return the sums of one side, in every run."""
    kinds, counts = clusters(case, (share, 1 - share), runs, rng)
    right, one = kinds[:, 0], np.ones(runs)
    n = case.n_clusters * case.rows * one
    return Side(
        (counts @ right).astype(float), n, case.n_clusters * one,
        (counts @ right**2).astype(float), (counts @ right * case.rows).astype(float),
        n * case.rows, one.astype(bool),
    )  # fmt: skip


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of an unpaired difference covers it, in every run."""
    first = side(case, case.share, runs, rng)
    second = side(case, case.share + case.effect, runs, rng)
    found = unpaired_differences(first, second, level=level, bounds=(0.0, 1.0))
    return covered(found.low, found.high, -case.effect)


PIECE = Check(
    "The interval of a difference of rates on different items covers it",
    simulate, grid((0.0, 0.05)),
)  # fmt: skip

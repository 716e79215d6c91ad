"""Does the interval of a difference of rates on different items hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.unpaired import unpaired_differences
from stresslab.validity._draw import covered, grid, side
from stresslab.validity._kind import Case, Check


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

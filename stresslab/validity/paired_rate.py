"""Does the interval of a paired difference of rates hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.validity._draw import covered, grid
from stresslab.validity._kind import Case, Check
from stresslab.validity._paired import compared


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of a paired difference covers it, in every run."""
    found = compared(case, runs, rng, level=level)
    return covered(found.low, found.high, -case.effect)


PIECE = Check("The interval of a paired difference of rates covers it", simulate, grid((0.0, 0.05)))

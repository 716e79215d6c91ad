"""Does the interval of the share of a score that is kept hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.retained import retention
from stresslab.validity._curve import FALL, estimated
from stresslab.validity._draw import grid
from stresslab.validity._kind import Case, Check


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the retention covers it; NaN where none is right at first."""
    return estimated(
        case,
        runs,
        rng,
        lambda values, cluster: retention(values, cluster, level=level, bounds=(0.0, 1.0)),
        FALL[-1],
    )


PIECE = Check(
    "The interval of the share that is kept at the last tier covers it",
    simulate, grid(), together=200_000,
)  # fmt: skip

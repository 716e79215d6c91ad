"""Does the interval of a slope over the tiers hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.trend import slope
from stresslab.validity._curve import FALL, estimated
from stresslab.validity._draw import grid
from stresslab.validity._kind import Case, Check


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the slope covers it, in every run."""
    truth = float(np.polyfit(np.arange(len(FALL)), case.share * FALL, 1)[0])
    return estimated(
        case,
        runs,
        rng,
        lambda values, cluster: slope(values, cluster, rate=True, level=level),
        truth,
    )


PIECE = Check(
    "The interval of a slope over tiers covers it",
    simulate,
    grid(),
    together=200_000,
)

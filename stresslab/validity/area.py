"""Does the interval of the area under the tier curve hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.trend import area
from stresslab.validity._curve import FALL, estimated
from stresslab.validity._draw import grid
from stresslab.validity._kind import Case, Check


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the area covers it, in every run."""
    truth = float(np.trapezoid(case.share * FALL) / (len(FALL) - 1))
    return estimated(
        case,
        runs,
        rng,
        lambda values, cluster: area(values, cluster, rate=True, level=level),
        truth,
    )


PIECE = Check(
    "The interval of the area under the tier curve covers it",
    simulate,
    grid(),
    together=200_000,
)

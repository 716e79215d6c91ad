"""Does the interval of the share of items that still hold keep its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.breaks import survival
from stresslab.validity._draw import DESIGNS, SHARES, covered, curves
from stresslab.validity._kind import Case, Check


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the share that holds to the last tier covers it.

    Items are right at the first tier (no other counts) and break once: those that hold to the last
    tier are `case.share` of them.
    """
    shares = np.array([1.0, (1 + case.share) / 2, case.share])
    values, cluster = curves(case, shares, runs, rng, kept=1.0)
    found = [survival(one, cluster, level=level).share for one in values]
    low, high = np.array([(one.low[-1], one.high[-1]) for one in found]).T
    return covered(low, high, case.share)


PIECE = Check(
    "The interval of the share of items that have not broken covers it",
    simulate,
    tuple(Case(*design, share) for design in DESIGNS for share in SHARES),
    together=200_000,
)

"""Does the interval of the share of broken items that recover hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.profiles import profiles
from stresslab.stats.tiers import means, recovering_moments
from stresslab.validity._curve import expected
from stresslab.validity._draw import covered, curves, grid
from stresslab.validity._kind import Case, Check


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the share recovering covers it; NaN where none broke."""
    shares = np.array([1.0, case.share, case.share])
    values, cluster = curves(case, shares, runs, rng)
    parts = [recovering_moments(profiles(one, cluster))[0] for one in values]
    found = means(parts, level=level)
    broke = expected(shares, lambda patterns: patterns.min(axis=1) == 0)
    again = expected(shares, lambda patterns: (patterns[:, 1] == 0) & (patterns[:, 2] == 1))
    return covered(found.low, found.high, again / broke)


PIECE = Check(
    "The interval of the share of broken items that are right again covers it",
    simulate, grid(), together=200_000,
)  # fmt: skip

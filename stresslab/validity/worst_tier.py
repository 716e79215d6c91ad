"""Does the interval of the mean of every item's worst tier hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.profiles import profiles
from stresslab.stats.tiers import means, worst_moments
from stresslab.validity._curve import FALL, expected
from stresslab.validity._draw import covered, curves, grid
from stresslab.validity._kind import Case, Check


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the mean of the worst tiers covers it, in every run."""
    values, cluster = curves(case, case.share * FALL, runs, rng)
    parts = [worst_moments(profiles(one, cluster), rate=True) for one in values]
    found = means(parts, level=level, bounds=(0.0, 1.0))
    truth = expected(case.share * FALL, lambda patterns: patterns.min(axis=1))
    return covered(found.low, found.high, truth)


PIECE = Check(
    "The interval of the mean over items of their worst tier covers it",
    simulate, grid(), together=200_000,
)  # fmt: skip

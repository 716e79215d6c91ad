"""Draw falling curves over four tiers, and put each run through a function of one curve."""

from collections.abc import Callable

import numpy as np

from stresslab.checks import Array
from stresslab.stats.trend import Estimate
from stresslab.validity._draw import covered, curves
from stresslab.validity._kind import Case

FALL = np.array([1.0, 0.95, 0.8, 0.7])
"""Share of the first tier's rate that is left at each tier."""


def estimated(
    case: Case,
    runs: int,
    rng: np.random.Generator,
    function: Callable[[Array, Array], Estimate],
    truth: float,
) -> Array:
    """Return whether the interval that a function of values and clusters gives covers the truth."""
    values, cluster = curves(case, case.share * FALL, runs, rng)
    found = [function(one, cluster) for one in values]
    low, high = np.array([(one.low, one.high) for one in found]).T
    return covered(low, high, truth)

"""Does the interval of a gap as a share of the value inside hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.gaps.relative import ratio_interval
from stresslab.stats.intervals import from_moments
from stresslab.validity._draw import covered, grid, side
from stresslab.validity._kind import Case, Check

KEPT = 0.8
"""True share of the value inside that is left outside."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval covers the ratio; one without an upper end covers all above."""
    ends = []
    for share in (KEPT * case.share, case.share):
        one = side(case, share, runs, rng)
        found = from_moments(
            one.total, one.n, one.n_clusters, one.ss, one.sd, one.dd, rate=True, level=level
        )
        ends += [found.value, found.low, found.high]
    value, low, high = ratio_interval(*ends)
    open_above = np.isfinite(value) & np.isnan(high)
    return covered(low, np.where(open_above, np.inf, high), KEPT)


PIECE = Check("The interval of a gap as a share of the value inside covers it", simulate, grid())

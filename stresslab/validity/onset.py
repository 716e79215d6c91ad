"""Do the differences to the first tier hold together, so that no onset is told too early?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.profiles import profiles
from stresslab.stats.tiers import NONE, from_first, steps
from stresslab.validity._curve import FALL
from stresslab.validity._draw import curves, grid
from stresslab.validity._kind import Case, Check

FLAT = np.array([1.0, 1.0, 1.0, 0.7])
"""Share of the first tier's rate that is left where the curve falls at the last tier only."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether all differences are covered and no onset is told before the true one."""
    left = FLAT if case.note else FALL
    values, cluster = curves(case, case.share * left, runs, rng)
    weights = from_first(len(left))
    parts = [(profiles(one, cluster), weights, True) for one in values]
    truth = case.share * (left[1:] - left[0])
    first = int(np.flatnonzero(truth < 0)[0]) + 1
    found = steps(parts, rate=True, level=level)
    return np.array(
        [
            bool(((one.low <= truth + 1e-12) & (truth <= one.high + 1e-12)).all())
            and (one.index == NONE or one.index >= first)
            for one in found
        ],
        float,
    )


PIECE = Check(
    "All differences to the first tier are covered, and no onset is told too early",
    simulate,
    (*grid(), *(Case(n, 1, 0.0, share, note="flat at first") for n in (20, 100, 1000)
                for share in (0.02, 0.5, 0.9))),
    together=200_000,
)  # fmt: skip

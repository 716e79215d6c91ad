"""Do the intervals of error consistency hold their level, of one group and of the mean of five?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.consistencies import consistencies
from stresslab.validity._curve import expected
from stresslab.validity._draw import DESIGNS, SHARES, covered, curves
from stresslab.validity._kind import Case, Check

GROUPS = 5
MEAN = f"mean of {GROUPS} groups"


def kappa(shares: Array) -> float:
    """Return the true kappa of two models."""
    agree = expected(shares, lambda patterns: patterns[:, 0] == patterns[:, 1])
    chance = float(shares.prod() + (1 - shares).prod())
    return (agree - chance) / (1 - chance)


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of kappa covers it; NaN where kappa is not defined."""
    shares = np.array([case.share, case.share + case.effect])
    values, cluster = curves(case, shares, runs, rng)
    ends = np.empty((2, runs))
    group = np.arange(len(cluster)) % GROUPS if case.note else np.zeros(len(cluster), int)
    for run, one in enumerate(values == 1):
        found = consistencies(
            list(one.T), [(0, 1)], cluster, group, GROUPS if case.note else 1, level=level
        )[0]
        low, high = (found.mean_low, found.mean_high) if case.note else (found.low, found.high)
        ends[:, run] = np.ravel(low)[0], np.ravel(high)[0]
    return covered(ends[0], ends[1], kappa(shares))


PIECE = Check(
    "The interval of error consistency covers it",
    simulate,
    (*(Case(*design, share, 0.05) for design in DESIGNS for share in SHARES),
     *(Case(n, rows, icc, share, 0.05, MEAN) for n, rows, icc in
       ((100, 1, 0.0), (100, 5, 0.3), (1000, 1, 0.0)) for share in (0.5, 0.9))),
    together=200_000,
)  # fmt: skip

"""Does the interval of the worst true rate of five groups hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.gaps.worst import level_of_each, worst
from stresslab.stats.intervals import from_moments
from stresslab.validity._draw import covered, grid, side
from stresslab.validity._kind import Case, Check

GROUPS = 5


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval covers the worst true rate; groups have that of the case."""
    shares = case.share * (1 - case.effect * np.arange(GROUPS))
    each = level_of_each(level, GROUPS)
    found = []
    for share in shares:
        one = side(case, float(share), runs, rng)
        found.append(from_moments(one.total, one.n, one.n_clusters, one.ss, one.sd, one.dd,
                                  rate=True, level=each))  # fmt: skip
    columns = [np.stack([getattr(one, name) for one in found], axis=1)
               for name in ("value", "low", "high")]  # fmt: skip
    ends = [worst(*one) for one in zip(*columns, strict=True)]
    return covered(
        np.array([one.low for one in ends]), np.array([one.high for one in ends]), shares.min()
    )


PIECE = Check(
    "The interval of the worst true rate of five groups covers it",
    simulate,
    tuple(
        Case(one.n_clusters, one.rows, one.icc, one.share, effect, "5 groups")
        for effect in (0.0, 0.1) for one in grid()
    ),
)  # fmt: skip

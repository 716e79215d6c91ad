"""Does a comparison on as many clusters as are said to be needed find its effect?"""

from dataclasses import replace

import numpy as np

from stresslab.checks import Array
from stresslab.stats.power import n_needed
from stresslab.validity._kind import Case, Check
from stresslab.validity._paired import compared

POWER = 0.8
PILOT = 50_000
"""Clusters of the comparison that says how many are needed: its own noise is not the question."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the difference was found on the number of clusters said to be needed."""
    alpha = 1 - level
    known = compared(replace(case, n_clusters=PILOT), 1, rng)
    needed = n_needed(
        replace(known, difference=np.array([abs(case.effect)])), alpha=alpha, power=POWER
    )
    again = compared(replace(case, n_clusters=int(needed[0])), runs, rng)
    return (again.p_value < alpha).astype(float)


PIECE = Check(
    "On as many clusters as are needed, four of five comparisons find the effect",
    simulate,
    tuple(
        Case(1, rows, icc, share, effect, "clusters as needed")
        for rows, icc in ((1, 0.0), (5, 0.0), (5, 0.3))
        for share, effect in ((0.02, 0.05), (0.5, -0.05), (0.5, -0.2), (0.9, -0.05), (0.9, -0.15))
    ),
    promise="at least", limit=lambda case: 0.79, together=2000,
)  # fmt: skip

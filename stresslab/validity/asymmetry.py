"""Does the interval of the asymmetry of a transfer hold its level?"""

import numpy as np

from stresslab.analyses._ood_transfer import two_ways
from stresslab.analyses._paired import Judge
from stresslab.checks import Array
from stresslab.stats.paired import paired_differences
from stresslab.validity._draw import covered, curves, grid
from stresslab.validity._kind import Case, Check

LOST = (0.3, 0.1)
"""What is lost on the way there and back, as a share of the rate of the model trained there."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the asymmetry covers it, in every run."""
    how = Judge(level, 0.8, "auto", None, (0.0, 1.0), 0)
    ways = [curves(case, case.share * np.array([1.0, 1 - lost]), runs, rng) for lost in LOST]
    values = np.concatenate([one for one, _ in ways])
    cluster = np.tile(ways[0][1], 2 * runs)
    group = np.repeat(np.arange(2 * runs), values.shape[1])
    found = paired_differences(
        values[:, :, 0].ravel(), values[:, :, 1].ravel(), cluster, group, 2 * runs, rate=True,
        level=level, rng=rng, draws=1,
    )  # fmt: skip
    told = two_ways(found, np.arange(runs), np.arange(runs, 2 * runs), how)
    return covered(told.low, told.high, case.share * (LOST[0] - LOST[1]))


PIECE = Check(
    "The interval of how much more is lost on the way there than back covers it",
    simulate, grid(), together=200_000,
)  # fmt: skip

"""Does the interval of how often two trials of one input differ hold its level?"""

import numpy as np

from stresslab.analyses._trials import flip_rate
from stresslab.checks import Array
from stresslab.validity._draw import covered, grid, uniforms
from stresslab.validity._kind import Case, Check

TRIALS = 5
EASIER = 0.8
"""Part of the room by which half of the inputs are easier, and half harder."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the flip rate covers it, in every run."""
    by = EASIER * min(case.share, 1 - case.share)
    chance = case.share + np.where(uniforms(case, runs, rng) < 0.5, by, -by)
    right = (rng.binomial(TRIALS, chance) / TRIALS).reshape(runs, -1)
    cluster = np.repeat(np.arange(case.n_clusters), case.rows)
    trials = np.full(right.shape[1], float(TRIALS))
    ends = np.array([flip_rate(one, trials, cluster, level)[1:] for one in right]).T
    both = np.array([case.share + by, case.share - by])
    return covered(ends[0], ends[1], float((2 * both * (1 - both)).mean()))


PIECE = Check(
    "The interval of the chance that two trials of one input differ covers it",
    simulate, grid(), together=1_000_000,
)  # fmt: skip

"""Does the interval of a paired difference hold when every answer is a mean over five trials?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.paired import paired_differences
from stresslab.validity._draw import covered, grid, uniforms
from stresslab.validity._kind import Case, Check

TRIALS = 5
"""Trials of every item and model."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of a difference of means over trials covers it."""
    # Half of the items are easier by as much as the rest is harder: trials of an item go together.
    easier = np.where(uniforms(case, runs, rng) < 0.5, 0.8, -0.8)
    shares = (case.share, case.share + case.effect)
    first, second = (
        rng.binomial(TRIALS, one + easier * min(one, 1 - one)) / TRIALS for one in shares
    )
    n = case.n_clusters * case.rows
    cluster = np.tile(np.repeat(np.arange(case.n_clusters), case.rows), runs)
    found = paired_differences(
        first.ravel(), second.ravel(), cluster, np.repeat(np.arange(runs), n), runs, rate=True,
        single_trial=False, level=level, rng=rng, draws=1,
    )  # fmt: skip
    return covered(found.low, found.high, -case.effect)


PIECE = Check(
    "The interval of a paired difference of means over five trials covers it",
    simulate, grid((0.0, 0.05)),
)  # fmt: skip

"""Does the interval of a paired difference of scores hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.paired import paired_differences
from stresslab.validity._draw import DESIGNS, covered, uniforms
from stresslab.validity._kind import Case, Check


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of a difference of scores without bounds covers it."""
    from scipy.special import ndtri

    gaps = ndtri(uniforms(case, runs, rng)) + case.effect
    n = case.n_clusters * case.rows
    cluster = np.tile(np.repeat(np.arange(case.n_clusters), case.rows), runs)
    found = paired_differences(
        gaps.ravel(), np.zeros(gaps.size), cluster, np.repeat(np.arange(runs), n), runs, rate=False,
        level=level, rng=rng, draws=1,
    )  # fmt: skip
    return covered(found.low, found.high, case.effect)


PIECE = Check(
    "The interval of a paired difference of scores covers it",
    simulate, tuple(Case(*design, 0.5, 0.2, "normal") for design in DESIGNS),
)  # fmt: skip

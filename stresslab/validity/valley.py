"""Do the intervals of the critical complexity, and of the widest gap, hold their level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.gaps.valley import critical_interval, widest_interval
from stresslab.stats.unpaired import unpaired_differences
from stresslab.validity._draw import covered, side
from stresslab.validity._kind import Case, Check

SHAPE = np.array([0.2, 0.6, 1.0, 0.7, 0.3])
"""Gap at five levels, as a share of the widest one."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the widest gap, or of its level, covers it."""
    gaps, errors = np.empty((2, runs, len(SHAPE)))
    for place, part in enumerate(SHAPE):
        inside = side(case, case.share, runs, rng)
        outside = side(case, case.share - case.effect * float(part), runs, rng)
        found = unpaired_differences(inside, outside, level=level, bounds=(0.0, 1.0))
        gaps[:, place] = found.difference
        errors[:, place] = found.sd_cluster / np.sqrt(found.n_clusters)
    levels = np.arange(1.0, len(SHAPE) + 1)
    ends = np.empty((2, runs))
    for run in range(runs):
        if case.note == "widest gap":
            ends[:, run] = widest_interval(gaps[run], errors[run], level=level)
        else:
            ends[:, run] = critical_interval(gaps[run], errors[run], levels, rng=rng, level=level)[
                :2
            ]
    truth = case.effect if case.note == "widest gap" else float(levels[SHAPE.argmax()])
    return covered(ends[0], ends[1], truth)


PIECE = Check(
    "The intervals of the critical complexity and of the widest gap cover them",
    simulate,
    tuple(
        Case(n, rows, icc, share, effect, note)
        for note in ("critical level", "widest gap")
        for n, rows, icc in ((20, 1, 0.0), (100, 1, 0.0), (100, 5, 0.3), (1000, 1, 0.0))
        for share, effect in ((0.5, 0.1), (0.9, 0.1), (0.9, 0.4))
    ),
)  # fmt: skip

"""Does the interval of a slice minus all other rows hold its level, with clusters on both sides?"""

import numpy as np

from stresslab.checks import Array
from stresslab.slices.measure import measure
from stresslab.validity._draw import covered, grid, uniforms
from stresslab.validity._kind import Case, Check

INSIDE = 0.3
"""Chance of a row to lie in the slice, whatever its cluster."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the difference covers the effect, in every run."""
    cluster = np.repeat(np.arange(case.n_clusters), case.rows)
    drawn = uniforms(case, runs, rng).reshape(runs, -1)
    inside = rng.random(drawn.shape) < INSIDE
    values = (drawn < case.share + case.effect * inside).astype(float)
    ends = np.empty((2, runs))
    for run in range(runs):
        found = measure(inside[run][None], values[run], cluster, rate=True, level=level)
        ends[:, run] = found.difference_low[0], found.difference_high[0]
    return covered(ends[0], ends[1], case.effect)


PIECE = Check(
    "The interval of a slice minus all other rows covers it", simulate, grid((0.0, 0.05)),
    together=200_000,
)  # fmt: skip

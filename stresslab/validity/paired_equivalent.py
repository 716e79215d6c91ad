"""How often are models called equivalent that differ by the margin?"""

import numpy as np

from stresslab.checks import Array
from stresslab.validity._draw import grid
from stresslab.validity._kind import Case, Check
from stresslab.validity._paired import compared


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether models that differ by the margin passed as equivalent, in every run."""
    found = compared(case, runs, rng, level=level, margin=abs(case.effect))
    return (found.p_tost < 1 - level).astype(float)


PIECE = Check(
    "Models that differ by the margin are called equivalent at most as often as said",
    simulate, grid((0.05,)), promise="at most", limit=lambda case: 0.05,
)  # fmt: skip

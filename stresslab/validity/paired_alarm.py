"""How often is a model called better or worse that is neither?"""

import numpy as np

from stresslab.checks import Array
from stresslab.validity._draw import grid
from stresslab.validity._kind import Case, Check
from stresslab.validity._paired import compared


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether two equal models were told apart, in every run."""
    return (compared(case, runs, rng, level=level).p_value < 1 - level).astype(float)


PIECE = Check(
    "Two equal models are called better or worse at most as often as said",
    simulate, grid(), promise="at most", limit=lambda case: 0.05,
)  # fmt: skip

"""Do the intervals of a midpoint, a vertex and a changepoint hold their level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.dose import fits
from stresslab.stats.profiles import profiles
from stresslab.stats.tiers import tier_means
from stresslab.validity._draw import covered, curves
from stresslab.validity._kind import Case, Check

TIERS = np.arange(6.0)
SHAPES = {"logistic": 2.3, "quadratic": 2.3, "changepoint": 1.7}
"""Where the mark of each shape truly lies."""


def shares_of(shape: str, share: float) -> Array:
    """Return the rates of a curve of a shape whose largest rate is `share`."""
    mark = SHAPES[shape]
    if shape == "logistic":
        found: Array = share / (1 + np.exp((TIERS - mark) / 0.6))
    elif shape == "quadratic":
        found = share - 0.05 * share * (TIERS - mark) ** 2
    else:
        found = share - 0.2 * share * np.maximum(TIERS - mark, 0.0)
    return found


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the mark covers it; NaN where the fit has no mark."""
    shape = case.note
    values, cluster = curves(case, shares_of(shape, case.share), runs, rng)
    ends = np.full((2, runs), np.nan)
    for run, one in enumerate(values):
        means = tier_means(profiles(one, cluster))
        for fit in fits(means, TIERS, floor=0.0, ceiling=1.0, level=level):
            if fit.shape == shape and np.isfinite(fit.mark):
                ends[:, run] = fit.mark_low, fit.mark_high
    return covered(ends[0], ends[1], SHAPES[shape])


PIECE = Check(
    "The interval of a midpoint, vertex or changepoint covers it where the curve has that shape",
    simulate,
    tuple(
        Case(n, rows, icc, share, note=shape)
        for shape in SHAPES
        for n, rows, icc in ((20, 1, 0.0), (100, 1, 0.0), (100, 5, 0.3), (1000, 1, 0.0))
        for share in (0.5, 0.9)
    ),
    together=200_000,
)  # fmt: skip

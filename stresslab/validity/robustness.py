"""Do the intervals of effective robustness, and of the line's slope, hold their level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.gaps.line import on_the_line, robustness
from stresslab.stats.unpaired import value_and_variance
from stresslab.validity._draw import covered, side
from stresslab.validity._kind import Case, Check

MODELS = 8
SPAN = 0.25
"""The models' rates inside lie so far on either side of `case.share`."""

STEPS = 15
"""Quantiles of a normal distribution that stand for it where models scatter."""

SLOPE, INTERCEPT, SCATTER = 0.9, -0.3, 0.1
"""Of the line on the probit scale, and of the models around it."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the first model's distance, or of the slope, covers it.

    The first model lies `case.effect` above the line; the others scatter around it.
    """
    from scipy.special import ndtr, ndtri

    span = min(SPAN, (1 - case.share) * 0.9)
    inside = np.linspace(case.share - span, case.share + span, MODELS)
    inside[[0, MODELS // 2]] = inside[[MODELS // 2, 0]]  # the first one in the middle
    line = INTERCEPT + SLOPE * ndtri(inside)
    away = SCATTER * ndtri((np.arange(STEPS) + 0.5) / STEPS)
    place = rng.integers(STEPS, size=(MODELS, runs))
    if case.note == "robustness":
        away = np.append(away, 0.0)
        place[0] = STEPS
    x, y, se_x, se_y = np.empty((4, MODELS, runs))
    for model in range(MODELS):
        x[model], se_x[model] = _shown(case, float(inside[model]), runs, rng)
        for step, one in enumerate(away):
            mine = place[model] == step
            if not mine.any():
                continue
            rate = float(ndtr(line[model] + one)) + (case.effect if step == STEPS else 0.0)
            y[model, mine], se_y[model, mine] = _shown(case, rate, int(mine.sum()), rng)
    ends = np.empty((2, runs))
    for run in range(runs):
        if case.note == "slope":
            fitted = on_the_line(x[:, run], y[:, run], se_x[:, run], level=level)
            ends[:, run] = fitted.slope_low, fitted.slope_high
        else:
            told = robustness(x[:, run], y[:, run], se_x[:, run], se_y[:, run], level=level)
            ends[:, run] = told.low[0], told.high[0]
    return covered(ends[0], ends[1], SLOPE if case.note == "slope" else case.effect)


def _shown(case: Case, rate: float, runs: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return rates as they are measured, and their standard errors."""
    value, variance = value_and_variance(side(case, rate, runs, rng))
    return value, np.sqrt(variance)


PIECE = Check(
    "The intervals of effective robustness and of the slope of the line cover them",
    simulate,
    tuple(
        Case(n, rows, icc, share, effect, note)
        for note, effect in (("robustness", 0.0), ("robustness", 0.1), ("slope", 0.0))
        for n, rows, icc in ((20, 1, 0.0), (100, 1, 0.0), (100, 5, 0.3), (1000, 1, 0.0))
        for share in (0.5, 0.8)
    ),
)  # fmt: skip

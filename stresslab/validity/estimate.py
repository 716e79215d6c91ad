"""Do the intervals of an estimate without labels, and of its error, hold their level?"""

import numpy as np

from stresslab import estimators
from stresslab.analyses._estimates import DRAWS, numbers_of
from stresslab.checks import Array
from stresslab.evidence import Evidence
from stresslab.validity._draw import DESIGNS, covered, uniforms
from stresslab.validity._kind import Case, Check

TOO_SURE = 0.05
"""How much larger the mean confidence is than the share right."""

WIDTH = 0.15
"""Confidences lie so far on either side of their mean."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the mean confidence, or of its error, covers it."""
    piece = estimators.get("average_confidence")
    weighted = piece.weighted
    if weighted is None:
        raise ValueError("average_confidence is a mean")
    mean = case.share + TOO_SURE
    confidence = mean + WIDTH * (2 * uniforms(case, runs, rng).reshape(runs, -1) - 1)
    right = rng.random(confidence.shape) < confidence - TOO_SURE
    n = case.n_clusters
    ends = np.empty((2, runs))
    for run in range(runs):
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS)
        weights = np.vstack([np.ones(n), drawn])[:, np.repeat(np.arange(n), case.rows)]
        on = weighted(Evidence(), np.ones((len(weights), 0)))
        made = on(Evidence(confidence=confidence[run]), weights)
        truly = weights @ right[run] / weights.sum(axis=1)
        told = numbers_of(made[None], truly[None], piece, level)[0]
        ends[:, run] = told[f"{case.note}low"], told[f"{case.note}high"]
    return covered(ends[0], ends[1], TOO_SURE if case.note else mean)


PIECE = Check(
    "The intervals of an estimate without labels and of its error cover them",
    simulate,
    tuple(
        Case(*design, share, note=note)
        for note in ("", "error_")
        for design in DESIGNS
        for share in (0.5, 0.75)
        if design[0] < 1000
    ),
    together=20_000,
)  # fmt: skip

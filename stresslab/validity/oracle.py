"""Do the intervals of an oracle's share right, and of its gain, hold their level?"""

import numpy as np

from stresslab.analyses._overlap_patterns import Patterns, oracle, shares
from stresslab.checks import Array
from stresslab.stats.marks import marked
from stresslab.validity._curve import expected
from stresslab.validity._draw import covered, curves, grid
from stresslab.validity._kind import Case, Check

LESS = np.array([1.0, 1.0, 0.8])
"""Rates of the models, as shares of the first one's: two lead alike, so the leader is picked."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether both intervals of the last step cover, in every run."""
    rates = case.share * LESS
    values, cluster = curves(case, rates, runs, rng)
    some = expected(rates, lambda patterns: patterns.max(axis=1))
    gain = some - rates
    ends, truth = np.empty((2, runs)), np.empty(runs)
    for run, one in enumerate(values == 1):
        rows = marked(list(one.T))
        n = np.bincount(rows.code, minlength=len(rows.right))
        found = Patterns(("a", "b", "c"), list(one.T), cluster, cluster, rows.code, ~rows.right, n)
        steps = oracle(found)
        first, last = steps[0], steps[-1]
        chosen = last[1] if case.note == "right" else last[1] & ~first[1]
        told = shares(found, [chosen], level)[0]
        ends[:, run] = told["low"], told["high"]
        truth[run] = some if case.note == "right" else gain[first[0]]
    return np.where(np.isnan(ends).any(axis=0), np.nan, _inside(ends, truth))


def _inside(ends: Array, truth: Array) -> Array:
    return np.array([covered(low, high, one) for low, high, one in zip(*ends, truth, strict=True)])


PIECE = Check(
    "The intervals of an oracle's share right and of its gain over the best model cover them",
    simulate,
    tuple(
        Case(one.n_clusters, one.rows, one.icc, one.share, note=note)
        for note in ("right", "gain") for one in grid()
    ),
    together=200_000,
)  # fmt: skip

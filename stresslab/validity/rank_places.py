"""Do the places that corrected pairs leave to every model hold the true ones, all at once?"""

import itertools

import numpy as np

from stresslab.checks import Array
from stresslab.ratings.ranks import allowed_places
from stresslab.stats.family import settle
from stresslab.stats.marks import marked
from stresslab.stats.paired_marks import differences_of_marks
from stresslab.validity._draw import curves
from stresslab.validity._kind import Case, Check

STEPS = np.array([0.0, 0.0, 1.0, 1.0, 2.0])
"""How many effects each model lies below the first: two lead alike."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the places of all models are allowed; level models may share any of theirs."""
    shares = case.share - case.effect * STEPS
    values, cluster = curves(case, shares, runs, rng)
    k = len(shares)
    pairs = list(itertools.combinations(range(k), 2))
    truly = allowed_places(shares[:, None] > shares[None, :] + 1e-12)
    group = np.zeros(len(cluster), dtype=int)
    held = np.empty(runs)
    for run, one in enumerate(values == 1):
        found = differences_of_marks(
            marked(list(one.T)), pairs, cluster, group, 1, level=level, rng=lambda: rng
        )
        wins = np.zeros((k, k), dtype=bool)
        for (a, b), verdict in zip(pairs, settle([found], level=level).verdict, strict=True):
            wins[a, b], wins[b, a] = verdict == "better", verdict == "worse"
        low, high = allowed_places(wins)
        held[run] = (low <= truly[0]).all() and (high >= truly[1]).all()
    return held


PIECE = Check(
    "The places that corrected pairs leave to five models hold all their true ones",
    simulate,
    tuple(
        Case(n, rows, icc, share, effect, "5 models")
        for effect in (0.0, 0.05)
        for n, rows, icc in ((20, 1, 0.0), (100, 1, 0.0), (100, 5, 0.3), (1000, 1, 0.0))
        for share in (0.5, 0.9)
    ),
    together=20_000,
)  # fmt: skip

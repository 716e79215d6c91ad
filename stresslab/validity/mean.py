"""Does the interval of a mean of scores between 0 and 1 hold its level, skewed ones included?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.intervals import from_moments
from stresslab.validity._draw import DESIGNS, SHARES, covered, uniforms
from stresslab.validity._kind import Case, Check

SPREAD = 2.0
"""Sum of the parameters of the beta distribution of scores."""


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of a mean of beta distributed scores covers it."""
    from scipy.special import betaincinv

    points = np.linspace(0, 1, 20_001)
    quantiles = betaincinv(SPREAD * case.share, SPREAD * (1 - case.share), points)
    truth = float(np.mean((quantiles[1:] + quantiles[:-1]) / 2))
    scores = np.interp(uniforms(case, runs, rng), points, quantiles)
    totals, n = scores.sum(axis=2), case.n_clusters * case.rows
    found = from_moments(
        totals.sum(axis=1), n, case.n_clusters, (totals**2).sum(axis=1),
        totals.sum(axis=1) * case.rows, n * case.rows, sq=(scores**2).sum(axis=(1, 2)),
        level=level, bounds=(0.0, 1.0),
    )  # fmt: skip
    return covered(found.low, found.high, truth)


PIECE = Check(
    "The interval of a mean of scores covers it",
    simulate,
    tuple(Case(*design, share) for design in DESIGNS for share in SHARES),
)

"""Draw falling curves over four tiers, and put each run through a function of one curve."""

import itertools
from collections.abc import Callable

import numpy as np

from stresslab.checks import Array
from stresslab.stats.trend import Estimate
from stresslab.validity._draw import covered, curves
from stresslab.validity._kind import Case

FALL = np.array([1.0, 0.95, 0.8, 0.7])
"""Share of the first tier's rate that is left at each tier."""


def estimated(
    case: Case,
    runs: int,
    rng: np.random.Generator,
    function: Callable[[Array, Array], Estimate],
    truth: float,
) -> Array:
    """Return whether the interval that a function of values and clusters gives covers the truth."""
    values, cluster = curves(case, case.share * FALL, runs, rng)
    found = [function(one, cluster) for one in values]
    low, high = np.array([(one.low, one.high) for one in found]).T
    return covered(low, high, truth)


def expected(shares: Array, function: Callable[[Array], Array], *, kept: float = 0.7) -> float:
    """Return the mean, over items as `curves` draws them, of a function of right and wrong.

    Parameters
    ----------
    shares : ndarray of shape (n_tiers,)
        Chance to be right at each tier.
    function : callable
        Takes patterns of shape (n_patterns, n_tiers) of 0 and 1, gives a number for each.
    kept : float
        Chance that an item meets a tier with its own number.
    """
    shares = np.asarray(shares, float)
    patterns = np.array(list(itertools.product((0.0, 1.0), repeat=len(shares))))
    worth = np.asarray(function(patterns), float)
    edges = np.unique(np.concatenate([[0.0, 1.0], shares]))
    total = 0.0
    for low, high in itertools.pairwise(edges):
        own = ((low + high) / 2 < shares).astype(float)
        right = kept * own + (1 - kept) * shares
        chance = np.where(patterns == 1, right, 1 - right).prod(axis=1)
        total += (high - low) * float(chance @ worth)
    return total

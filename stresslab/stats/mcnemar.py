"""McNemar's exact test of two models on the same independent items."""

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array


def mcnemar_exact(wins: ArrayLike, losses: ArrayLike) -> Array:
    """Return the two-sided exact p value of McNemar's test.

    Valid only when every pair is its own cluster and every model answered once.

    Parameters
    ----------
    wins, losses : array_like of int
        Pairs only the first model has right, and only the second; any common shape.

    Returns
    -------
    ndarray
        Twice the smaller tail of Binomial(wins + losses, 1/2), at most 1; 1 without any such pair.

    References
    ----------
    McNemar (1947), Note on the sampling error of the difference between correlated proportions.
    """
    from scipy.special import betainc

    wins, losses = np.broadcast_arrays(np.asarray(wins, float), np.asarray(losses, float))
    fewer, more = np.minimum(wins, losses), np.maximum(wins, losses)
    # P(X <= k) for X ~ Binomial(n, 1/2) is the incomplete beta function at (n - k, k + 1).
    tail = betainc(np.maximum(more, 0.5), fewer + 1, 0.5)
    return np.where(more > fewer, np.minimum(1.0, 2 * tail), 1.0)

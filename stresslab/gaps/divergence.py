"""How far two mixes, two ways to go on, or two sets of scores are apart, in bits."""

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError, TooFewRowsError

GRID = 100
"""Points of the grid on which densities are compared."""


def jensen_shannon(p: Array, q: Array) -> float:
    """Return the Jensen-Shannon divergence of two mixes: 0 if equal, 1 bit if disjoint.

    Parameters
    ----------
    p, q : ndarray of shape (n_kinds,)
        Counts or shares, not negative; each is scaled to a sum of 1.

    Raises
    ------
    ShapeError
        If the two do not name the same kinds or hold a negative number.
    TooFewRowsError
        If one sums to 0.

    References
    ----------
    Lin (1991), Divergence measures based on the Shannon entropy.
    """
    p, q = np.asarray(p, float), np.asarray(q, float)
    if p.shape != q.shape or p.ndim != 1 or (p < 0).any() or (q < 0).any():
        raise ShapeError(f"Two mixes need the same kinds and no negative counts; got {p}, {q}.")
    if not p.sum() > 0 or not q.sum() > 0:
        raise TooFewRowsError("A mix needs at least one count; got none.")
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    found = (_relative(p, middle) + _relative(q, middle)) / 2
    return float(min(max(found, 0.0), 1.0))


def transition_divergence(p: Array, q: Array) -> float:
    """Return the mean divergence of two ways to go on, over states by how often they are met.

    Parameters
    ----------
    p, q : ndarray of shape (n_states, n_states)
        Counts of transitions. A state met on one side only is as far as can be: 1 bit.
    """
    p, q = np.asarray(p, float), np.asarray(q, float)
    if p.shape != q.shape or p.ndim != 2:
        raise ShapeError(f"Two tables of transitions need one shape; got {p.shape}, {q.shape}.")
    if not p.sum() > 0 or not q.sum() > 0:
        raise TooFewRowsError("A table of transitions needs at least one; got none.")
    weight = p.sum(axis=1) / p.sum() / 2 + q.sum(axis=1) / q.sum() / 2
    both = (p.sum(axis=1) > 0) & (q.sum(axis=1) > 0)
    apart = [jensen_shannon(a, b) if met else 1.0 for a, b, met in zip(p, q, both, strict=True)]
    return float(np.asarray(apart) @ weight)


def score_divergence(a: Array, b: Array) -> float:
    """Return the divergence of two sets of scores, through kernel densities on a grid of 100.

    Parameters
    ----------
    a, b : ndarray
        Scores; NaN is left out. NaN is returned where a side has fewer than two different ones.

    References
    ----------
    Silverman (1986) for the width of the kernel.
    """
    a, b = (np.asarray(one, float)[np.isfinite(one)] for one in (a, b))
    if min(len(np.unique(a)), len(np.unique(b))) < 2:
        return float("nan")
    widths = [1.06 * one.std(ddof=1) * len(one) ** -0.2 for one in (a, b)]
    reach = 3 * max(widths)
    grid = np.linspace(min(a.min(), b.min()) - reach, max(a.max(), b.max()) + reach, GRID)
    p, q = (_density(one, width, grid) for one, width in zip((a, b), widths, strict=True))
    return jensen_shannon(p, q)


def _density(scores: Array, width: float, grid: Array) -> Array:
    distinct, counts = np.unique(scores, return_counts=True)
    kernel = np.exp(-(((grid[:, None] - distinct[None, :]) / width) ** 2) / 2)
    return np.asarray(kernel @ counts)


def _relative(p: Array, middle: Array) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / middle[there])).sum())

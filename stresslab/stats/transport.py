"""Optimal transport of many points onto a few classes of given weight, exact."""

from itertools import pairwise

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError

CLOSE = 1e-12


def onto_classes(costs: Array, shares: Array) -> float:
    """Return the least mean cost of sending points to classes that must be filled exactly.

    Every point starts at its cheapest class; as long as a class holds too much, the cheapest path
    of exchanges from a class with too much to one with too little moves as much as it can. Each
    path is shortest, so the flow stays optimal (successive shortest paths on the graph of
    classes).

    Parameters
    ----------
    costs : ndarray of shape (n, n_classes)
        Cost of each point at each class.
    shares : ndarray of shape (n_classes,)
        Weight of each class; they sum to 1. Each point weighs 1 / n.

    Raises
    ------
    ShapeError
        If shapes disagree or weights do not sum to 1.

    References
    ----------
    Ahuja, Magnanti and Orlin (1993), Network flows, chapter 9.4.
    """
    costs, shares = np.asarray(costs, float), np.asarray(shares, float)
    if costs.ndim != 2 or shares.shape != costs.shape[1:] or abs(shares.sum() - 1) > 1e-9:
        raise ShapeError(
            "Transport needs one cost per point and class, and weights that sum to 1; got shapes "
            f"{costs.shape} and {shares.shape}, sum {shares.sum():g}."
        )
    n, n_classes = costs.shape
    held = np.zeros((n, n_classes))
    held[np.arange(n), costs.argmin(axis=1)] = 1 / n
    surplus = held.sum(axis=0) - shares
    steps = [_cheapest(costs, held, one) for one in range(n_classes)]
    while (surplus > CLOSE).any() and (surplus < -CLOSE).any():
        path = _shortest(np.array([one[0] for one in steps]), surplus)
        rows = [int(steps[a][1][b]) for a, b in pairwise(path)]
        amounts = [held[row, a] for row, a in zip(rows, path[:-1], strict=True)]
        amount = min(surplus[path[0]], -surplus[path[-1]], *amounts)
        for row, a, b in zip(rows, path[:-1], path[1:], strict=True):
            left = held[row, a] - amount
            held[row, a] = left if left > CLOSE / n else 0.0
            held[row, b] += amount
        surplus[path[0]] -= amount
        surplus[path[-1]] += amount
        for one in path:
            steps[one] = _cheapest(costs, held, one)
    return float((held * costs).sum())


def _cheapest(costs: Array, held: Array, one: int) -> tuple[Array, Array]:
    """Return the least extra cost of moving something from a class to each, and which point."""
    inside = np.flatnonzero(held[:, one] > 0)
    if not len(inside):
        return np.full(costs.shape[1], np.inf), np.zeros(costs.shape[1], int)
    extra = costs[inside] - costs[inside, one][:, None]
    least = extra.argmin(axis=0)
    return extra[least, np.arange(costs.shape[1])], inside[least]


def _shortest(lengths: Array, surplus: Array) -> list[int]:
    """Return the cheapest path of classes from one with too much to one with too little."""
    n = len(lengths)
    far = np.where(surplus > CLOSE, 0.0, np.inf)
    before = np.full(n, -1)
    for _ in range(n):
        through = far[:, None] + lengths
        best = through.argmin(axis=0)
        shorter = through[best, np.arange(n)] < far - CLOSE
        if not shorter.any():
            break
        far = np.where(shorter, through[best, np.arange(n)], far)
        before = np.where(shorter, best, before)
    goal = int(np.where(surplus < -CLOSE, far, np.inf).argmin())
    path = [goal]
    while before[path[-1]] >= 0 and len(path) <= n:
        path.append(int(before[path[-1]]))
    return path[::-1]

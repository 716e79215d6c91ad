"""How much of the neighbourhoods of a space a map keeps: exact, for a sample of points."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_rows_match
from stresslab.errors import TooFewRowsError
from stresslab.stats.neighbours import nearest

ROWS_AT_A_TIME = 256


@dataclass(frozen=True)
class MapQuality:
    """What a map keeps.

    Parameters
    ----------
    trustworthiness : float
        1 minus the penalised share of map neighbours that are none in the space, in [0, 1].
    preservation : float
        Share of the k nearest in the space that are among the k nearest on the map, in [0, 1].
    k : int
        Neighbours looked at.
    n_sampled, n : int
        Points whose neighbourhoods were looked at, exactly and among all n.
    low, high : float
        95 % interval of trustworthiness from the points sampled.
    """

    trustworthiness: float
    preservation: float
    k: int
    n_sampled: int
    n: int
    low: float
    high: float


def map_quality(
    vectors: Array, places: Array, *, k: int = 15, sample: int = 2000, seed: int = 0
) -> MapQuality:
    """Return how well a map keeps the neighbourhoods of a space.

    Parameters
    ----------
    vectors : ndarray of shape (n, dimension)
        In the space.
    places : ndarray of shape (n, 2)
        On the map.
    k : int
        Neighbours looked at; less than n / 2, else fewer are taken.
    sample : int
        Points whose neighbours are looked at; all if there are no more.

    Raises
    ------
    TooFewRowsError
        If there are less than five points.

    References
    ----------
    Venna and Kaski (2001), Neighborhood preservation in nonlinear projection methods, eq. 1.
    """
    n = check_rows_match(vectors, places)
    if n < 5:
        raise TooFewRowsError(f"Neighbourhoods need at least 5 points; got {n}.")
    k = min(k, (n - 1) // 2)
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(n, min(sample, n), replace=False))
    drawn = np.asarray(places, dtype=np.float64)
    _, on_map = nearest(drawn, drawn[chosen], k + 1)
    own = on_map == chosen[:, None]
    own[~own.any(axis=1), -1] = True  # among more than k duplicates: the last one goes
    on_map = on_map[~own].reshape(len(chosen), k)
    ours = np.asarray(vectors, dtype=np.float32)
    ours = ours - ours.mean(axis=0)
    squares = np.einsum("ij,ij->i", ours, ours)
    penalty, kept = np.empty(len(chosen)), np.empty(len(chosen))
    for start in range(0, len(chosen), ROWS_AT_A_TIME):
        rows = chosen[start : start + ROWS_AT_A_TIME]
        apart = squares - 2 * (ours[rows] @ ours.T)
        apart[np.arange(len(rows)), rows] = np.inf
        near = on_map[start : start + ROWS_AT_A_TIME]
        here = np.take_along_axis(apart, near, 1)
        ranks = np.stack([(apart < one[:, None]).sum(axis=1) for one in here.T], axis=1) + 1
        penalty[start : start + len(rows)] = np.maximum(ranks - k, 0).sum(axis=1)
        kept[start : start + len(rows)] = (ranks <= k).mean(axis=1)
    per_point = 1 - 2 / (k * (2 * n - 3 * k - 1)) * penalty
    mean, spread = float(per_point.mean()), 0.0
    if len(chosen) < n:
        spread = 1.96 * float(per_point.std(ddof=1)) / np.sqrt(len(chosen))
    shrink = np.sqrt(1 - len(chosen) / n)
    return MapQuality(
        mean, float(kept.mean()), k, len(chosen), n,
        max(0.0, float(mean - spread * shrink)), min(1.0, float(mean + spread * shrink)),
    )  # fmt: skip

"""Profile intervals of a mark of a curve: how far chi2 may rise, and at which places it does."""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.intervals import t_quantile

PLACES = 41
"""Places on either side of the best."""


def reach(level: float, n_clusters: int, n_tiers: int) -> float:
    """Return the chi2 above the best within which a mark may lie.

    The weights of the tiers come from the clusters, too: the square of a t quantile, as Hotelling's
    statistic takes it. Chi2's own point covered 89 to 91 % in 20 clusters of 6 tiers.
    """
    spare = max(n_clusters - n_tiers, 1)
    return float(t_quantile(level, spare)) ** 2 * (n_clusters - 1) / spare


def within(
    places: Array, distance: Array, chi2: float, spare: int, mark: float, reach: float
) -> tuple[float, float]:
    """Return between which places the best curve is not clearly worse: a profile interval.

    Where even the best is further away than chance, the scale grows with it. Between places the
    root of what chi2 is above the best goes along a straight line.
    """
    limit = float(np.sqrt(reach * max(1.0, chi2 / max(spare, 1))))
    above = np.sqrt(np.maximum(distance - chi2, 0.0))
    near = np.flatnonzero(above <= limit)
    if not near.size:
        return mark, mark
    found = []
    for inner, step in ((int(near[0]), -1), (int(near[-1]), 1)):
        outer = inner + step
        place = float(places[inner])
        if 0 <= outer < len(places):
            part = (limit - above[inner]) / (above[outer] - above[inner])
            place += float(part * (places[outer] - places[inner]))
        found.append(place)
    return min(found[0], mark), max(found[1], mark)


def around(middle: float, first: float, last: float) -> Array:
    """Return places between two ends that lie closer the nearer they are to the middle."""
    away = (last - first) * np.append(0.0, np.geomspace(1e-4, 1.0, PLACES))
    return np.unique(np.clip(np.append(middle - away, middle + away), first, last))

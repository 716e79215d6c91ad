"""Points and polygons: which points lie inside, and outlines of fewer corners."""

from collections.abc import Sequence

import numpy as np

from stresslab.checks import Array

Polygon = Sequence[tuple[float, float]]


def inside(x: Array, y: Array, polygon: Polygon) -> Array:
    """Return a mask of the points inside a polygon, each edge looking at points of its height.

    A point is inside if a ray to the right crosses the outline an odd number of times; the lower
    end of an edge belongs to it, the upper end does not. The same as ``within(...)``.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Points; NaN is nowhere.
    polygon : sequence of (x, y)
        Corners in order.
    """
    corners = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
    found = np.zeros(len(x), dtype=bool)
    if len(corners) < 3:
        return found
    (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))
    near = near[np.argsort(y[near], kind="stable")]
    px, py = x[near], y[near]
    odd = np.zeros(len(near), dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            start, stop = np.searchsorted(py, (min(y0, y1), max(y0, y1)))
            at = (py[start:stop] - y0) * ((x1 - x0) / (y1 - y0)) + x0
            odd[start:stop] ^= px[start:stop] < at
    found[near] = odd
    return found


def simplified(polygon: Polygon, most: int = 200) -> list[tuple[float, float]]:
    """Return an outline of at most `most` corners: those go first that change the area least.

    References
    ----------
    Visvalingam and Whyatt (1993), Line generalisation by repeated elimination of points.
    """
    corners = [(float(x), float(y)) for x, y in polygon]
    while len(corners) > most:
        before, here = np.roll(corners, 1, axis=0), np.array(corners)
        after = np.roll(corners, -1, axis=0)
        a, b = here - before, after - before
        areas = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
        del corners[int(areas.argmin())]
    return corners

"""How well one region of an image covers another, and how well their outlines meet."""

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError, ShapeError


def dice(a: Array, b: Array) -> float:
    """Return the Dice coefficient ``2 |A and B| / (|A| + |B|)``; 1 where both are empty.

    Parameters
    ----------
    a, b : ndarray of bool, any common shape
        Whether a pixel or voxel lies inside.

    Raises
    ------
    ShapeError
        If the shapes differ.

    References
    ----------
    Dice (1945), Measures of the amount of ecologic association between species.
    """
    a, b = _pair(a, b)
    size = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / size if size else 1.0


def surface_dice(
    a: Array, b: Array, tolerance: float, *, spacing: tuple[float, ...] | None = None
) -> float:
    """Return the share of both surfaces that lies within a tolerance of the other one.

    Surfaces are the cells inside that touch a cell outside (or the edge of the image) by a side;
    cells count, not their areas. 1 where both are empty, 0 where one is.

    Parameters
    ----------
    a, b : ndarray of bool, any common shape
        Whether a pixel or voxel lies inside.
    tolerance : float
        Largest distance that counts as met, in units of `spacing`.
    spacing : tuple of float, optional
        Size of a cell along every axis; 1 by default.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ParamError
        If the tolerance is negative.

    References
    ----------
    Nikolov et al. (2021), Clinically applicable segmentation of head and neck anatomy for
    radiotherapy; there, surfaces are weighed by area.
    """
    from scipy.ndimage import distance_transform_edt

    if not tolerance >= 0:
        raise ParamError(f"tolerance must not be negative; got {tolerance}.")
    edges = [_surface(one) for one in _pair(a, b)]
    sizes = [int(one.sum()) for one in edges]
    if not all(sizes):
        return float(not any(sizes))
    met = [
        int((distance_transform_edt(~other, sampling=spacing)[edge] <= tolerance).sum())
        for edge, other in zip(edges, reversed(edges), strict=True)
    ]
    return sum(met) / sum(sizes)


def _pair(a: Array, b: Array) -> tuple[Array, Array]:
    a, b = np.asarray(a, bool), np.asarray(b, bool)
    if a.shape != b.shape:
        raise ShapeError(f"Two masks need one shape; got {a.shape} and {b.shape}.")
    return a, b


def _surface(mask: Array) -> Array:
    from scipy.ndimage import binary_erosion

    inside: Array = binary_erosion(mask)
    return mask & ~inside

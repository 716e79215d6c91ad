"""A map of many points as a raster, and the points that are drawn upon it."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses._map_points import Points
from stresslab.checks import Array
from stresslab.errors import ParamError

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 20_000
"""More are drawn as a raster: a browser does not send back a lasso of them in time."""

WIDE, HIGH = 420, 260
MOST_FAILED, MOST_ALONE, MOST_OTHERS = 2500, 1500, 1000
View = tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """Ends of the axes: left, right, bottom, top."""

    left: float
    right: float
    bottom: float
    top: float


def frame_of(found: Points, view: str) -> Frame:
    """Return the ends of the axes: as asked for, else around all points with a margin.

    Raises
    ------
    ParamError
        If `view` is no list of four numbers in order.
    """
    if view.strip():
        try:
            left, right, bottom, top = (float(one) for one in json.loads(f"[{view.strip('[] ')}]"))
        except ValueError:
            left = right = bottom = top = np.nan
        if not (left < right and bottom < top):
            raise ParamError(f"view is left, right, bottom, top in numbers; got {view!r}.")
        return Frame(left, right, bottom, top)
    if not len(found.x):
        return Frame(0, 1, 0, 1)
    ends = [found.x.min(), found.x.max(), found.y.min(), found.y.max()]
    wide, high = ((ends[1] - ends[0]) or 1.0) * 0.03, ((ends[3] - ends[2]) or 1.0) * 0.03
    return Frame(ends[0] - wide, ends[1] + wide, ends[2] - high, ends[3] + high)


def raster(found: Points, frame: Frame) -> "pd.DataFrame":
    """Return the cells of the raster that hold points: column, row, n, and mean or most colour."""
    import pandas as pd

    column, row, inside = _cells(found, frame)
    cell = row * WIDE + column
    n = np.bincount(cell, minlength=WIDE * HIGH)
    colour = found.colour[inside]
    known = np.isfinite(colour) & (colour >= 0 if found.names else True)
    if found.names:
        counts = np.stack(
            [
                np.bincount(cell[known & (colour == one)], minlength=WIDE * HIGH)
                for one in range(len(found.names))
            ]
        )
        value = np.where(counts.max(axis=0) > 0, counts.argmax(axis=0), -1).astype(float)
    else:
        sums = np.bincount(cell[known], colour[known], minlength=WIDE * HIGH)
        sizes = np.bincount(cell[known], minlength=WIDE * HIGH)
        value = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)
    held = np.flatnonzero(n)
    return pd.DataFrame(
        {"column": held % WIDE, "row": held // WIDE, "count": n[held], "colour": value[held]}
    )


def overlay(found: Points, frame: Frame, seed: int) -> Array:
    """Return the places of points drawn on the raster: failures, those that stand alone, others.

    All of a kind if there are few, else a sample of them; in order.
    """
    rng = np.random.default_rng(seed)
    column, row, inside = _cells(found, frame)
    places = np.flatnonzero(inside)
    crowd = np.bincount(row // 4 * WIDE + column // 4, minlength=WIDE * HIGH)
    near = crowd[row // 4 * WIDE + column // 4]
    failed = places[np.nan_to_num(found.failure[places]) >= 0.5]
    order = np.argsort(near, kind="stable")
    alone = places[order[:MOST_ALONE]]
    chosen = [_some(failed, MOST_FAILED, rng), alone, _some(places, MOST_OTHERS, rng)]
    return np.unique(np.concatenate(chosen))


def _some(places: Array, most: int, rng: np.random.Generator) -> Array:
    return places if len(places) <= most else rng.choice(places, most, replace=False)


def _cells(found: Points, frame: Frame) -> tuple[Array, Array, Array]:
    """Return column and row of the points within the frame, and which those are."""
    with np.errstate(invalid="ignore"):
        across = (found.x - frame.left) / (frame.right - frame.left) * WIDE
        up = (found.y - frame.bottom) / (frame.top - frame.bottom) * HIGH
    inside = (across >= 0) & (across < WIDE) & (up >= 0) & (up < HIGH)
    return across[inside].astype(np.int64), up[inside].astype(np.int64), inside

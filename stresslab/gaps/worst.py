"""The worst group, with an interval that knows it was chosen for being the worst."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_level
from stresslab.errors import TooFewRowsError


@dataclass(frozen=True)
class Worst:
    """The group with the worst value.

    Parameters
    ----------
    place : int
        The group.
    value : float
        Its value.
    low, high : float
        Interval of the worst true value of all groups.
    candidates : ndarray of bool
        Groups that may be the worst one.
    """

    place: int
    value: float
    low: float
    high: float
    candidates: Array


def level_of_each(level: float, n_groups: int) -> float:
    """Return the level that the interval of each of `n_groups` groups needs (Bonferroni)."""
    check_level(level)
    return 1 - (1 - level) / max(n_groups, 1)


def worst(values: Array, low: Array, high: Array, *, larger_is_better: bool = True) -> Worst:
    """Return the worst group from simultaneous intervals of all groups.

    Where all intervals hold together, the smallest true value lies between the smallest low end
    and the smallest high end: no allowance for the choice is left to make.

    Parameters
    ----------
    values, low, high : ndarray of shape (n_groups,)
        Values with intervals at `level_of_each`.
    larger_is_better : bool
        Direction of the values.

    Raises
    ------
    TooFewRowsError
        If no group has a value.
    """
    values, low, high = (np.asarray(one, float) for one in (values, low, high))
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        raise TooFewRowsError("No group has a value. Widen the slice.")
    if not larger_is_better:
        found = worst(-values, -high, -low)
        return Worst(found.place, -found.value, -found.high, -found.low, found.candidates)
    place = int(known[np.argmin(values[known])])
    # an unknown end bounds nothing: a group without an interval may be anywhere
    bottom = float(low[known].min()) if np.isfinite(low[known]).all() else float("nan")
    tops = high[known][np.isfinite(high[known])]
    top = float(tops.min()) if len(tops) else float("nan")
    candidates = np.zeros(len(values), dtype=bool)
    candidates[known] = ~(low[known] > top)
    return Worst(place, float(values[place]), bottom, top, candidates)

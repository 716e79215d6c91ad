"""Make probabilities of log-likelihoods."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]

NEAR = 2.0**-30
"""Share of the last bit within which a sum of sums may be rounded to the wrong side."""


def softmax(values: Sequence[float]) -> list[float] | None:
    """Return shares in proportion to the exponentials; None where none is finite."""
    top = max(values)
    if not math.isfinite(top):
        return None
    shares = [math.exp(one - top) if one == one else 0.0 for one in values]
    total = math.fsum(shares)
    return [one / total for one in shares]


def softmaxes(values: Floats) -> Floats:
    """Return what `softmax` makes of every row of finite numbers, to the last bit."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not values.size:
        return values
    below = values - values.max(axis=1, keepdims=True)
    # Arrow calls the same function of the C library as `math.exp`; that of numpy rounds otherwise
    powers = pc.exp(pa.array(below.ravel())).to_numpy().reshape(values.shape)
    shares: Floats = powers / _sums(powers)[:, None]
    return shares


def _sums(rows: Floats) -> Floats:
    """Return the sums of rows of numbers from 0 to 1, rounded once as `math.fsum` does."""
    total, rest = rows[:, 0], np.zeros(len(rows))
    for column in rows.T[1:]:
        total, lost = _added(total, column)
        rest = rest + lost
    found, lost = _added(total, rest)
    # where what was lost is near half of the last bit, its own rounding may decide
    bit = np.spacing(found)
    near = np.flatnonzero(np.abs(np.abs(lost) - bit / 2) < bit * NEAR)
    found[near] = [math.fsum(row) for row in rows[near].tolist()]
    return found


def _added(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return rounded sums and what was lost by rounding (Knuth's two-sum)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


def best(values: Sequence[float]) -> int:
    """Return the place of the first largest value."""
    return max(range(len(values)), key=lambda place: (values[place], -place))


def number(value: Any) -> float | None:
    """Return a finite number, or None."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None

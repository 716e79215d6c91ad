"""Make probabilities of log-likelihoods."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]


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
    below = (values - values.max(axis=1, keepdims=True, initial=-math.inf)).ravel().tolist()
    powers = np.array(list(map(math.exp, below))).reshape(values.shape)
    totals = np.array(list(map(math.fsum, powers.tolist()))).reshape(len(powers), 1)
    shares: Floats = powers / totals
    return shares


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

"""Make probabilities of log-likelihoods."""

import math
from collections.abc import Sequence
from typing import Any


def softmax(values: Sequence[float]) -> list[float] | None:
    """Return shares in proportion to the exponentials; None where none is finite."""
    top = max(values)
    if not math.isfinite(top):
        return None
    shares = [math.exp(one - top) if one == one else 0.0 for one in values]
    total = math.fsum(shares)
    return [one / total for one in shares]


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

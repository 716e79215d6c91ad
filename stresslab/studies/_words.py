"""Numbers of a study as its sentences write them."""

from typing import Any

from stresslab.analyses._words import estimate


def measured(row: Any, *, rate: bool = True) -> str:
    """Return the value of a table's row with its interval: ``.80 [.77, .82]``."""
    return estimate(float(row["value"]), float(row["low"]), float(row["high"]), rate=rate)

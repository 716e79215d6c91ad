"""Whether the values of a measure lie within the bounds its run declares."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stresslab.result import Warn
from stresslab.store.build_arrays import BUILT_IN
from stresslab.store.conform import ROUNDING

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.engine import DuckDBEngine


def overstepped(
    engine: "DuckDBEngine", task: int, measure: int, info: Mapping[str, Any]
) -> tuple[float, float] | None:
    """Return the smallest and largest value of a measure if one lies outside of its bounds.

    Parameters
    ----------
    info : mapping
        What the run says of the measure; without ``low`` or ``high`` that side has no bound, and
        a rate lies in [0, 1].
    """
    is_rate = bool(info.get("rate"))
    low, high = (
        (0.0, 1.0)[place] if is_rate and info.get(end) is None else info.get(end)
        for place, end in enumerate(("low", "high"))
    )
    name = engine.dims.measures[measure]
    if (low is None and high is None) or (name in BUILT_IN and name != "score"):
        return None  # the writer holds the others to theirs
    least, most = engine.con.execute(
        "SELECT min(score), max(score) FROM facts WHERE task = ? AND latest AND status = 0"
        if name == "score"
        else "SELECT min(value), max(value) FROM imported WHERE task = ? AND measure = ?",
        [task] if name == "score" else [task, measure],
    ).fetchall()[0]
    if least is None:
        return None
    below = low is not None and least < float(low) - ROUNDING
    above = high is not None and most > float(high) + ROUNDING
    return (float(least), float(most)) if below or above else None


def out_of_bounds(measures: "pd.DataFrame", task: str) -> list[Warn]:
    """Return a warning for every measure of a task whose values overstep what was declared."""
    mine = measures[(measures["task"] == task) & measures["least"].notna()]
    return [
        Warn(
            "out-of-bounds",
            f"Values of {row['measure']} run from {row['least']:g} to {row['most']:g}, outside of "
            "the bounds its run declares, so it is taken as unbounded. Correct low and high in "
            "the mapping, or the values, and import again.",
        )
        for row in mine.to_dict("records")
    ]

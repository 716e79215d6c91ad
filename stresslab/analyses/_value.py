"""From the sums of a cell to its value: the columns every value table has."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses._ask import Asked
from stresslab.result import Column, Warn

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("n", "n_clusters", "n_abstained", "n_errored", "n_unscored")
"""Counts that stand beside every value; an abstained row here abstained or refused.

Of a score, which they leave at 0, abstained rows are counted among the rows the value is of; of
anything else they are left out of it, as errored and unscored rows always are.
"""

SUMS = ("total", "n", "n_clusters", "ss", "sd", "dd", "sq")
"""Columns of cells that intervals are made of."""

FEW = 10
"""Below so many clusters an interval is drawn with a warning."""


def values(asked: Asked, by: Sequence[str], *, level: float | None = None) -> "pd.DataFrame":
    """Return one row per model and cell: ``model, *by, value, low, high`` and the counts.

    Cells without a row are absent; a cell whose values are all unknown has a null value.
    """
    if asked.empty:
        return empty(by)
    from stresslab.store import query

    cells = query.cells(asked.workspace, asked.question, by=tuple(by))
    return from_cells(_of_population(cells, asked, by), asked, by, level=level)


def _of_population(cells: "pd.DataFrame", asked: Asked, by: Sequence[str]) -> "pd.DataFrame":
    """Return `cells` with the abstained rows among those the sums are of, not all a model has."""
    silent = cells["n_abstained"] + cells["n_refused"]
    question = asked.question
    if question.measure != "score" or not question.is_common or not silent.any():
        return cells
    from stresslab.store import query

    question = replace(question, numerator="n_answered", denominator="n_scored")
    answered = query.cells(asked.workspace, question, by=tuple(by))
    return cells.assign(n_abstained=answered["n"] - answered["total"], n_refused=0)


def from_cells(
    cells: "pd.DataFrame", asked: Asked, by: Sequence[str], *, level: float | None = None
) -> "pd.DataFrame":
    """Return the value columns of `cells` (see `values`)."""
    import pandas as pd

    from stresslab.stats.intervals import from_moments

    sums = {name: cells[name].to_numpy() for name in (*SUMS, *COUNTS, "n_refused", "rate")}
    found = from_moments(
        *(sums[name] for name in SUMS[:-1]), sq=sums["sq"], rate=sums["rate"].astype(bool),
        level=level or asked.params.level, bounds=_bounds(asked),
    )  # fmt: skip
    sums["n_abstained"] = sums["n_abstained"] + sums["n_refused"]
    return pd.DataFrame(
        {
            **{name: cells[name].reset_index(drop=True) for name in ("model", *by)},
            "value": found.value, "low": found.low, "high": found.high,
            **{name: sums[name].astype(np.int64) for name in COUNTS},
        }
    )  # fmt: skip


def empty(by: Sequence[str]) -> "pd.DataFrame":
    """Return a value table without rows."""
    kinds: dict[str, Any] = {"model": "str", **{name: column_type(name) for name in by}}
    kinds |= dict.fromkeys(("value", "low", "high"), "float64") | dict.fromkeys(COUNTS, "int64")
    return frame(kinds)


def frame(kinds: dict[str, str], rows: Sequence[dict[str, Any]] = ()) -> "pd.DataFrame":
    """Return a frame of `rows` with exactly the columns and types of `kinds`."""
    import pandas as pd

    if not rows:
        return _no_rows(tuple(kinds.items())).copy(deep=False)
    guessed = [name for name, kind in kinds.items() if kind in ("any", "object")]
    table = pd.DataFrame(list(rows), columns=guessed) if guessed else None
    columns: dict[str, Any] = {}
    kind: Any
    for name, kind in kinds.items():
        if table is not None and name in table:
            columns[name] = table[name] if kind == "any" else table[name].astype(kind)
            continue
        values = [row.get(name, np.nan) for row in rows]
        plain = kind in ("float64", "int64")
        columns[name] = np.array(values, kind) if plain else pd.array(values, dtype=kind)
    return pd.DataFrame(columns)


@lru_cache(maxsize=256)
def _no_rows(kinds: tuple[tuple[str, str], ...]) -> "pd.DataFrame":
    """Return a table without rows, of which copies are given away."""
    import pandas as pd

    plain = {name: "object" if kind == "any" else kind for name, kind in kinds}
    return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in plain.items()})


def column_type(name: str) -> str:
    """Return the type of a `by` column."""
    return "int64" if name == "tier" else "object"


def meanings(asked: Asked) -> dict[str, Column]:
    """Return what the columns of a value table mean."""
    direction = "larger is better" if asked.metric.higher_is_better else "smaller is better"
    silent = "of the same population: " if asked.question.measure == "score" else "left out: "
    return {
        "value": Column("number", asked.metric.title, direction),
        "low": Column("number", f"{asked.params.level:.0%} interval"),
        "high": Column("number", f"{asked.params.level:.0%} interval"),
        "n": Column("integer", "rows with a known value"),
        "n_clusters": Column("integer", "independent groups of rows"),
        "n_abstained": Column("integer", f"rows {silent}abstained or refused"),
        "n_errored": Column("integer", "rows left out: errored"),
        "n_unscored": Column("integer", "rows left out: unscored"),
    }


def cautions(table: "pd.DataFrame", asked: Asked) -> list[Warn]:
    """Return the warnings a value table calls for: no rows, nothing known, few clusters."""
    from stresslab.analyses._ask import no_rows

    if table.empty or not (table["n"] > 0).any():
        found = [no_rows(asked)]
        if len(table):
            unknown = int(table["n_errored"].sum() + table["n_unscored"].sum())
            found.append(
                Warn("nothing-known", "No row has a known value, so nothing can be told.", unknown)
            )
        return found
    known = table[table["n"] > 0]
    few = known[known["n_clusters"] < FEW]
    if few.empty:
        return []
    many = f"{len(few)} of {len(known)} cells rest" if len(known) > 1 else "The value rests"
    return [
        Warn(
            "few-clusters",
            f"{many} on fewer than {FEW} independent items or groups of items; "
            "read their intervals with care.",
            len(few),
        )
    ]


def together(*warnings: Sequence[Warn]) -> tuple[Warn, ...]:
    """Return all warnings once, in order."""
    return tuple(dict.fromkeys(one for group in warnings for one in group))


def _bounds(asked: Asked) -> tuple[float, float] | None:
    low, high = asked.metric.bounds
    return (low, high) if np.isfinite([low, high]).all() else None

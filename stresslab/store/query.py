"""Cells: for every model and cell of a `by`, the sums that values and intervals are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.store.aligned import can_align
from stresslab.store.cells_arrays import from_arrays
from stresslab.store.cells_clusters import from_clusters
from stresslab.store.cells_cube import fits, from_cube
from stresslab.store.cells_facts import STATUS_COUNTS, from_facts
from stresslab.store.contents import Question
from stresslab.store.contents_read import edited_items
from stresslab.store.dims import dims_of
from stresslab.store.engine import Engine, reading
from stresslab.store.index import connect, ensure
from stresslab.store.pairs import Pairs, ids, pairs
from stresslab.store.recent import answers
from stresslab.store.slicing import Slicer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CELL_COLUMNS", "Pairs", "cells", "cells_on", "clusters_nest", "ids", "pairs"]

PATHS = ("cube", "clusters", "arrays", "facts")
"""What can answer, quickest first; all give the same numbers."""

CELL_COLUMNS = (
    "n_rows", "total", "n", "n_clusters", "ss", "sd", "dd", "sq", *STATUS_COUNTS, "rate",
)  # fmt: skip


WHOLE = ("n_rows", "n", "n_clusters", *STATUS_COUNTS)


def cells(workspace: Any, question: Question, by: Sequence[str] = ()) -> "pd.DataFrame":
    """Return one row per model and cell that has rows, in the order of models and `by`.

    Parameters
    ----------
    question : Question
        From `contents.resolve`.
    by : sequence of str
        Columns to group by: task, domain, perturbation, tier, an attribute.

    Returns
    -------
    DataFrame
        ``model, *by`` and `CELL_COLUMNS`. `total` and `n` are the sums of numerator and
        denominator, `ss`, `sd`, `dd` the sums over clusters of their squares and product,
        `n_clusters` the clusters with a denominator, `sq` the sum of squared values, `rate`
        whether all values are 0 or 1. Rows and statuses are counted over the model's own rows of
        the slice; the sums are over the population. ``attrs["path"]`` says what answered and
        ``attrs["n_unmatched"]`` how many variants of a model the common population leaves out.
    """
    if not question.task or not question.models:
        return _empty(by)
    with reading(workspace) as engine:
        folder = str(engine.generation.folder)
        key = (type(engine).__name__, folder, replace(question, warnings=(), below=()), tuple(by))
        found: pd.DataFrame = answers.get(key, lambda: cells_on(engine, question, by), _bytes_of)
    return found.copy(deep=False)  # writing into a copy leaves the kept one as it is


def clusters_nest(workspace: Any, task: str) -> bool:
    """Return whether every cluster of a task lies in one domain."""
    dims = dims_of(ensure(workspace))
    return dims.task_rows[dims.tasks.index(task)].clusters_nest


def _bytes_of(table: "pd.DataFrame") -> int:
    return 8 * table.size  # pandas' own count takes longer than the sums


def cells_on(engine: Engine, question: Question, by: Sequence[str] = ()) -> "pd.DataFrame":
    """Return `cells` on an open engine, by the quickest path that is exact."""
    for path in PATHS:
        table = try_path(engine, question, by, path)
        if table is not None:
            return table
    raise AssertionError("The facts answer everything.")


def try_path(
    engine: Engine, question: Question, by: Sequence[str], path: str
) -> "pd.DataFrame | None":
    """Return `cells` from one path of `PATHS`, or None if it cannot answer exactly."""
    slicer = Slicer(engine, question)
    slicer.by_sources(by)
    answer: tuple[Any, dict[str, int]] | None = None
    if path == "cube":
        answer = from_cube(slicer, by) if fits(slicer, by) else None
    elif path == "clusters":
        answer = from_clusters(slicer, by) if fits(slicer, by) else None
    elif path == "arrays":
        answer = from_arrays(slicer, by, _edited(slicer)) if can_align(slicer, by) else None
    else:
        answer = from_facts(slicer, by, _edited(slicer))
    if answer is None:
        return None
    table = _finished(slicer, answer[0], by)
    table.attrs = {"path": path, "n_unmatched": answer[1]}
    return table


def _edited(slicer: Slicer) -> list[int]:
    """Return the items left out of comparisons because their contents differ between runs."""
    if not slicer.question.is_common or not slicer.dims.task_rows[slicer.task].n_edited:
        return []
    with connect(slicer.engine.generation) as con:
        return edited_items(con, slicer.task, slicer.models)


def _empty(by: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    table = pd.DataFrame({name: pd.Series(dtype="float64") for name in CELL_COLUMNS})
    table.insert(0, "model", pd.Series(dtype="str"))
    for place, name in enumerate(by, start=1):
        table.insert(place, name, pd.Series(dtype="int64" if name == "tier" else "str"))
    table = table.astype(dict.fromkeys(WHOLE, "int64") | {"rate": "bool"})
    table.attrs = {"path": "none", "n_unmatched": {}}
    return table


def _finished(slicer: Slicer, found: Mapping[str, Array], by: Sequence[str]) -> "pd.DataFrame":
    """Decode, order and type raw cells."""
    import pandas as pd

    if not len(found["model"]):
        return _empty(by)
    columns: dict[str, list[Any]] = {}
    for name, source in slicer.by_sources(by).items():
        raw = found[source.column].tolist()
        names = source.values or {}
        columns[name] = [names.get(code) for code in raw] if source.kind == "codes" else raw
    place = {code: number for number, code in enumerate(slicer.models)}
    model = [place[code] for code in found["model"].tolist()]
    order = np.lexsort([*(_ranks(one) for one in reversed(columns.values())), model])
    table: dict[str, Any] = {"model": [slicer.question.models[model[row]] for row in order]}
    for name, values in columns.items():
        table[name] = pd.Series([values[row] for row in order], dtype=_dtype(slicer, name))
    for name in CELL_COLUMNS[:-1]:
        sums = found[name].astype(np.float64)[order]
        table[name] = sums.round().astype(np.int64) if name in WHOLE else sums
    table["rate"] = found["n_other"][order] == 0
    return pd.DataFrame(table)


def _dtype(slicer: Slicer, name: str) -> str | None:
    kind = slicer.by_sources([name])[name].kind
    if name == "tier":
        return "int64"
    return {"codes": "str", "text": "str"}.get(kind)


def _ranks(values: Sequence[Any]) -> list[int]:
    """Return the place of each value among the different ones, nulls last."""
    keys = [None if value != value else value for value in values]
    place = {key: number for number, key in enumerate(sorted(set(keys), key=_rank))}
    return [place[key] for key in keys]


def _rank(value: Any) -> tuple[int, Any]:
    """Return a sort key: numbers, then texts, then nulls."""
    if value is None:
        return 2, 0
    return (1, value) if isinstance(value, str) else (0, value)

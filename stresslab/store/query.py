"""Cells: for every model and cell of a `by`, the sums that values and intervals are made of."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stresslab.store.cells_facts import STATUS_COUNTS, from_facts
from stresslab.store.contents import Question
from stresslab.store.contents_read import edited_items
from stresslab.store.engine import DuckDBEngine, Engine, reading
from stresslab.store.pairs import Pairs, ids, pairs
from stresslab.store.slicing import Slicer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CELL_COLUMNS", "Pairs", "cells", "cells_on", "ids", "pairs"]

CELL_COLUMNS = (
    "n_rows", "total", "n", "n_clusters", "ss", "sd", "dd", "sq", *STATUS_COUNTS, "rate",
)  # fmt: skip


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
        return cells_on(engine, question, by)


def cells_on(
    engine: Engine, question: Question, by: Sequence[str] = (), path: str | None = None
) -> "pd.DataFrame":
    """Return `cells` on an open engine, by one path (cube, clusters, arrays, facts) if named."""
    slicer = Slicer(engine, question)
    slicer.by_sources(by)
    edited = _edited(engine, slicer.task)
    found, unmatched = from_facts(engine, question, by, edited)
    table = _finished(slicer, found, by)
    table.attrs = {"path": "facts", "n_unmatched": unmatched}
    return table


def _edited(engine: Engine, task: int) -> list[int]:
    if not engine.dims.task_rows[task].n_edited or not isinstance(engine, DuckDBEngine):
        return []
    return edited_items(engine, task)


def _empty(by: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    table = pd.DataFrame({name: pd.Series(dtype="float64") for name in CELL_COLUMNS})
    table.insert(0, "model", pd.Series(dtype="str"))
    for place, name in enumerate(by, start=1):
        table.insert(place, name, pd.Series(dtype="int64" if name == "tier" else "str"))
    counts = ["n_rows", "n", "n_clusters", *STATUS_COUNTS]
    table = table.astype(dict.fromkeys(counts, "int64") | {"rate": "bool"})
    table.attrs = {"path": "none", "n_unmatched": {}}
    return table


def _finished(slicer: Slicer, found: "pd.DataFrame", by: Sequence[str]) -> "pd.DataFrame":
    """Decode, order and type raw cells."""
    import pandas as pd

    if not len(found):
        return _empty(by)
    order = {code: place for place, code in enumerate(slicer.models)}
    sources = slicer.by_sources(by)
    table = pd.DataFrame({"model": [slicer.dims.models[code] for code in found["model"]]})
    ranks = {"model": found["model"].map(order).to_numpy()}
    for name, source in sources.items():
        raw = found[source.column].reset_index(drop=True)
        if source.kind == "codes":
            values = source.values or {}
            table[name] = pd.Series([values.get(code) for code in raw], dtype="str")
        elif source.kind == "number" and name == "tier":
            table[name] = raw.astype("int64")
        else:
            table[name] = raw
        ranks[name] = table[name].to_numpy(dtype=object)
    for name in CELL_COLUMNS[:-1]:
        whole = name in ("n_rows", "n", "n_clusters", *STATUS_COUNTS)
        values = found[name].to_numpy(dtype="float64")
        table[name] = values.round().astype("int64") if whole else values
    table["rate"] = found["n_other"].to_numpy(dtype="float64") == 0
    places = sorted(range(len(table)), key=lambda row: [_rank(ranks[name][row]) for name in ranks])
    return table.iloc[places].reset_index(drop=True)


def _rank(value: Any) -> tuple[int, Any]:
    """Return a sort key: numbers, then texts, then nulls."""
    if value is None or value != value:
        return 2, 0
    return (1, value) if isinstance(value, str) else (0, value)

"""How well the models of a task pair: items that some lack, that stand twice, that were edited."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stresslab.checks import Array
from stresslab.store.engine import DuckDBEngine, reading

if TYPE_CHECKING:
    import pandas as pd

NAMED = 20
"""Ids listed of each kind; all of them are counted."""


class _Asked(NamedTuple):
    """What the models of an item set were asked of it."""

    name: str
    models: list[str]
    items: Array
    """Numbers of its items, in order."""
    asked: list[Array]
    """Of each model, which of them it was asked."""

    @property
    def n(self) -> Array:
        """Return how many of the models were asked each item."""
        return np.asarray(np.sum(self.asked, axis=0, dtype=np.int64))


def item_sets(workspace: Any, task: str) -> "pd.DataFrame":
    """Return ``item_set, n_models, n_items, n_common, n_unmatched, n_edited`` of a task.

    An item is common if every model with an item of the set has it, else unmatched; edited if it
    was seen with several contents.
    """
    import pandas as pd

    columns = ("item_set", "n_models", "n_items", "n_common", "n_unmatched", "n_edited")
    rows = []
    with reading(workspace) as engine:
        edited = _edited(engine, task)
        for one in _sets(engine, task):
            n, n_models = one.n, len(one.models)
            common, there = int((n == n_models).sum()), int((n > 0).sum())
            doubtful = int(np.isin(one.items[n > 0], edited).sum()) if len(edited) else 0
            rows.append((one.name, n_models, there, common, there - common, doubtful))
    return pd.DataFrame(rows, columns=list(columns))


def unmatched(workspace: Any, task: str) -> "pd.DataFrame":
    """Return the first items some models lack, as ``item_set, item_id, lacking`` (a list)."""
    import pandas as pd

    rows: list[tuple[str, str, list[str]]] = []
    with reading(workspace) as engine:
        for one in _sets(engine, task):
            n = one.n
            places = np.flatnonzero((n > 0) & (n < len(one.models)))[:NAMED].tolist()
            names = _names(engine, task, [int(one.items[place]) for place in places])
            for place, name in zip(places, names, strict=True):
                both = zip(one.models, one.asked, strict=True)
                rows.append((one.name, name, [model for model, has in both if not has[place]]))
    return pd.DataFrame(rows, columns=["item_set", "item_id", "lacking"])


def _sets(engine: DuckDBEngine, task: str) -> Iterator[_Asked]:
    """Yield what was asked of every item set, from packed bits: a bit per model and item."""
    if task not in engine.dims.tasks:
        return
    code = engine.dims.tasks.index(task)
    folder = engine.generation.folder / "aligned" / str(code)
    models = sorted({run.model for run in engine.dims.runs if run.task == code},
                    key=lambda model: engine.dims.models[model])  # fmt: skip
    bits = {model: np.load(folder / f"items.{model}.npy") for model in models}
    found = engine.con.execute(
        """SELECT item_set, min(item), max(item), count(*) FROM items WHERE task = ?
        GROUP BY item_set ORDER BY item_set""",
        [code],
    ).fetchall()
    for name, first, last, n in found:
        items = np.arange(first, last + 1)
        if len(items) > n:
            query = "SELECT item FROM items WHERE task = ? AND item_set = ? ORDER BY item"
            items = np.asarray(engine.con.execute(query, [code, name]).fetchnumpy()["item"])
        asked = {model: _at(bits[model], items) for model in models}
        some = [model for model in models if asked[model].any()]
        if some:
            names = [engine.dims.models[model] for model in some]
            yield _Asked(name, names, items, [asked[model] for model in some])


def _at(packed: Array, items: Array) -> Array:
    """Return the bits of some items; those beyond the last that is kept are not set."""
    first, last = int(items[0]) // 8, int(items[-1]) // 8 + 1
    few = packed[first:last]
    every = np.zeros((last - first) * 8, np.bool_)
    every[: len(few) * 8] = np.unpackbits(few)
    found: Array = every[items - first * 8]
    return found


def _edited(engine: DuckDBEngine, task: str) -> Array:
    query = """SELECT h.item FROM item_hashes h JOIN tasks t ON t.code = h.task AND t.name = ?
        WHERE h.version = 1"""
    return np.asarray(engine.con.execute(query, [task]).fetchnumpy()["item"])


def _names(engine: DuckDBEngine, task: str, items: list[int]) -> list[str]:
    query = """SELECT i.item_id FROM items i JOIN tasks t ON t.code = i.task AND t.name = ?
        WHERE i.item IN (SELECT unnest(?)) ORDER BY i.item"""
    return [str(name) for (name,) in engine.con.execute(query, [task, items]).fetchall()]


def uncounted(workspace: Any, task: str) -> dict[str, int]:
    """Return by run how many of its rows a later run of the model replaces."""
    with reading(workspace) as engine:
        found = engine.sql(
            """SELECT r.run_id, r.n_outcomes - r.n_counted AS n FROM runs r
            JOIN tasks t ON t.code = r.task AND t.name = ? WHERE r.n_outcomes > r.n_counted
            ORDER BY r.run_id""",
            [task],
        )
    return {str(run): int(n) for run, n in zip(found["run_id"], found["n"], strict=True)}

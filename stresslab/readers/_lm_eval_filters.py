"""The lines of a samples file that tell the same answers again, behind another filter."""

from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.errors import ReadError
from stresslab.readers._json_lines import Objects
from stresslab.readers._lm_eval_files import Object
from stresslab.readers._lm_eval_task import Task
from stresslab.readers._lm_eval_values import numbers_of
from stresslab.store.scan import Reject, count_lines, typed_lines

if TYPE_CHECKING:
    import pyarrow as pa

MEASURES = "read.measures."

Column = np.ndarray[Any, Any]


class Filters:
    """Tells which filter a line is of; older files do not say it, and begin again with the docs."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._first: Any = None
        self._block, self._started = 0, False

    def place(self, row: Object) -> int | None:
        """Return the place of the filter of a line; None if it is not known."""
        if "filter" in row:
            return self._places.get(row["filter"]) if isinstance(row["filter"], str) else 0
        if len(self._places) == 1:
            return 0
        doc = row.get("doc_id")
        if not self._started:
            self._started, self._first = True, doc
        elif doc == self._first and self._block < len(self._places) - 1:
            self._block += 1
        return self._block


class OtherFilters:
    """The numbers of all filters but the first, held in arrays until their doc comes.

    Memory is 16 bytes a doc and filter, and 8 for each of their numbers.
    """

    def __init__(self, path: Path, task: Task) -> None:
        try:
            places, keys, lines, columns = _typed(path, task)
        except ReadError:
            places, keys, lines, columns = _parsed(path, task)
        self._firsts = np.unique(keys[places == 0])
        self._names = [
            [f"{MEASURES}{task.measure(name, place)}" for name in task.measures]
            for place in range(1, len(task.filters))
        ]
        self._held = []
        for place in range(1, len(task.filters)):
            mine = np.flatnonzero(places == place)
            mine = mine[np.argsort(keys[mine], kind="stable")]
            self._held.append((keys[mine], lines[mine], [one[mine] for one in columns]))

    def columns(self, rows: list[Object]) -> dict[str, list[float | None]]:
        """Return what the other filters gave for the docs of some rows, by the name of a field."""
        wanted = np.array([_key(row.get("doc_id")) for row in rows], np.int64)
        return {name: one.to_pylist() for name, one in self.columns_of(wanted).items()}

    def columns_of(self, wanted: Column) -> "dict[str, pa.Array]":
        """Return what the other filters gave for some docs, by the name of a field."""
        import pyarrow as pa

        found: dict[str, pa.Array] = {}
        for names, (keys, _, columns) in zip(self._names, self._held, strict=True):
            at = np.searchsorted(keys, wanted)
            there = at < len(keys)
            there[there] = keys[at[there]] == wanted[there]
            for name, column in zip(names, columns, strict=True):
                values = np.full(len(wanted), np.nan)
                values[there] = column[at[there]]
                found[name] = pa.array(values, from_pandas=True)  # NaN is null
        return found

    def are_repeated(self, keys: Column, numbers: Column, places: Column) -> Column:
        """Return which lines of other filters are the first of theirs and tell a doc again.

        Parameters
        ----------
        keys, numbers, places : ndarray of shape (n_lines,)
            Docs, numbers of the lines, and places of their filters.
        """
        found = np.isin(keys, self._firsts)
        for place, (known, lines, _) in enumerate(self._held, start=1):
            mine = np.flatnonzero(places == place)
            at = np.searchsorted(known, keys[mine])
            at[at == len(known)] = 0
            found[mine] &= (known[at] == keys[mine]) & (lines[at] == numbers[mine])
        return found

    def stands_alone(self, number: int, row: Object) -> bool:
        """Return whether a line is the first of a doc the first filter has no line of."""
        key = _key(row.get("doc_id"))
        if _place(self._firsts, key) is not None:
            return False
        for keys, lines, _ in self._held:
            at = _place(keys, key)
            if at is not None:
                return bool(lines[at] == number)
        return True

    def is_repeat(self, number: int, row: Object, place: int) -> bool:
        """Return whether a line of another filter repeats an earlier one of its doc."""
        keys, lines, _ = self._held[place - 1]
        at = _place(keys, _key(row.get("doc_id")))
        return at is not None and bool(lines[at] != number)


def _typed(path: Path, task: Task) -> tuple[Column, Column, Column, list[Column]]:
    """Return filter, doc, line and numbers of every line, read at once.

    Raises
    ------
    ReadError
        If a line is broken or says something else than numbers.
    """
    if set(task.measures) != set(task.metrics) or Objects(path).is_array:
        raise ReadError(f"The metrics of {task.name} must be plain numbers.")
    columns = {"doc_id": "BIGINT", "filter": "VARCHAR"} | dict.fromkeys(task.measures, "DOUBLE")
    places = {name: place for place, name in enumerate(task.filters)}
    found: list[tuple[Column, ...]] = []
    n = 0
    for batch in typed_lines(path, columns):
        if batch["doc_id"].null_count or batch["filter"].null_count:
            raise ReadError(f"Every line of {path} must name doc and filter.")
        names = batch["filter"].dictionary_encode()
        known = np.array([places.get(one, -1) for one in names.dictionary.to_pylist()], np.int8)
        numbers = (batch[name].to_numpy(zero_copy_only=False) for name in task.measures)
        lines = np.arange(n + 1, n + batch.num_rows + 1)
        keys = batch["doc_id"].to_numpy()
        found.append((known[names.indices.to_numpy()], keys, lines, *numbers))
        n += batch.num_rows
    if n == 0 or n != count_lines(path):
        raise ReadError(f"Every line of {path} must hold one object.")
    first, keys, lines, *values = (np.concatenate(one) for one in zip(*found, strict=True))
    return first, keys, lines, values


def _parsed(path: Path, task: Task) -> tuple[Column, Column, Column, list[Column]]:
    """Return filter, doc, line and numbers of every line that can be read."""
    filters = Filters(task.filters)
    places, keys, lines = array("b"), array("q"), array("q")
    columns = [array("d") for _ in task.measures]
    for one in Objects(path):
        place = None if isinstance(one, Reject) else filters.place(one[1])
        if isinstance(one, Reject) or place is None:
            continue
        places.append(place)
        keys.append(_key(one[1].get("doc_id")))
        lines.append(one[0])
        numbers = numbers_of(one[1], task.metrics, task.aggregations)
        for name, column in zip(task.measures, columns, strict=True):
            column.append(numbers.get(name, float("nan")))
    return np.array(places), np.array(keys), np.array(lines), [np.array(one) for one in columns]


def _key(doc_id: Any) -> int:
    return doc_id if isinstance(doc_id, int) and abs(doc_id) < 2**62 else hash(str(doc_id))


def _place(keys: Column, key: int) -> int | None:
    at = int(np.searchsorted(keys, key))
    return at if at < len(keys) and keys[at] == key else None

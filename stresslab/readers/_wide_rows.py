"""Turn rows of a wide table (one row per input, columns for each model) into outcomes of each.

No row is written out for a model: the columns of the input are turned once, and those of a model
stand beside them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers._axes import columns_of
from stresslab.readers._columns import add_columns
from stresslab.readers._keys import Names
from stresslab.readers._kind import About, Batch, RunKey
from stresslab.readers._mapping import Mapping, look_up
from stresslab.readers._rows import LongTable, RunRows
from stresslab.readers._turned import TurnedColumns
from stresslab.readers._wide import Wide
from stresslab.store.scan import Chunk, Numbered, Reject

RECENT_NAMES = 1_000
"""Names of items that are held as texts, by model."""
NESTED_ROWS = 50
"""Rows of a chunk that are looked into for nested columns."""


def table_of(
    mapping: Mapping, file: str, about: Callable[[RunKey], About] = lambda key: About()
) -> LongTable:
    """Return what turns the rows of a table, long or wide as its mapping says, into batches."""
    return WideTable(mapping, file, about) if mapping.wide else LongTable(mapping, file, about)


class WideTable(LongTable):
    """Collects the rows of one wide file and hands them out as batches.

    A cell that is empty in all columns of a model is no outcome: the model did not see that input.
    """

    def __init__(self, mapping: Mapping, file: str, about: Callable[[RunKey], About]) -> None:
        super().__init__(mapping, file, about)
        self._wide = mapping.wide or Wide()
        self.runs = defaultdict(lambda: RunRows(settled=Names(RECENT_NAMES)))
        self._models: dict[str, _OfModel] = {}
        self._known: dict[str, None] = {}

    def add(self, chunk: Chunk) -> Iterator[Batch]:
        """Yield the batches that `chunk` makes."""
        for reject in chunk.rejects:
            self.reject(None, reject)
        self.unit = chunk.unit
        self._see(chunk.rows)
        noted: set[tuple[str, str, str]] = set()
        turned: TurnedColumns | None = None
        for one in self._models.values():
            one.unit, one.noted = chunk.unit, noted
            turned = one.add_cells(chunk.rows, turned)
        yield from self._batches(chunk.bytes_done)

    def finish(self, bytes_done: int) -> Iterator[Batch]:
        """Yield what was held back.

        Raises
        ------
        ReadError
            If no column of the file belongs to a model.
        """
        if self._known and not self._models:
            raise ReadError(
                f"The [wide] part of the mapping fits no column of {self.file}. It has: "
                f"{', '.join(list(self._known)[:50])}."
            )
        yield from super().finish(bytes_done)

    def _see(self, rows: Sequence[Numbered]) -> None:
        """Find the models whose columns are seen for the first time."""
        names = {name for keys in {tuple(row) for _, row in rows} for name in keys}
        if any(isinstance(value, dict) for _, row in rows[:1] for value in row.values()):
            names |= set(columns_of([row for _, row in rows[:NESTED_ROWS]]))
        if names <= self._known.keys():
            return
        first = rows[0][1] if rows else {}
        self._known |= dict.fromkeys([*first, *sorted(names - first.keys())])
        for model, (roles, measures) in self._wide.models(self._known).items():
            columns = (*roles.values(), *measures.values())
            if model not in self._models or self._models[model].columns != columns:
                narrow = self.mapping.of_model(model, roles, measures)
                self._models[model] = _OfModel(self, narrow, columns)


class _OfModel(LongTable):
    """What a wide table says of one model; what is read is kept by the whole table."""

    def __init__(self, whole: WideTable, mapping: Mapping, columns: tuple[str, ...]) -> None:
        super().__init__(mapping, whole.file)
        self.whole, self.columns = whole, columns
        self.runs, self.known, self.hashes = whole.runs, whole.known, whole.hashes
        self.noted: set[tuple[str, str, str]] = set()

    def add_cells(
        self, rows: Sequence[Numbered], turned: TurnedColumns | None
    ) -> TurnedColumns | None:
        """Add the rows that say something of this model; return their columns for the next."""
        if len(self.columns) == 1 and "." not in self.columns[0]:
            column = self.columns[0]
            said = [one for one in rows if one[1].get(column) not in (None, "")]
        else:
            said = [one for one in rows if self._says(one[1])]
        if len(said) == len(rows):
            return add_columns(self, Chunk(said), turned)
        add_columns(self, Chunk(said))
        return turned

    def reject(self, key: RunKey | None, reject: Reject) -> None:
        """Note what could not be read; what is wrong with the input itself, once for all models."""
        what = (reject.place, reject.field, reject.reason)
        if reject.field in self.columns or what not in self.noted:
            self.noted.add(what)
            self.whole.reject(key, reject)

    def _says(self, row: dict[str, Any]) -> bool:
        return any(look_up(row, column) not in (None, "") for column in self.columns)

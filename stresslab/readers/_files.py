"""Hand the rows of several files of one source to a `LongTable`, each line under its own number."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from stresslab.readers._kind import Batch
from stresslab.readers._rows import LongTable
from stresslab.store.scan import Chunk

UNIT = "record"
_RECORD = re.compile(rf"\b{UNIT} (\d+)\b")


class ManyFiles:
    """Numbers the rows of all files on; what could not be read names file and line again.

    Parameters
    ----------
    table : LongTable
        Gets the rows.
    """

    def __init__(self, table: LongTable) -> None:
        self.table = table
        self.bytes_done = self._before = self._last = 0
        self._starts: list[int] = []
        self._names: list[str] = []
        self._unit = "line"

    def open(self, name: str) -> None:
        """Begin with the next file."""
        self.table.file = name
        self._before = self.bytes_done
        self._starts.append(self._last)
        self._names.append(name)

    def add(self, chunk: Chunk) -> Iterator[Batch]:
        """Yield the batches that a chunk of the current file makes."""
        start = self._starts[-1]
        self._unit = chunk.unit
        self.bytes_done = self._before + chunk.bytes_done
        numbered = chunk.numbered(start, UNIT)
        self._last = max(self._last, numbered.last)
        yield from self._named(self.table.add(replace(numbered, bytes_done=self.bytes_done)))

    def finish(self) -> Iterator[Batch]:
        """Yield what was held back."""
        yield from self._named(self.table.finish(self.bytes_done))

    def _named(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        for batch in batches:
            if batch.table != "rejects" or not batch.rows.num_rows:
                yield batch
                continue
            rows = batch.rows
            for name in ("line", "reason"):
                is_place = name == "line"
                texts = [self._told(text, is_place) for text in rows[name].to_pylist()]
                rows = rows.set_column(rows.schema.get_field_index(name), name, [texts])
            yield replace(batch, rows=rows.cast(batch.rows.schema))

    def _told(self, text: str, is_place: bool) -> str:
        def line(found: re.Match[str]) -> str:
            n = max(bisect_right(self._starts, int(found[1]) - 1) - 1, 0)
            said = f"{self._unit} {int(found[1]) - self._starts[n]}"
            is_other = not is_place and n < len(self._names) - 1
            return f"{said} of {self._names[n]}" if is_other else said

        return _RECORD.sub(line, text)

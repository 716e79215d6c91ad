"""What reading a foreign table gives: rows with their numbers, and what could not be read."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from stresslab.errors import ReadError
from stresslab.lenient import UNWRITABLE

CHUNK_ROWS = 5_000
CHUNK_CELLS = 500_000
"""Values of a chunk: a table of ten thousand columns comes in fewer rows."""
CHUNK_BYTES = 32 << 20
"""Bytes of a chunk, but for a single row that is longer."""
EXCERPT = 200
BROKEN = "the file cannot be read from here on"
NOT_TEXT = "holds bytes that are no text in the encoding of the file; kept with � in their place"

Numbered = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Reject:
    """One thing that could not be read.

    Parameters
    ----------
    place : str
        ``"line 12"`` of a text file, ``"row 12"`` of a Parquet file.
    field : str
        Column; empty when the whole row is meant.
    reason : str
        What is wrong with it.
    excerpt : str
        Its first 200 characters.
    """

    place: str
    field: str
    reason: str
    excerpt: str


@dataclass(frozen=True)
class Gap(Reject):
    """Rows in a row that could not be read.

    Parameters
    ----------
    n_rows : int
        How many they are.
    """

    n_rows: int


@dataclass
class Chunk:
    """Some rows of a file, in order.

    Parameters
    ----------
    rows : list of (int, dict)
        Number of the line (or row) and its values by column; an empty CSV field is None.
    rejects : list of Reject
        What could not be read, or only in part.
    bytes_done : int
        How far the file was read.
    unit : str
        What the numbers count: ``"line"``, or ``"row"`` of a Parquet file.
    """

    rows: list[Numbered] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    bytes_done: int = 0
    unit: str = "line"

    @property
    def n_rows(self) -> int:
        """Return how many rows there are."""
        return len(self.rows)

    @property
    def last(self) -> int:
        """Return the number of the last row; 0 if there is none."""
        return self.rows[-1][0] if self.rows else 0

    def numbered(self, start: int, unit: str) -> "Self":
        """Return the rows numbered on from so many others."""
        return replace(self, rows=[(start + number, row) for number, row in self.rows], unit=unit)


class ColumnChunk(Chunk):
    """Some rows that were read as columns; as rows they are made when these are asked for.

    Parameters
    ----------
    numbers : sequence of int
        Of the lines or rows.
    columns : dict of str to list
        Values by column, all of them as many.
    rejects, unit
        As of any chunk.
    """

    def __init__(
        self,
        numbers: Sequence[int],
        columns: dict[str, list[Any]],
        rejects: Sequence[Reject] = (),
        unit: str = "line",
    ) -> None:
        self.numbers, self.columns = numbers, columns
        self.rejects, self.bytes_done, self.unit = list(rejects), 0, unit
        self._rows: list[Numbered] | None = None

    @property
    def n_rows(self) -> int:
        """Return how many rows there are."""
        return len(self.numbers)

    @property
    def rows(self) -> list[Numbered]:
        """Return number and values by column of every row."""
        if self._rows is None:
            names, columns = list(self.columns), self.columns.values()
            found = zip(*columns, strict=True) if names else ((),) * self.n_rows
            values = (dict(zip(names, row, strict=True)) for row in found)
            self._rows = list(zip(self.numbers, values, strict=True))
        return self._rows

    @rows.setter
    def rows(self, rows: list[Numbered]) -> None:
        raise TypeError("Rows that were read as columns stay as they are; make a Chunk of others.")

    def row(self, at: int) -> dict[str, Any]:
        """Return the values of one row by column."""
        return {name: column[at] for name, column in self.columns.items()}


def in_chunks(
    found: Iterable[Numbered | Reject],
    size: Callable[[], int],
    reached: Callable[[], int],
    unit: str = "line",
) -> Iterator[Chunk]:
    """Yield rows and rejects in chunks that are bounded in rows, values and bytes.

    Parameters
    ----------
    found : iterable of (int, dict) or Reject
        What was read, in order.
    size : callable
        Tells how many bytes the rows so far had.
    reached : callable
        Tells how far the file was read.
    unit : str
        What the numbers count.
    """
    chunk, cells, start = Chunk(unit=unit), 0, size()
    for one in found:
        if isinstance(one, Reject):
            chunk.rejects.append(one)
        else:
            chunk.rows.append(one)
            cells += len(one[1])
        n = len(chunk.rows) + len(chunk.rejects)
        if n >= CHUNK_ROWS or cells >= CHUNK_CELLS or size() - start >= CHUNK_BYTES:
            chunk.bytes_done = reached()
            yield chunk
            chunk, cells, start = Chunk(unit=unit), 0, size()
    chunk.bytes_done = reached()
    yield chunk


def repaired(number: int, row: dict[str, Any], unit: str = "line") -> Iterator[Numbered | Reject]:
    """Yield a note for every text or name that cannot be kept as it is, then the row."""
    names = "".join(row)
    is_plain = names.isascii() and "\x00" not in names
    for name in [] if is_plain else list(row):
        whole = cleaned(name)
        if whole == name:
            continue
        value = row.pop(name)
        yield Reject(f"{unit} {number}", whole, NOT_TEXT, cleaned(str(value))[:EXCERPT])
        row.setdefault(whole, value)
    for name, value in row.items():
        if isinstance(value, str):
            if not value.isascii() or "\x00" in value:
                clean = cleaned(value)
                if clean != value:
                    row[name] = clean
                    yield Reject(f"{unit} {number}", name, NOT_TEXT, clean[:EXCERPT])
        elif isinstance(value, dict | list):
            try:
                row[name] = cleaned(value)
            except RecursionError:
                row[name] = None
                yield Reject(f"{unit} {number}", name, "nested too deeply; left out", "")
    yield number, row


def check_names(names: Sequence[str], path: Path) -> None:
    """Raise a `ReadError` where two columns have one name: a row could keep one of them only."""
    twice = sorted(name for name, n in Counter(names).items() if n > 1)
    if twice:
        raise ReadError(
            f"Columns of {path} must have different names; {', '.join(map(repr, twice[:10]))} "
            "stands more than once. Rename one."
        )


def cleaned(value: Any) -> Any:
    """Return a value with � for every character that no table can hold."""
    if isinstance(value, str):
        return UNWRITABLE.sub("�", value)
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {cleaned(str(key)): cleaned(one) for key, one in value.items()}
    return value

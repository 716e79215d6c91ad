"""Read CSV files: blocks of plain records as columns, what is odd in any way record by record."""

import codecs
import csv
import io
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, count, islice
from lzma import LZMAError
from operator import xor
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.lenient import UNWRITABLE
from stresslab.store import scan_rows
from stresslab.store.memory import uncollected
from stresslab.store.scan_formats import DELIMITERS, encoding_of
from stresslab.store.scan_rows import (
    BROKEN,
    EXCERPT,
    Chunk,
    ColumnChunk,
    Numbered,
    Reject,
    cleaned,
    in_chunks,
    repaired,
)

MAX_FIELD = 64 << 20
MAX_LINES = 10_000
"""Lines one record may go over."""
STEP, STEP_BYTES = 64, 1 << 20
"""Lines that are read before it is asked how long they are; fewer where they are longer."""
MARKED = "stresslab.marked"
"""What decodes bytes that are no text: `surrogateescape` cannot where they are below 128."""
codecs.register_error(MARKED, lambda error: ("\udcff", error.end))  # type: ignore[attr-defined]
CUT_SHORT = (EOFError, zlib.error, LZMAError, OSError)
"""What reading a packed file that is damaged or cut off ends with."""

Fields = tuple[int, list[str]]
"""A line, and the fields of the record that begins there."""


def csv_rows(raw: Any, path: Path, reached: Callable[[], int]) -> Iterator[Chunk]:
    """Yield the rows of a CSV file; of a packed one that breaks off what stands before.

    A broken record costs only its first line: what follows is read on its own.

    Parameters
    ----------
    raw : binary file
        The content.
    path : Path
        Its file, for errors.
    reached : callable
        Tells how far the file was read.

    Raises
    ------
    ReadError
        If the first line does not name the columns, or nothing of it can be read.
    """
    csv.field_size_limit(MAX_FIELD)
    source = raw if hasattr(raw, "peek") else io.BufferedReader(raw)
    try:
        wide = encoding_of(source.peek(64)[:64])
        encoding, errors = (wide, MARKED) if wide else ("utf-8-sig", "surrogateescape")
        text = io.TextIOWrapper(source, encoding=encoding, errors=errors, newline="")
        first = text.readline(MAX_FIELD)
    except CUT_SHORT as error:
        raise _not_whole(path, error) from error
    delimiter = max(DELIMITERS, key=first.count)
    header, notes = _told_apart(_header(first, delimiter, path))
    lines, is_read = _Lines(text), False
    if notes:
        yield Chunk(rejects=notes)
    for chunk in _chunks(lines, _Shape(tuple(header), delimiter), reached):
        is_read = is_read or chunk.n_rows > 0
        yield chunk
    if lines.broken:
        if not is_read:
            raise _not_whole(path, lines.broken)
        note = Reject(f"after line {lines.number - 1}", "", f"{BROKEN}: {lines.broken}", "")
        yield Chunk(rejects=[note], bytes_done=reached())
    text.detach()


@dataclass(frozen=True)
class _Shape:
    """What every record of a file must be like."""

    header: tuple[str, ...]
    delimiter: str


class _Lines:
    """The lines below the header, some of which are put back to be read again.

    Attributes
    ----------
    number : int
        Of the next line.
    broken : Exception or None
        Why there are no more, where that is not the end of the file.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.number = 2
        self.broken: Exception | None = None
        self._text, self._again = text, deque[str]()

    def take(self, n: int) -> list[str]:
        """Return the next `n` lines, or as many as there are."""
        found = [self._again.popleft() for _ in range(min(n, len(self._again)))]
        if len(found) < n and not self.broken:
            try:
                found.extend(islice(self._text, n - len(found)))  # keeps those before an error
            except CUT_SHORT as error:
                self.broken = error
        self.number += len(found)
        return found

    def put_back(self, lines: list[str]) -> None:
        """Give back the lines that were taken last."""
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)

    def block(self, most: int) -> list[str]:
        """Return about `most` lines, fewer where they are long, that end with a record."""
        found, n_read, step, quotes = list[str](), 0, 1, 0
        while len(found) < most and n_read < scan_rows.CHUNK_BYTES:
            some = self.take(min(step, most - len(found)))
            if not some:
                break
            size = sum(map(len, some))
            step = min(2 * step, STEP) if size < STEP_BYTES else max(step // 2, 1)
            found, n_read = found + some, n_read + size
        quotes = sum(line.count('"') for line in found)
        limit = len(found) + MAX_LINES
        while quotes % 2 and len(found) < limit and n_read < MAX_FIELD and (more := self.take(1)):
            found += more
            n_read, quotes = n_read + len(more[0]), quotes + more[0].count('"')
        return found


def _chunks(lines: _Lines, shape: _Shape, reached: Callable[[], int]) -> Iterator[Chunk]:
    most = min(scan_rows.CHUNK_ROWS, -(-scan_rows.CHUNK_CELLS // len(shape.header)))
    while block := lines.block(most):
        with uncollected():
            chunk = _plain(block, lines.number - len(block), shape)
        if chunk is not None:
            chunk.bytes_done = reached()
            yield chunk
            continue
        end = lines.number
        lines.put_back(block)
        yield from in_chunks(_one_by_one(lines, end, shape), lambda: 0, reached)


def _plain(block: list[str], first: int, shape: _Shape) -> ColumnChunk | None:
    """Return the rows of some lines; None unless reading them one by one gives just these."""
    text, reader = "".join(block), csv.reader(block, delimiter=shape.delimiter, strict=True)
    if (not text.isascii() or "\x00" in text) and UNWRITABLE.search(text):
        return None
    odd = [line.count('"') & 1 for line in block] if '"' in text else []
    numbers: list[int] | range = range(first, first + len(block))
    try:
        if any(odd):
            both = [(row, reader.line_num) for row in reader]
            rows, ends = [row for row, _ in both], [end for _, end in both]
            # a record ends with the first line at which all quotes are closed, or is odd
            if ends != [end for end, is_open in enumerate(accumulate(odd, xor), 1) if not is_open]:
                return None
            numbers = [first, *(first + end for end in ends[:-1])]
            if max(b - a for a, b in zip([0, *ends], ends, strict=False)) >= MAX_LINES:
                return None
        else:
            rows = list(reader)
            if len(rows) != len(block):  # a quote in the middle of a field that is not quoted
                return None
    except csv.Error:
        return None
    if [] in rows:  # empty lines
        numbers = [number for number, row in zip(numbers, rows, strict=True) if row]
        rows = [row for row in rows if row]
    if set(map(len, rows)) - {len(shape.header)}:
        return None
    columns = list(zip(*rows, strict=True)) or [()] * len(shape.header)
    known = [[one or None for one in some] if "" in some else list(some) for some in columns]
    return ColumnChunk(numbers, dict(zip(shape.header, known, strict=True)))


def _one_by_one(lines: _Lines, end: int, shape: _Shape) -> Iterator[Numbered | Reject]:
    """Yield every record that begins before a line; a broken one costs its first line."""
    while lines.number < end:
        number, held = lines.number, _record(lines)
        found = _parsed(held, shape)
        if isinstance(found, str):
            lines.put_back(held[1:])
            yield Reject(f"line {number}", "", found, cleaned(held[0]).rstrip("\r\n")[:EXCERPT])
            continue
        for offset, values in found:
            row = {name: one or None for name, one in zip(shape.header, values, strict=True)}
            yield from repaired(number + offset, row)


def _record(lines: _Lines) -> list[str]:
    """Return the lines of the next record: it goes on over a line's end while a quote is open.

    One that is never closed, or closed where it makes no sense, is a stray quote.
    """
    held, size, quotes = list[str](), 0, 0
    while more := lines.take(1):
        held += more
        size, quotes = size + len(more[0]), quotes + more[0].count('"')
        if quotes % 2 == 0 or len(held) >= MAX_LINES or size >= MAX_FIELD:
            break
    return held


def _parsed(held: list[str], shape: _Shape) -> list[Fields] | str:
    """Return the records of some lines with the offsets of their first lines, or what is wrong."""
    rows: list[Fields] = []
    reader = csv.reader(held, delimiter=shape.delimiter, strict=True)
    try:
        while True:
            offset = reader.line_num
            values = next(reader, None)
            if values is None:
                return rows
            if values and len(values) != len(shape.header):
                return f"has {len(values)} fields; the header has {len(shape.header)}"
            if values:
                rows.append((offset, values))
    except csv.Error as error:
        return f"not readable as CSV: {error}"


def _header(line: str, delimiter: str, path: Path) -> list[str]:
    """Return the names of the columns; of several without a name, each its place."""
    try:
        header = [cleaned(one).strip() for one in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error as error:
        raise ReadError(f"The first line of {path} must name the columns: {error}.") from error
    if not any(header):
        raise ReadError(f"The first line of {path} must name the columns; it is empty.")
    if header.count("") > 1:  # a table with empty columns at its right
        header = [name or f"column {place}" for place, name in enumerate(header, start=1)]
    return header


def _told_apart(header: list[str]) -> tuple[list[str], list[Reject]]:
    """Return names that differ, the second of one name as `name_2`, and a note on each renamed."""
    names, notes, taken = list[str](), list[Reject](), set(header)
    seen = set[str]()
    for place, name in enumerate(header, start=1):
        new = name
        if name in seen:
            new = next(one for n in count(2) if (one := f"{name}_{n}") not in taken)
            reason = f"column {place} repeats the name {name!r}; it is read as {new!r}"
            notes.append(Reject("line 1", new, reason, name[:EXCERPT]))
            taken.add(new)
        seen.add(name)
        names.append(new)
    return names, notes


def _not_whole(path: Path, error: Exception) -> ReadError:
    return ReadError(f"{path} must be a whole file; reading it failed: {error}.")

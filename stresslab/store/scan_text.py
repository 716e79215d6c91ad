"""Read the lines of CSV files and of JSON lines; a broken one costs only itself."""

import csv
import io
import json
import zlib
from collections import deque
from collections.abc import Iterator
from itertools import count
from lzma import LZMAError
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.lenient import has_long_number
from stresslab.store.scan_formats import DELIMITERS, Look, unpacked
from stresslab.store.scan_rows import (
    BROKEN,
    EXCERPT,
    Chunk,
    Numbered,
    Reject,
    cleaned,
    in_chunks,
    repaired,
)

MAX_FIELD = 64 << 20
MAX_LINES = 10_000
"""Lines one CSV record may go over."""
STRANGE = 1_000
"""Lines in a row, none of which begins like an object, that are told of one by one."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def text_rows(path: Path, look: Look) -> Iterator[Chunk]:
    """Yield the rows of a text file; a packed one that breaks off keeps what stands before.

    Raises
    ------
    ReadError
        If nothing of it can be read.
    """
    with path.open("rb") as raw:
        inside = unpacked(raw, look.packing)
        read = _csv if look.format == "csv" else _jsonl
        yield from in_chunks(_until_broken(read(inside, path), path), inside.tell, raw.tell)


def _until_broken(found: Iterator[Numbered | Reject], path: Path) -> Iterator[Numbered | Reject]:
    number = 0
    try:
        for one in found:
            number = number if isinstance(one, Reject) else one[0]
            yield one
    except (EOFError, zlib.error, LZMAError, OSError) as error:
        if not number:
            raise ReadError(f"{path} must be a whole file; reading it failed: {error}.") from error
        yield Reject(f"after line {number}", "", f"{BROKEN}: {error}", "")


def _csv(raw: Any, path: Path) -> Iterator[Numbered | Reject]:
    csv.field_size_limit(MAX_FIELD)
    source = raw if hasattr(raw, "peek") else io.BufferedReader(raw)
    encoding = "utf-16" if source.peek(2)[:2] in UTF_16 else "utf-8-sig"
    text = io.TextIOWrapper(source, encoding=encoding, errors="surrogateescape", newline="")
    first = text.readline(MAX_FIELD)
    delimiter = max(DELIMITERS, key=first.count)
    header, notes = _told_apart(_header(first, delimiter, path))
    yield from notes
    for number, values in _records(text, delimiter, len(header)):
        if isinstance(values, Reject):
            yield values
        else:
            row = {name: value or None for name, value in zip(header, values, strict=True)}
            yield from repaired(number, row)
    text.detach()


def _records(
    lines: Iterator[str], delimiter: str, n_fields: int
) -> Iterator[tuple[int, list[str] | Reject]]:
    """Yield every record with the number of its first line; a broken one costs its first line.

    A record goes on over a line's end while a quote is open. One that is never closed, or closed
    somewhere it makes no sense, is a stray quote: what follows its line is read on its own.
    """
    again: deque[str] = deque()
    number, size, quotes = 2, 0, 0
    held: list[str] = []
    while True:
        line = again.popleft() if again else next(lines, "")
        if line:
            held.append(line)
            size += len(line)
            quotes += line.count('"')
            if quotes % 2 and len(held) < MAX_LINES and size < MAX_FIELD:
                continue
        elif not held:
            return
        rows = _parsed(held, delimiter, n_fields)
        if isinstance(rows, str):
            excerpt = cleaned(held[0]).rstrip("\r\n")[:EXCERPT]
            yield number, Reject(f"line {number}", "", rows, excerpt)
            again.extendleft(reversed(held[1:]))
            number += 1
        else:
            for offset, values in rows:
                yield number + offset, values
            number += len(held)
        held, size, quotes = [], 0, 0


def _parsed(held: list[str], delimiter: str, n_fields: int) -> list[tuple[int, list[str]]] | str:
    """Return the records of some lines with the offsets of their first lines, or what is wrong."""
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(held, delimiter=delimiter, strict=True)
    try:
        while True:
            offset = reader.line_num
            values = next(reader, None)
            if values is None:
                return rows
            if values and len(values) != n_fields:
                return f"has {len(values)} fields; the header has {n_fields}"
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


def _jsonl(raw: Any, path: Path) -> Iterator[Numbered | Reject]:
    import orjson

    number = strange = 0
    while line := raw.readline(MAX_FIELD):
        number += 1
        if line[:1] not in b"{ \t\r\n\xef":
            strange += 1
            if strange > STRANGE:
                continue
        elif strange:
            yield from _no_objects(number, strange)
            strange = 0
        if line[:1] in b"{ \xef" and b"\\u0000" not in line and not has_long_number(line):
            try:
                values = orjson.loads(line)
            except orjson.JSONDecodeError:
                values = None
            if type(values) is dict:  # texts of which are whole: orjson takes no other
                yield number, values
                continue
        yield from _odd_line(number, line)
    yield from _no_objects(number + 1, strange)


def _no_objects(number: int, strange: int) -> Iterator[Reject]:
    """Yield one note of the lines before this one that were not looked at."""
    if strange > STRANGE:
        first, last = number - strange + STRANGE, number - 1
        yield Reject(f"line {first}", "", f"lines {first} to {last} are no JSON objects either", "")


def _odd_line(number: int, line: bytes) -> Iterator[Numbered | Reject]:
    """Yield what can be read of a line with NaN, NUL, wrong bytes or a number of many digits."""
    place = f"line {number}"
    text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors="surrogateescape")
    if not text.strip():
        return
    if text.lstrip()[0] != "{":  # no need to look closer: a damaged file has a million of them
        yield Reject(place, "", "must be a JSON object", cleaned(text[:EXCERPT]))
        return
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Reject(place, "", f"not readable as JSON: {error}", cleaned(text[:EXCERPT]))
        return
    yield from repaired(number, values)

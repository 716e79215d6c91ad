"""Read CSV files and the lines of JSON; a broken one costs only itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.lenient import has_long_number
from stresslab.store.scan_csv import CUT_SHORT, MAX_FIELD, csv_rows
from stresslab.store.scan_formats import Look, unpacked
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

STRANGE = 1_000
"""Lines in a row, none of which begins like an object, that are told of one by one."""


def text_rows(path: Path, look: Look) -> Iterator[Chunk]:
    """Yield the rows of a text file; a packed one that breaks off keeps what stands before.

    Raises
    ------
    ReadError
        If nothing of it can be read.
    """
    with path.open("rb") as raw:
        inside = unpacked(raw, look.packing)
        if look.format == "csv":
            yield from csv_rows(inside, path, raw.tell)
        else:
            found = _until_broken(_jsonl(inside), path)
            yield from in_chunks(found, inside.tell, raw.tell)


def _until_broken(found: Iterator[Numbered | Reject], path: Path) -> Iterator[Numbered | Reject]:
    number = 0
    try:
        for one in found:
            number = number if isinstance(one, Reject) else one[0]
            yield one
    except CUT_SHORT as error:
        if not number:
            raise ReadError(f"{path} must be a whole file; reading it failed: {error}.") from error
        yield Reject(f"after line {number}", "", f"{BROKEN}: {error}", "")


def _jsonl(raw: Any) -> Iterator[Numbered | Reject]:
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

"""Read CSV files and the lines of JSON; a broken one costs only itself."""

import io
import json
from collections.abc import Iterator, Sequence
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
    lines = JsonLines()
    yield from lines.rows(raw)
    yield from lines.end()


class JsonLines:
    """Reads lines that hold an object each, and goes on where it stopped.

    Attributes
    ----------
    number : int
        Of the last line that was read.
    """

    def __init__(self) -> None:
        self.number = self._strange = 0

    def rows(self, raw: Any) -> Iterator[Numbered | Reject]:
        """Yield the rows of the lines of a binary file."""
        import orjson

        while line := raw.readline(MAX_FIELD):
            self.number += 1
            if line[:1] not in b"{ \t\r\n\xef":
                self._strange += 1
                if self._strange > STRANGE:
                    continue
            elif self._strange:
                yield from _no_objects(self.number, self._strange)
                self._strange = 0
            if line[:1] in b"{ \xef" and b"\\u0000" not in line and not has_long_number(line):
                try:
                    values = orjson.loads(line)
                except orjson.JSONDecodeError:
                    values = None
                if type(values) is dict:  # texts of which are whole: orjson takes no other
                    yield self.number, values
                    continue
            yield from _odd_line(self.number, line)

    def some(self, lines: Sequence[tuple[int, bytes]]) -> Chunk:
        """Return the rows of lines of a file, of which all before them were read, or hold rows."""
        rejects = self.end() if lines and lines[0][0] != self.number + 1 else []
        chunk = Chunk(rejects=rejects)
        self.number = lines[0][0] - 1 if lines else self.number
        for one in self.rows(io.BytesIO(b"".join(line for _, line in lines))):
            if isinstance(one, Reject):
                chunk.rejects.append(one)
            else:
                chunk.rows.append(one)
        return chunk

    def end(self) -> list[Reject]:
        """Return what is still to be said of the lines that were read."""
        found = list(_no_objects(self.number + 1, self._strange))
        self._strange = 0
        return found


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

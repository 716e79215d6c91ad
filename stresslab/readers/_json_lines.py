"""Objects of a file of JSON lines, or of one JSON array, with the places of what is no object."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from stresslab import lenient
from stresslab.lenient import Broken
from stresslab.readers._records import MAX_DEPTH, NOT_UTF8, tidy
from stresslab.store.scan import EXCERPT, Chunk, Numbered, Reject

MAX_LINE = 1 << 26
"""Bytes of the longest line that is read."""

ROWS = 2_000


class Objects:
    """The objects of a file, one held at a time.

    Parameters
    ----------
    path : Path
        JSON lines, or a file that is one array.

    Attributes
    ----------
    unit : str
        What the numbers count: ``"line"``, or ``"entry"`` of an array.
    bytes_done : int
        How far the file was read.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.bytes_done = path, 0
        with path.open("rb") as file:
            head = file.read(1 << 12).removeprefix(b"\xef\xbb\xbf").lstrip()
        self.is_array = head.startswith(b"[")
        self.unit = "entry" if self.is_array else "line"

    def __iter__(self) -> Iterator[Numbered | Reject]:
        """Yield every object with its number, before it a note of what was repaired in it."""
        with self.path.open("rb") as file:
            yield from self._entries(file) if self.is_array else self._lines(file)
            self.bytes_done = file.tell()

    def chunks(self, rows: Iterator[Numbered | Reject]) -> Iterator[Chunk]:
        """Yield what was made of the objects in chunks."""
        chunk = Chunk(unit=self.unit)
        for one in rows:
            if isinstance(one, Reject):
                chunk.rejects.append(one)
            else:
                chunk.rows.append(one)
            if len(chunk.rows) + len(chunk.rejects) >= ROWS:
                chunk.bytes_done = self.bytes_done
                full, chunk = [chunk], Chunk(unit=self.unit)
                yield full.pop()  # what is handed out is not held here
        chunk.bytes_done = self.bytes_done
        yield chunk

    def _lines(self, file: BinaryIO) -> Iterator[Numbered | Reject]:
        number = 0
        while line := file.readline(MAX_LINE):
            number += 1
            self.bytes_done += len(line)
            is_long = len(line) == MAX_LINE and not line.endswith(b"\n")
            yield from self.of_line(number, line)
            while is_long and line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
                self.bytes_done += len(line)

    def of_line(self, number: int, line: bytes) -> Iterator[Numbered | Reject]:
        """Yield the object of one line, which may have its end."""
        if len(line) > MAX_LINE or (len(line) == MAX_LINE and not line.endswith(b"\n")):
            yield Reject(
                f"line {number}", "", f"longer than {MAX_LINE >> 20} MiB", _shown(line[:MAX_LINE])
            )
            return
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        value = usual(line)
        if value is not None:
            yield number, value
        elif line.strip():
            yield from self._of_line(number, line)

    def _of_line(self, number: int, line: bytes) -> Iterator[Numbered | Reject]:
        try:
            value = lenient.loads(line)
        except lenient.JsonProblem as problem:
            is_cut = not line.endswith(b"\n")
            reason = f"not readable as JSON: {problem}" + (" (cut off)" if is_cut else "")
            yield Reject(f"line {number}", "", reason, _shown(line))
            return
        may_be_deep = line.count(b"[") + line.count(b"{") > MAX_DEPTH
        yield from _kept(f"line {number}", number, value, may_be_deep)

    def _entries(self, file: BinaryIO) -> Iterator[Numbered | Reject]:
        for number, (_, value) in enumerate(lenient.walk(file), start=1):
            self.bytes_done = file.tell()
            if isinstance(value, Broken):
                excerpt = lenient.clean(value.excerpt)[:EXCERPT]
                yield Reject(f"entry {number}", "", value.reason, excerpt)
            else:
                yield from _kept(f"entry {number}", number, value, True)


def usual(line: bytes) -> dict[str, Any] | None:
    """Return the object of a line in which nothing can be wrong; None of any other line."""
    import orjson

    if b"\\u0000" in line or line.count(b"[") + line.count(b"{") > MAX_DEPTH:
        return None
    if lenient.has_long_number(line):
        return None
    try:
        value = orjson.loads(line)  # takes no text that is not whole
    except orjson.JSONDecodeError:
        return None
    return value if type(value) is dict else None


def is_deep(value: Any, most: int = MAX_DEPTH) -> bool:
    """Return whether a JSON value is nested deeper than `most` levels; without recursion."""
    level = [value]
    for _ in range(most):
        level = [
            below
            for one in level
            if isinstance(one, dict | list)
            for below in (one.values() if isinstance(one, dict) else one)
            if isinstance(below, dict | list)
        ]
        if not level:
            return False
    return True


def _kept(place: str, number: int, value: Any, may_be_deep: bool) -> Iterator[Numbered | Reject]:
    if not isinstance(value, dict):
        yield Reject(place, "", "must be a JSON object", lenient.clean(repr(value)[:EXCERPT]))
        return
    if may_be_deep:
        for name in [name for name, one in value.items() if is_deep(one)]:
            yield Reject(place, lenient.clean(name), "nested too deeply; left out", "")
            del value[name]
    for name, one in value.items():
        whole = tidy(one)
        if whole is not one:
            value[name] = whole
            excerpt = whole[:EXCERPT] if isinstance(whole, str) else ""
            yield Reject(place, lenient.clean(name), NOT_UTF8, excerpt)
    yield number, value


def _shown(line: bytes) -> str:
    return lenient.clean(line[:EXCERPT].decode("utf-8", "replace")).rstrip("\r\n")

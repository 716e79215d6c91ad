"""Cut a file into the units that are promised to be read without each other."""

import csv
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from tests.readers.zips import write_zip

HEADER, FREE = -1, -2
"""A part that all units depend on, and one that none does."""

_SPACE, _COMMA = re.compile(r"\s*"), re.compile(r"\s*,?\s*")
_LISTED = struct.Struct("<4sHHHHHHIIIHHHHHII")


@dataclass(frozen=True)
class Units:
    """A file and its units.

    Parameters
    ----------
    content : bytes
        The file.
    spans : list of (int, int, int)
        Begin, end and unit of every part, in order, without gaps.
    without : callable
        ``without(units)`` returns the file as if some units had never been written.
    kind : str
        lines, array, zip or whole.
    tails : dict of int to int
        Where what separates a unit from the next begins; its last byte where it is not said.
    """

    content: bytes
    spans: list[tuple[int, int, int]]
    without: Callable[[Collection[int]], bytes]
    kind: str
    tails: dict[int, int] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Return how many units there are."""
        return 1 + max((unit for _, _, unit in self.spans), default=-1)

    def text(self, unit: int) -> bytes:
        """Return the bytes of a unit."""
        return b"".join(self.content[start:end] for start, end, one in self.spans if one == unit)


def whole(content: bytes) -> Units:
    """Return a file of which every part depends on every other."""
    return Units(content, [(0, len(content), HEADER)], lambda units: b"", "whole")


def lines(content: bytes, n_header: int = 0) -> Units:
    """Return JSON lines, or lines below a header."""
    return _joined(content.splitlines(keepends=True), n_header, "lines")


def records(content: bytes, n_header: int = 1) -> Units:
    """Return the records of a CSV file, which may go over several lines."""
    texts, rows = io.StringIO(content.decode(), newline=""), []
    reader, pieces, before = csv.reader(texts), content.splitlines(keepends=True), 0
    for _ in reader:
        rows.append(b"".join(pieces[before : reader.line_num]))
        before = reader.line_num
    return _joined(rows, n_header, "lines")


def _joined(pieces: list[bytes], n_header: int, kind: str) -> Units:
    spans, at = [], 0
    for number, piece in enumerate(pieces):
        spans.append((at, at + len(piece), max(number - n_header, HEADER)))
        at += len(piece)

    def without(units: Collection[int]) -> bytes:
        return b"".join(piece for n, piece in enumerate(pieces) if n - n_header not in units)

    return Units(b"".join(pieces), spans, without, kind)


def array(content: bytes, name: str = "") -> Units:
    """Return the elements of a JSON array: the file itself, or the first member of that name."""
    text = content.decode()
    begin = re.search(rf'"{re.escape(name)}"\s*:\s*\[' if name else r"\[", text)
    assert begin is not None
    assert text.isascii()
    at, elements, spans, tails = begin.end(), [], [(0, begin.end(), HEADER)], {}
    while text[at] != "]":
        first = _SPACE.match(text, at).end()
        last = json.JSONDecoder().raw_decode(text, first)[1]
        tails[len(elements)] = last
        behind = _COMMA.match(text, last).end()
        spans.append((at, behind, len(elements)))
        elements.append(text[first:last])
        at = behind
    spans.append((at, len(text), HEADER))

    def without(units: Collection[int]) -> bytes:
        kept = [one for n, one in enumerate(elements) if n not in units]
        return (text[: begin.end()] + ", ".join(kept) + text[at:]).encode()

    return Units(content, spans, without, "array", tails)


def entries(path: Path) -> Units:
    """Return the entries of a zip file, each with its line in the directory."""
    content = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        found = file.infolist()
        start = file.start_dir
    ends = [one.header_offset for one in found[1:]] + [start]
    spans = [(one.header_offset, end, n) for n, (one, end) in enumerate(zip(found, ends))]
    at = start
    for n in range(len(found)):
        sizes = _LISTED.unpack_from(content, at)[10:13]
        spans.append((at, at + _LISTED.size + sum(sizes), n))
        at = spans[-1][1]
    spans.append((at, len(content), FREE))

    def without(units: Collection[int]) -> bytes:
        return repacked(path, {found[n].filename: None for n in units if n >= 0})

    return Units(content, spans, without, "zip")


def repacked(path: Path, changed: dict[str, bytes | None]) -> bytes:
    """Return a zip file with other content of some entries, or without them, well packed."""
    from stresslab.readers._zip import Zip

    with Zip(path) as file:
        kept = {name: file.read(name) for name in file.names} | changed
    other = path.with_name("repacked.tmp")
    try:
        return write_zip(
            other, {name: one for name, one in kept.items() if one is not None}
        ).read_bytes()
    finally:
        other.unlink(missing_ok=True)

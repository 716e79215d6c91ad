"""Say what a file is: by how it begins, and by its name where a plain text tells nothing."""

import bz2
import codecs
import gzip
import io
import json
import lzma
import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

HEAD = 1 << 14
DELIMITERS = ",;\t|"

ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet",
    ".pq": "parquet", ".arrow": "arrow", ".arrows": "arrow", ".feather": "arrow", ".ipc": "arrow",
    ".duckdb": "duckdb", ".ddb": "duckdb",
}  # fmt: skip
TITLES = {
    "csv": "a CSV table", "jsonl": "JSON lines", "parquet": "a Parquet table",
    "arrow": "an Arrow table", "duckdb": "a DuckDB database", "json": "a JSON list of records",
}  # fmt: skip
PACKED = {
    b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz",
}  # fmt: skip
PACKED_ENDINGS = (".gz", ".zst", ".bz2", ".xz")
OTHERS = {
    b"PK\x03\x04": "a zip archive", b"%PDF": "a PDF", b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture", b"SQLite format 3\x00": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old office document", b"7z\xbc\xaf": "a 7z archive",
    b"\x89HDF": "an HDF5 file", b"\x93NUMPY": "a NumPy array", b"\x80\x04\x95": "a pickle",
    b"\x80\x05\x95": "a pickle", b"\x80\x02": "a pickle", b"\x80\x03": "a pickle",
}  # fmt: skip
"""How files begin that are no tables, whatever their name says."""

_RECORDS = re.compile(r'\s*(?:\{\s*"(?P<member>[^"\\]{1,200})"\s*:\s*)?\[\s*\{\s*"')
WIDE = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
"""How texts begin whose letters have two or four bytes."""
WIDE_JSON = "JSON in"
_STREAM = b"\xff\xff\xff\xff"
"""Begins an Arrow stream, before the length of its schema."""


@dataclass(frozen=True)
class Look:
    """What a file is.

    Parameters
    ----------
    format : str
        A key of `TITLES`; empty if it is no table.
    packing : str
        ``"gzip"``, ``"zstd"``, ``"bz2"``, ``"xz"`` or empty.
    named : str
        The format its name says; empty if it says none.
    other : str
        What it is instead of a table, where that is plain to see.
    member : str
        The member of a JSON object that is the list of records; empty if the file is the list.
    """

    format: str = ""
    packing: str = ""
    named: str = ""
    other: str = ""
    member: str = ""

    @property
    def note(self) -> str:
        """Return what to say where name and content disagree; empty where they agree."""
        if not self.named or self.named == self.format:
            return ""
        return (
            f"is named like {TITLES[self.named]}, holds {TITLES[self.format]}, and is read as that"
        )


def format_of(path: Path) -> str | None:
    """Return ``"csv"``, ``"jsonl"``, ``"parquet"``, ``"arrow"`` or ``"duckdb"``; None if no table.

    A file that is named like a table counts as one; `look_at` says if it is something else.
    """
    look = look_at(path)
    return look.format or look.named or None


def look_at(path: Path) -> Look:
    """Return what a file is by its first bytes and its name."""
    named = _named(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return Look(named, named=named)
    packing = next((one for magic, one in PACKED.items() if head.startswith(magic)), "")
    if packing:
        inside = b""
        with (
            suppress(OSError, EOFError, ValueError, zlib.error, lzma.LZMAError),
            path.open("rb") as file,
        ):
            inside = unpacked(file, packing).read(HEAD)
        binary, other = _binary(inside), _wide_json(inside)
        if binary:
            other = f"{TITLES[binary]} packed with {packing}"
        if not other and (listed := _list(inside, path)):
            return Look("json", packing, member=listed["member"] or "")
        return Look("" if other else _text(inside, named), packing, named, other)
    binary = _binary(head)
    if binary:
        return Look(binary, named=named)
    other = next((one for magic, one in OTHERS.items() if head.startswith(magic)), "")
    other = other or _wide_json(head)
    if not other and (listed := _list(head, path)):
        return Look("json", member=listed["member"] or "")
    is_text = named in ("csv", "jsonl", "")
    return Look("" if other else _text(head, named) if is_text else named, "", named, other)


def encoding_of(head: bytes) -> str:
    """Return in which encoding a text is whose letters have two or four bytes; empty for UTF-8.

    Without a mark at its begin it shows by the zeros: beside each of the first letters, which are
    those of the names of columns, or before and behind them.
    """
    marked = next((one for mark, one in WIDE.items() if head.startswith(mark)), "")
    if marked or b"\0" not in head[:4] or len(head) < 16:
        return marked
    zeros = [not any(head[at:16:4]) for at in range(4)]
    plain = {
        (False, True, True, True): "utf-32-le", (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le", (True, False, True, False): "utf-16-be",
    }  # fmt: skip
    return plain.get((zeros[0], zeros[1], zeros[2], zeros[3]), "")


def _wide_json(head: bytes) -> str:
    """Return what to call JSON in an encoding that JSON is never in (RFC 8259, 8.1)."""
    encoding = encoding_of(head)
    text = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n") if encoding else ""
    return f"{WIDE_JSON} {encoding.upper()}" if text.startswith(("{", "[")) else ""


def unpacked(file: IO[bytes], packing: str) -> Any:
    """Return a file that gives the content of a packed one."""
    if packing == "zstd":
        import pyarrow as pa

        stream = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
        return io.BufferedReader(_Raw(stream))
    opened: dict[str, Callable[[IO[bytes]], Any]] = {
        "gzip": lambda raw: io.BufferedReader(gzip.GzipFile(fileobj=raw)),  # reads lines at once
        "bz2": bz2.BZ2File, "xz": lzma.LZMAFile,
    }  # fmt: skip
    return opened[packing](file) if packing else file


class _Raw(io.RawIOBase):
    """Reads a stream of Arrow like a file."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._done = stream, 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._done

    def readinto(self, buffer: Any) -> int:
        found = self._stream.read(len(buffer))
        buffer[: len(found)] = found
        self._done += len(found)
        return len(found)


def _named(path: Path) -> str:
    name = path.name.lower()
    for ending in PACKED_ENDINGS:
        name = name.removesuffix(ending)
    return next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), "")


def _list(head: bytes, path: Path) -> re.Match[str] | None:
    """Return how a JSON file begins that is a list of records, or has one as its first member."""
    name = path.name.lower()
    if not name.removesuffix(Path(name).suffix if name.endswith(PACKED_ENDINGS) else "").endswith(
        ".json"
    ):
        return None
    return _RECORDS.match(head.decode("utf-8-sig", "replace"))


def _binary(head: bytes) -> str:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head[8:12] == b"DUCK":
        return "duckdb"
    is_stream = head.startswith(_STREAM) and 0 < int.from_bytes(head[4:8], "little") < 1 << 28
    return "arrow" if head.startswith((b"ARROW1", b"FEA1")) or is_stream else ""


def _text(head: bytes, named: str) -> str:
    """Return the format of a text: the one of its name, unless it plainly is the other one."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    (first, *rest) = (line for line in head.split(b"\n") if line.strip()) if head else (b"",)
    if named == "csv" and _is_object(first, is_whole=b"\n" in head):
        return "jsonl"
    if named == "jsonl" and rest and not any(one.lstrip()[:1] in b"{[" for one in (first, *rest)):
        delimiter = max((one.encode() for one in DELIMITERS), key=first.count)
        n_fields = {one.count(delimiter) for one in (first, *rest[:5])}
        return "csv" if len(n_fields) == 1 and 0 not in n_fields else named
    return named


def _is_object(line: bytes, is_whole: bool) -> bool:
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line.decode("utf-8", "replace")), dict)
    except ValueError:
        return not is_whole and line.startswith(b'{"')
    except RecursionError:  # the line is told of when the file is read
        return True

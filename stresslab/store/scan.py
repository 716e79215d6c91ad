"""Read rows of CSV, JSON lines and Parquet files piece by piece, and say what could not be read.

The files are somebody else's: a broken line, wrong bytes or a missing end cost only themselves.
"""

import csv
import gzip
import io
import json
import re
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from stresslab.errors import ReadError
from stresslab.lenient import UNWRITABLE, has_long_number

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_ROWS = 5_000
MAX_FIELD = 64 * 1024 * 1024
MAX_LINES = 10_000
"""Lines one CSV record may go over."""
EXCERPT = 200
TYPED_ROWS = 20_000
TYPED_MEMORY = "256MB"
BROKEN = "the file cannot be read from here on"
DELIMITERS = ",;\t|"

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


def format_of(path: Path) -> str | None:
    """Return ``"csv"``, ``"jsonl"`` or ``"parquet"`` by the file's name and first bytes."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".csv", ".tsv")):
        return "csv"
    if name.endswith((".jsonl", ".ndjson")):
        return "jsonl"
    if name.endswith((".parquet", ".pq")):
        return "parquet"
    return None


def scan(path: Path) -> Iterator[Chunk]:
    """Yield the rows of a file in chunks of at most `CHUNK_ROWS`.

    Memory is one chunk, at any size of the file.

    Raises
    ------
    ReadError
        If the file is missing, is of no known kind, or nothing of it can be read.
    """
    kind = format_of(path)
    if kind is None:
        raise ReadError(
            f"A table must end in .csv, .tsv, .jsonl or .parquet; got {path.name!r}. Rename it."
        )
    if not path.is_file():
        raise ReadError(f"There must be a file at {path}; there is none.")
    if kind == "parquet":
        yield from _parquet(path)
        return
    with path.open("rb") as raw:
        is_packed = path.name.lower().endswith(".gz")
        unpacked: Any = gzip.GzipFile(fileobj=raw) if is_packed else raw
        read = _csv if kind == "csv" else _jsonl
        yield from _in_chunks(read(unpacked, path), raw, path)


def typed_lines(path: Path, columns: Mapping[str, str]) -> Iterator["pa.RecordBatch"]:
    """Yield some members of every line of a file of JSON objects, read by DuckDB.

    Many times as quick as reading whole lines, and less patient: no line may be broken. Rows come
    in the order of the lines; memory is a few megabytes at any size of the file.

    Parameters
    ----------
    path : Path
        JSON lines.
    columns : mapping of str to str
        DuckDB types by member; a member that is not there is null.

    Raises
    ------
    ReadError
        If a line is no JSON object, is longer than 16 MiB, or a member is not of its type.
    """
    import duckdb
    import pyarrow as pa

    types = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in columns.items())
    names = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in columns)
    plain = re.sub(r"([*?\[])", r"[\1]", str(path))  # these stand for other characters
    query = (
        f"SELECT {names} FROM read_json({_quoted(plain)}, format = 'newline_delimited', "
        f"columns = {{{types}}})"
    )
    try:
        with duckdb.connect(config={"memory_limit": TYPED_MEMORY}) as connection:
            yield from connection.sql(query).to_arrow_reader(TYPED_ROWS)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise ReadError(f"{path} must hold whole JSON objects: {error}.") from error


def count_lines(path: Path) -> int:
    """Return how many lines a file has; a last one without an end counts."""
    n, last = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            n += block.count(b"\n")
            last = block[-1:]
    return n + (last != b"\n")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _in_chunks(found: Iterator[Numbered | Reject], raw: BinaryIO, path: Path) -> Iterator[Chunk]:
    """Yield what can be read; a packed file that breaks off keeps what stands before."""
    chunk, number = Chunk(), 0
    try:
        for one in found:
            if isinstance(one, Reject):
                chunk.rejects.append(one)
            else:
                chunk.rows.append(one)
                number = one[0]
            if len(chunk.rows) + len(chunk.rejects) >= CHUNK_ROWS:
                chunk.bytes_done = raw.tell()
                yield chunk
                chunk = Chunk()
    except (EOFError, zlib.error, OSError) as error:
        if not number:
            raise ReadError(f"{path} must be a whole file; reading it failed: {error}.") from error
        chunk.rejects.append(Reject(f"after line {number}", "", f"{BROKEN}: {error}", ""))
    chunk.bytes_done = raw.tell()
    yield chunk


def _csv(raw: BinaryIO, path: Path) -> Iterator[Numbered | Reject]:
    csv.field_size_limit(MAX_FIELD)
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
    first = text.readline(MAX_FIELD)
    delimiter = max(DELIMITERS, key=first.count)
    header = [_clean(name).strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    _check_header(header, path)
    for number, values in _records(text, delimiter, len(header)):
        if isinstance(values, Reject):
            yield values
        else:
            row = {name: value or None for name, value in zip(header, values, strict=True)}
            yield from _repaired(number, row)
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
            excerpt = _clean(held[0]).rstrip("\r\n")[:EXCERPT]
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


def _check_header(header: list[str], path: Path) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if not any(header):
        raise ReadError(f"The first line of {path} must name the columns; it is empty.")
    if twice:
        raise ReadError(
            f"Columns of {path} must have different names; {', '.join(map(repr, twice))} stands "
            "more than once. Rename one in the first line."
        )


def _jsonl(raw: BinaryIO, path: Path) -> Iterator[Numbered | Reject]:
    import orjson

    number = 0
    while line := raw.readline(MAX_FIELD):
        number += 1
        if b"\\u0000" not in line and not has_long_number(line):
            try:
                values = orjson.loads(line)
            except orjson.JSONDecodeError:
                values = None
            if type(values) is dict:  # texts of which are whole: orjson takes no other
                yield number, values
                continue
        yield from _odd_line(number, line)


def _odd_line(number: int, line: bytes) -> Iterator[Numbered | Reject]:
    """Yield what can be read of a line with NaN, NUL, wrong bytes or a number of many digits."""
    place = f"line {number}"
    text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors="surrogateescape")
    if not text.strip():
        return
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Reject(place, "", f"not readable as JSON: {error}", _clean(text)[:EXCERPT])
        return
    if isinstance(values, dict):
        yield from _repaired(number, values)
    else:
        yield Reject(place, "", "must be a JSON object", _clean(text)[:EXCERPT])


def _parquet(path: Path) -> Iterator[Chunk]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    done = 0
    try:
        with pq.ParquetFile(path) as file:
            n_rows, size = file.metadata.num_rows, path.stat().st_size
            for batch in file.iter_batches(CHUNK_ROWS):
                chunk = Chunk(unit="row")
                for values in batch.to_pylist():
                    done += 1
                    for one in _repaired(done, values, "row"):
                        if isinstance(one, Reject):
                            chunk.rejects.append(one)
                        else:
                            chunk.rows.append(one)
                chunk.bytes_done = size * done // max(n_rows, 1)
                yield chunk
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if not done:
            raise ReadError(f"{path} must be a readable Parquet file: {error}.") from error
        reject = Reject(f"after row {done}", "", f"{BROKEN}: {error}", "")
        yield Chunk(rejects=[reject], bytes_done=path.stat().st_size, unit="row")


def _repaired(number: int, row: dict[str, Any], unit: str = "line") -> Iterator[Numbered | Reject]:
    """Yield a note for every text that cannot be kept as it is, then the row."""
    for name, value in row.items():
        if isinstance(value, str):
            if not value.isascii() or "\x00" in value:
                clean = _clean(value)
                if clean != value:
                    row[name] = clean
                    reason = "holds bytes that are not UTF-8 text; kept with � in their place"
                    yield Reject(f"{unit} {number}", name, reason, clean[:EXCERPT])
        elif isinstance(value, dict | list):
            row[name] = _clean_deep(value)
    yield number, row


def _clean(text: str) -> str:
    return UNWRITABLE.sub("�", text)


def _clean_deep(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, list):
        return [_clean_deep(one) for one in value]
    if isinstance(value, dict):
        return {_clean(str(key)): _clean_deep(one) for key, one in value.items()}
    return value

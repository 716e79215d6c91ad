"""Read rows of tables of any kind piece by piece, and say what could not be read.

The files are somebody else's: a broken line, wrong bytes or a missing end cost only themselves.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stresslab.errors import ReadError
from stresslab.store.memory import uncollected
from stresslab.store.scan_arrow import arrow_rows, notes_of, parquet_rows
from stresslab.store.scan_duckdb import duckdb_rows, tables_of
from stresslab.store.scan_formats import ENDINGS, TITLES, WIDE_JSON, Look, format_of, look_at
from stresslab.store.scan_json import json_rows
from stresslab.store.scan_rows import CHUNK_ROWS, EXCERPT, Chunk, ColumnChunk, Numbered, Reject
from stresslab.store.scan_text import JsonLines, text_rows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "CHUNK_ROWS", "ENDINGS", "EXCERPT", "Chunk", "ColumnChunk", "JsonLines", "Numbered", "Reject",
    "count_lines", "format_of", "look_at", "note_of", "notes_of", "scan", "tables_of",
    "typed_lines", "uncollected",
]  # fmt: skip

TYPED_ROWS = 20_000
TYPED_MEMORY = "256MB"


def scan(path: Path, table: str = "") -> Iterator[Chunk]:
    """Yield the rows of a file in chunks bounded in rows, values and bytes.

    What a file is its first bytes say; its name, where they tell nothing. Memory is one chunk, at
    any size of the file.

    Parameters
    ----------
    path : Path
        CSV, JSON lines, a JSON list of records (these also packed), Parquet, Arrow, Feather or
        DuckDB.
    table : str
        Which table of a DuckDB file.

    Raises
    ------
    ReadError
        If the file is missing, is of no known kind, or nothing of it can be read.
    """
    if not path.is_file():
        raise ReadError(f"There must be a file at {path}; there is none.")
    look = look_at(path)
    if not look.format:
        raise ReadError(_unknown(path, look.named, look.other))
    yield from note_of(look)
    if look.format == "parquet":
        yield from parquet_rows(path)
    elif look.format == "arrow":
        yield from arrow_rows(path)
    elif look.format == "duckdb":
        yield from duckdb_rows(path, table)
    elif look.format == "json":
        yield from json_rows(path, look)
    else:
        yield from text_rows(path, look)


def note_of(look: Look) -> list[Chunk]:
    """Return a chunk that says that a file is named like something else, if it is."""
    return [Chunk(rejects=[Reject("file", "", look.note, "")])] if look.note else []


def _unknown(path: Path, named: str, other: str) -> str:
    if other.startswith(WIDE_JSON):
        return (
            f"{path} is {other}, and JSON is read in UTF-8 only. Save it as UTF-8 (`iconv -f "
            f"{other.removeprefix(WIDE_JSON).strip()} -t UTF-8`), and import that."
        )
    if other:
        like = f" named like {TITLES[named]}" if named else ""
        return (
            f"{path} is {other}{like}. Unpack it or save it as CSV, JSON lines, Parquet or Arrow, "
            "and import that."
        )
    if path.name.endswith(".json"):
        return f'{path} must begin with a list of records to be a table: `[{{"id": 1, ...}}, ...]`.'
    return f"A table must end in {', '.join(ENDINGS)}; got {path.name!r}. Rename it."


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

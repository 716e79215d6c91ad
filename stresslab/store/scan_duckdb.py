"""Read a table of somebody else's DuckDB file: nothing is written, run or loaded from outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stresslab.errors import ReadError
from stresslab.store import scan_rows
from stresslab.store.scan_arrow import chunks_of
from stresslab.store.scan_rows import BROKEN, Chunk, Reject, check_names

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False, "autoinstall_known_extensions": False,
    "autoload_known_extensions": False, "allow_community_extensions": False,
    "lock_configuration": True, "temp_directory": "", "memory_limit": "256MB", "threads": 1,
}  # fmt: skip
"""A view that names a file or an address fails; nothing is spilled beside the file."""

TABLES = """
    SELECT schema_name, table_name, list(column_name ORDER BY column_index) AS names
    FROM duckdb_columns() WHERE NOT internal AND database_name = current_database()
    GROUP BY ALL ORDER BY ALL
"""


def tables_of(path: Path) -> dict[str, list[str]]:
    """Return the columns of every table and view of a DuckDB file, by its name.

    Raises
    ------
    ReadError
        If the file cannot be opened.
    """
    return {shown: names for shown, (_, names) in _tables(path).items()}


def duckdb_rows(path: Path, table: str = "") -> Iterator[Chunk]:
    """Yield the rows of a table or view of a DuckDB file, in the order they stand there.

    Parameters
    ----------
    path : Path
        The file; opened read-only.
    table : str
        Its name, with the schema in front unless that is ``main``; the only one if not given.

    Raises
    ------
    ReadError
        If there is no such table, several and none is chosen, or it cannot be read.
    """
    tables = _tables(path)
    if not table and len(tables) == 1:
        (table,) = tables
    if table not in tables:
        said = f"has no table {table!r}" if table else f"holds {len(tables):,} tables"
        there = ", ".join(map(repr, tables)) or "none at all"
        raise ReadError(
            f'{path} {said}; it has: {there}. Choose one in the mapping: `table = "<name>"`.'
        )
    quoted, names = tables[table]
    check_names(names, path)
    with _opened(path) as connection:
        counted = connection.sql(f"SELECT count(*) FROM {quoted}").fetchall()
        n_rows, size = counted[0][0], path.stat().st_size
        reader = connection.sql(f"SELECT * FROM {quoted}").to_arrow_reader(scan_rows.CHUNK_ROWS)
        yield from chunks_of(_until_damaged(reader), lambda done: size * done // max(n_rows, 1))
    yield Chunk(bytes_done=size, unit="row")


def _until_damaged(reader: "pa.RecordBatchReader") -> "Iterator[pa.RecordBatch | Reject]":
    """Yield batches up to the first that cannot be read; an error if that is the first of all."""
    import duckdb
    import pyarrow as pa

    done = 0
    try:
        for batch in reader:
            done += batch.num_rows
            yield batch
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        if not done:
            raise
        yield Reject(f"after row {done}", "", f"{BROKEN}: {error}", "")


def _tables(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Return by the name a user sees how SQL writes a table, and its columns."""
    with _opened(path) as connection:
        found = connection.sql(TABLES).fetchall()
    return {
        name if schema == "main" else f"{schema}.{name}": (
            f"{_quoted(schema)}.{_quoted(name)}",
            names,
        )
        for schema, name, names in found
    }


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _opened(path: Path) -> "Iterator[duckdb.DuckDBPyConnection]":
    import duckdb
    import pyarrow as pa

    try:
        with duckdb.connect(path, read_only=True, config=CLOSED) as connection:
            yield connection
    except (duckdb.Error, pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path} must be a DuckDB file that can be read: {error}.") from error

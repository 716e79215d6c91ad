"""Read a table of somebody else's DuckDB file: nothing is written, run or loaded from outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stresslab.errors import ReadError
from stresslab.store import scan_rows
from stresslab.store.scan_arrow import chunks_of
from stresslab.store.scan_rows import BROKEN, Chunk, Gap, Reject, check_names

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False, "autoinstall_known_extensions": False,
    "autoload_known_extensions": False, "allow_community_extensions": False,
    "lock_configuration": True, "temp_directory": "", "memory_limit": "256MB", "threads": 1,
}  # fmt: skip
"""A view that names a file or an address fails; nothing is spilled beside the file."""

ROW_ID = "rowid"
VECTOR = 2_048
"""Rows that DuckDB reads at once: so many are lost with a damaged one among them."""
MOST_ROWS = 122_880
"""Rows of one of its row groups."""

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
        found = _around_damage(connection, quoted, names)
        yield from chunks_of(found, lambda done: size * min(done, n_rows) // max(n_rows, 1))
    yield Chunk(bytes_done=size, unit="row")


def _around_damage(
    connection: "duckdb.DuckDBPyConnection", quoted: str, names: list[str]
) -> "Iterator[pa.RecordBatch | Reject]":
    """Yield all rows that can be read; an error if that is none."""
    import duckdb
    import pyarrow as pa

    done = 0
    try:
        for batch in connection.sql(f"SELECT * FROM {quoted}").to_arrow_reader(
            scan_rows.CHUNK_ROWS
        ):
            done += batch.num_rows
            yield batch
        return
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        broken = error
    try:
        if ROW_ID in names:  # a column of that name hides the number of the row
            raise broken
        first = connection.sql(f"SELECT {ROW_ID} FROM {quoted} LIMIT 1 OFFSET {done}").fetchall()
        last = connection.sql(f"SELECT max({ROW_ID}) FROM {quoted}").fetchall()
    except (duckdb.Error, OSError):  # a view has no such numbers
        if not done:
            raise broken from None
        yield Reject(f"after row {done}", "", f"{BROKEN}: {broken}", "")
        return
    ids = range(first[0][0], last[0][0] + 1)
    for one in _behind(connection, quoted, ids, done):
        if isinstance(one, Gap) and not done and one.n_rows == len(ids):
            raise broken
        yield one


def _behind(
    connection: "duckdb.DuckDBPyConnection", quoted: str, ids: range, done: int
) -> "Iterator[pa.RecordBatch | Reject]":
    """Yield the rows of these numbers in growing steps, and a note of those that are damaged."""
    import duckdb
    import pyarrow as pa

    at, step, n_lost, why = ids.start, VECTOR, 0, ""
    while at < ids.stop:
        start, stop = at, min(at - at % VECTOR + step, ids.stop)
        query = f"SELECT *, {ROW_ID} FROM {quoted} WHERE {ROW_ID} >= {start} AND {ROW_ID} < {stop}"
        try:
            for batch in connection.sql(query).to_arrow_reader(scan_rows.CHUNK_ROWS):
                if n_lost and batch.num_rows:
                    yield Gap(f"after row {done}", "", f"{n_lost:,} rows: {why}", "", n_lost)
                    done, n_lost = done + n_lost, 0
                if batch.num_rows:
                    done, at = done + batch.num_rows, batch[ROW_ID][-1].as_py() + 1
                    yield batch.select(batch.schema.names[:-1])
            at, step = stop, min(2 * step, MOST_ROWS)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            why = f"cannot be read: {error}"
            if stop - at <= VECTOR:
                n_lost, at = n_lost + stop - at, stop
            step = VECTOR
    if n_lost:
        yield Gap(f"after row {done}", "", f"{n_lost:,} rows: {why}", "", n_lost)


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

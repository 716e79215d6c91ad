"""Make the parts of an unfinished run into the files of a sealed one, in constant memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import RowError
from stresslab.nouns import KEYS, arrow_schema
from stresslab.store import durable
from stresslab.store.memory import hand_back

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_IN_MEMORY = 1_000_000
"""Keys looked at in memory; more are checked by DuckDB, which takes longer to start."""

PART_BYTES = 32 * 1024 * 1024
"""Bytes of rows held in memory at a time, of each table, before they are written."""

MEMORY = "128MB"
"""Keys beyond this go to the disk, beside the parts."""

DESCRIBING = ("items", "variants")
"""Tables in which an equal row may come twice: it describes the same thing, and is kept once."""


def join(table: str, parts: list[Path], path: Path, part_rows: int) -> int:
    """Write the parts of one table as one file, in order; return the number of rows.

    Parameters
    ----------
    table : str
        A key of `nouns.TABLES`.
    parts : list of Path
        Parquet files with the columns of the table.
    path : Path
        The file to write.
    part_rows : int
        Rows of a row group, or fewer where they are long.

    Raises
    ------
    RowError
        If a key stands there twice; equal rows of items and variants are kept once instead.
    """
    import pyarrow.parquet as pq

    schema = arrow_schema(table)
    hand_back()
    repeated = _repeated(table, parts)
    if repeated and table not in DESCRIBING:
        raise _twice(table, repeated[0])
    rows = 0
    durable.checkpoint(f"before write {path.name}")
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        batches = _batches(parts, part_rows)
        if repeated:
            batches = _once(table, batches, {key[0] for key in repeated})
        for group in _groups(batches, schema, part_rows):
            writer.write_table(group, row_group_size=part_rows)
            rows += group.num_rows
    durable.checkpoint(f"after write {path.name}")
    durable.sync(path)
    hand_back()  # else the next table is joined, and the index is built, beside what was held here
    return rows


def _batches(parts: list[Path], rows: int) -> Iterator["pa.RecordBatch"]:
    import pyarrow.parquet as pq

    for part in parts:
        with pq.ParquetFile(part) as source:
            yield from source.iter_batches(batch_size=rows)


def _groups(
    batches: Iterator["pa.RecordBatch"], schema: "pa.Schema", rows: int
) -> Iterator["pa.Table"]:
    """Yield tables of about `rows` rows: many small parts must not become many row groups."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    n_rows = n_bytes = 0
    for batch in batches:
        waiting.append(batch)
        n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
        if n_rows >= rows or n_bytes >= PART_BYTES:
            yield pa.Table.from_batches(waiting, schema)
            waiting, n_rows, n_bytes = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting, schema)


def _once(
    table: str, batches: Iterator["pa.RecordBatch"], repeated: set[str]
) -> Iterator["pa.RecordBatch"]:
    """Yield the batches without the second of two equal rows.

    Memory grows with the number of *repeated* keys (a few hundred bytes each).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    [name] = KEYS[table]
    doubtful = pa.array(sorted(repeated), pa.string())
    first: dict[str, tuple[int, ...]] = {}
    for batch in batches:
        keep = [True] * batch.num_rows
        for at in pc.indices_nonzero(pc.is_in(batch[name], doubtful)).to_pylist():
            [row] = batch.slice(at, 1).to_pylist()
            mark = tuple(map(hash, row.values()))
            known = first.setdefault(row[name], mark)
            keep[at] = known is mark
            if known != mark:
                columns = [column for column, a, b in zip(row, known, mark, strict=True) if a != b]
                raise _different(table, row[name], columns)
        yield batch if all(keep) else batch.filter(pa.array(keep))


def _repeated(table: str, parts: list[Path]) -> list[tuple[Any, ...]]:
    """Return the keys that stand in the parts more than once, each with its count last.

    For tables in which no key may come twice, one of them is enough.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if table not in KEYS:
        return []
    names = list(KEYS[table])
    wanted = None if table in DESCRIBING else 1
    rows = sum(pq.read_metadata(part).num_rows for part in parts)
    if rows <= ROWS_IN_MEMORY:
        keys = pq.ParquetDataset([str(part) for part in parts]).read(columns=names)
        counted = keys.group_by(names).aggregate([([], "count_all")])
        some = counted.filter(pc.greater(counted["count_all"], 1)).slice(0, wanted).to_pylist()
        return [tuple(row[name] for name in [*names, "count_all"]) for row in some]
    import duckdb

    settings = {
        "memory_limit": MEMORY, "temp_directory": str(parts[0].with_name("spill")), "threads": 2,
    }  # fmt: skip
    with duckdb.connect(config=settings) as con:
        source = con.read_parquet([str(part) for part in parts])
        columns = ", ".join(names)
        counted = source.aggregate(f"{columns}, count(*) AS n", columns).filter("n > 1")
        found: list[tuple[Any, ...]] = (counted.limit(wanted) if wanted else counted).fetchall()
        return found


def _twice(table: str, found: tuple[Any, ...]) -> RowError:
    *key, n = found
    return RowError(
        f"Rule: {', '.join(KEYS[table])} is unique within the {table} of a run. "
        f"{', '.join(map(repr, key))} stands there {n} times. "
        "Number repeated answers with `trial`, or leave the repetition out; "
        "`stresslab workspace clean` discards what was written."
    )


def _different(table: str, key: str, columns: list[str]) -> RowError:
    return RowError(
        f"Rule: {KEYS[table][0]} is unique within the {table} of a run. {key!r} stands there "
        f"twice with another {', '.join(columns)}. Give what differs an id of its own; "
        "`stresslab workspace clean` discards what was written."
    )

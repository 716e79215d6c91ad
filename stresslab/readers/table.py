"""A table of your own: CSV, JSON, Parquet, Arrow or DuckDB, in long or in wide form."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from stresslab.errors import ReadError
from stresslab.readers._kind import Batch, Reader
from stresslab.readers._mapping import Mapping
from stresslab.readers._regular_parts import Reading, parts
from stresslab.readers._tables import check_columns, proposed
from stresslab.readers._wide_rows import table_of
from stresslab.store import scan
from stresslab.store.scan import Chunk

SAMPLE_CHUNKS = 2


def sniff(path: Path) -> float:
    """Return how sure it is that `path` is a plain table: weakest of all readers."""
    return 0.1 if path.is_file() and scan.format_of(path) else 0.0


def propose(path: Path) -> Mapping:
    """Return a mapping guessed from the column names and the first rows.

    Of the tables of a database the one that holds outcomes is taken.

    Raises
    ------
    NoOutcomesError
        If no column says what a model answered or how well.
    ReadError
        If no row can be read, no column can be the item, or several tables hold outcomes.
    """
    if scan.look_at(path).format != "duckdb":
        return _proposed(path)
    names, found = list(scan.tables_of(path)), dict[str, Mapping]()
    if len(names) == 1:
        return _proposed(path, names[0])
    reasons = []
    for name in names:
        try:
            found[name] = _proposed(path, name)
        except ReadError as error:
            reasons.append(f"{name}: {error}")
    if len(found) == 1:
        return next(iter(found.values()))
    said = f"{len(found):,} tables that may hold outcomes" if found else "no table of outcomes"
    raise ReadError(
        f"{path} holds {said}; it has: {', '.join(map(repr, names)) or 'none at all'}. Choose one "
        f'in a mapping: `table = "<name>"`.{"" if found else " " + " ".join(reasons[:3])}'
    )


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the rows of a table as items, variants, outcomes, scores and rejects.

    Raises
    ------
    ReadError
        If the mapping names a column the file does not have, or no row could be placed.
    """
    table, bytes_done = table_of(mapping, path.name), 0
    for chunk in _chunks(path, mapping):
        bytes_done = chunk.bytes_done
        yield from table.add(chunk)
    yield from table.finish(bytes_done)


def _chunks(path: Path, mapping: Mapping) -> Iterator[Chunk]:
    """Yield all rows; those of lines of JSON that are of one shape as columns."""
    look, is_checked = scan.look_at(path), False
    is_by_columns = look.format == "jsonl" and not look.packing and not mapping.wide
    for chunk in scan.scan(path, _table(path, mapping)):
        if not is_checked and chunk.rows:
            check_columns(path, mapping, [row for _, row in chunk.rows])
            is_checked = True
            if is_by_columns:
                break
        if not is_by_columns:
            yield chunk
    if is_by_columns:
        lines = scan.JsonLines()
        yield from scan.note_of(look)
        yield from parts(path, Reading(lambda _: {}, lines.some, mapping.fields()))
        yield Chunk(rejects=lines.end(), bytes_done=path.stat().st_size)


def _proposed(path: Path, table: str = "") -> Mapping:
    chunks = islice((one for one in scan.scan(path, table) if one.rows), SAMPLE_CHUNKS)
    rows = [row for chunk in chunks for _, row in chunk.rows]
    stem = path.name.split(".")[0]
    return replace(proposed(rows, path, stem), table=table, reader="table")


def _table(path: Path, mapping: Mapping) -> str:
    """Return the table of a database to read: the named one, or the one with all columns."""
    if mapping.table or scan.look_at(path).format != "duckdb":
        return mapping.table
    tables = scan.tables_of(path)
    needed = {name.partition(".")[0] for name in mapping.fields()}
    fitting = [name for name, columns in tables.items() if needed <= set(columns)]
    if len(fitting) == 1 or not tables:
        return fitting[0] if fitting else ""
    said = "has several tables" if fitting else "has no table"
    raise ReadError(
        f"{path} {said} with all columns the mapping uses ({', '.join(sorted(needed))}): "
        f'{", ".join(map(repr, fitting or tables))}. Choose one: `table = "<name>"`.'
    )


PIECE = Reader(
    title="Table of your own (CSV, JSON lines, JSON list, Parquet, Arrow, DuckDB)",
    sniff=sniff,
    propose=propose,
    read=read,
    version="2",
    suffix=".csv",
    example=(
        "id,model,domain,perturbation,tier,text,label,prediction,correct,confidence\n"
        "1,bert,news,,0,A fine day,pos,pos,1,0.93\n"
        "1,bert,news,typos,1,A fnie day,pos,neg,0,0.61\n"
        "1,lexicon,news,,0,A fine day,pos,pos,1,0.70\n"
        "1,lexicon,news,typos,1,A fnie day,pos,neg,0,0.55\n"
    ),
    source="ours",
)

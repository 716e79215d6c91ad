"""A table of your own in long form: CSV, JSON lines or Parquet, one row per outcome."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from stresslab.errors import ReadError
from stresslab.readers._kind import Batch, Reader
from stresslab.readers._mapping import Mapping
from stresslab.readers._propose import propose as propose_from_rows
from stresslab.readers._rows import LongTable
from stresslab.store import scan

SAMPLE_CHUNKS = 2


def sniff(path: Path) -> float:
    """Return how sure it is that `path` is a plain table: weakest of all readers."""
    return 0.1 if path.is_file() and scan.format_of(path) else 0.0


def propose(path: Path) -> Mapping:
    """Return a mapping guessed from the column names and the first rows.

    Raises
    ------
    ReadError
        If no row can be read, or no column can be the item.
    """
    rows = [row for chunk in islice(scan.scan(path), SAMPLE_CHUNKS) for _, row in chunk.rows]
    if not rows:
        raise ReadError(f"{path} must hold at least one readable row; it holds none.")
    mapping = propose_from_rows(rows, stem=path.name.split(".")[0])
    if "item" not in mapping.sources:
        raise ReadError(
            f"No column of {path} looks like the id of an item, without which models cannot be "
            f"compared on the same items. Its columns: {', '.join(rows[0])}. "
            'Give a mapping with `item_from = "field:<column>"`.'
        )
    return mapping


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the rows of a table as items, variants, outcomes, scores and rejects.

    Raises
    ------
    ReadError
        If the mapping names a column the file does not have, or no row could be placed.
    """
    table, bytes_done = LongTable(mapping, path.name), 0
    for number, chunk in enumerate(scan.scan(path)):
        if number == 0:
            _check_columns(path, mapping, [row for _, row in chunk.rows])
        bytes_done = chunk.bytes_done
        yield from table.add(chunk)
    yield from table.finish(bytes_done)


def _check_columns(path: Path, mapping: Mapping, rows: list[dict[str, object]]) -> None:
    known = {name: None for row in rows for name in row}
    for name in sorted(mapping.fields()):
        if rows and name not in known and name.partition(".")[0] not in known:
            raise ReadError(
                f"The mapping uses the column {name!r}, which {path.name} does not have. "
                f"It has: {', '.join(known)}."
            )


PIECE = Reader(
    title="Table of your own (CSV, JSON lines, Parquet)",
    sniff=sniff,
    propose=propose,
    read=read,
    version="1",
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

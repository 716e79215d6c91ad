"""A folder of the Hugging Face `datasets` package: saved to disk, cached, or from the Hub."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers._files import ManyFiles
from stresslab.readers._huggingface_files import DataFile, Folder, is_folder, opened
from stresslab.readers._huggingface_labels import Decode, decoders, of_answers
from stresslab.readers._kind import About, Batch, Reader, RunKey, all_files
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._tables import check_columns, proposed
from stresslab.readers._wide_rows import table_of
from stresslab.store import scan
from stresslab.store.scan import Chunk

SPLIT, ROW, CONFIG = "read.split", "read.row", "read.config"
SAMPLE_ROWS = 2_000
"""Rows of a split that a mapping is proposed from."""
MOST_SAMPLED = 8
SETTINGS = ("dataset_name", "builder_name", "config_name", "version", "license", "citation")

Row = dict[str, Any]


def sniff(path: Path) -> float:
    """Return how sure it is that a folder holds a data set: by the files that describe it."""
    return 0.9 if path.is_dir() and is_folder(path) else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return every file of a data set: what describes it, then its rows."""
    try:
        folder = opened(path)
    except ReadError:  # is said when it is read: one bad folder must not stop a walk
        return all_files(path)
    return (*folder.beside, *(one.path for one in folder.files))


def propose(path: Path) -> Mapping:
    """Return a mapping guessed from the columns and first rows of every split.

    Raises
    ------
    NoOutcomesError
        If it holds inputs alone.
    ReadError
        If nothing of it can be read, or no column can be the item.
    """
    folder = opened(path)
    rows = [row for one in folder.files[:MOST_SAMPLED] for row in _first(one)]
    numbers = proposed(rows, path, folder.name)  # as they stand: answers may be numbers, too
    decode = _decoders(folder, numbers, rows)
    mapping = proposed([_named(row, decode) for row in rows], path, folder.name)
    sources = dict(mapping.sources)
    if any(one.split for one in folder.files):
        sources.setdefault("split", Source(fields=(SPLIT,)))
    if any(one.config for one in folder.files) and not sources["task"].fields:
        sources["task"] = Source(fields=(CONFIG,))
    return replace(mapping, sources=sources, reader="huggingface")


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the rows of every split as items, variants, outcomes, scores and rejects.

    Raises
    ------
    ReadError
        If the mapping names a column that is not there, or nothing can be read.
    """
    folder = opened(path)
    settings = {name: folder.info[name] for name in SETTINGS if folder.info.get(name)}
    many = ManyFiles(table_of(mapping, folder.name, lambda key: _about(key, settings)))
    checked, decode = False, dict[str, Decode]()
    before: dict[tuple[str, str], int] = {}
    for one in folder.files:
        many.open(one.path.relative_to(path).as_posix())
        n = before.get((one.config, one.split), 0)
        for chunk in _chunks(one):
            rows = [row for _, row in chunk.rows]
            if rows and not checked:
                decode, checked = _decoders(folder, mapping, rows), True
                check_columns(path, mapping, [{SPLIT: "", ROW: "", CONFIG: "", **rows[0]}, *rows])
            said = {SPLIT: one.split, CONFIG: one.config}
            named = [
                (number, {**_named(row, decode), **said, ROW: f"{one.split}/{n + place}"})
                for place, (number, row) in enumerate(chunk.rows)
            ]
            n += len(rows)
            yield from many.add(Chunk(named, chunk.rejects, chunk.bytes_done, chunk.unit))
        before[one.config, one.split] = n
    yield from many.finish()


def _chunks(file: DataFile) -> Iterator[Chunk]:
    """Yield the rows of a file; one of several that cannot be read costs only itself."""
    try:
        yield from scan.scan(file.path)
    except ReadError as error:
        size = file.path.stat().st_size
        yield Chunk(rejects=[scan.Reject("file", "", str(error), "")], bytes_done=size, unit="row")


def _first(file: DataFile) -> list[Row]:
    rows = (row for chunk in _chunks(file) for _, row in chunk.rows)
    return list(islice(rows, SAMPLE_ROWS))


def _decoders(folder: Folder, mapping: Mapping, rows: list[Row]) -> dict[str, Decode]:
    columns = dict.fromkeys(name for row in rows for name in row)
    return decoders(folder.features) | of_answers(folder.features, mapping, columns)


def _named(row: Row, decode: dict[str, Decode]) -> Row:
    for name, one in decode.items():
        if name in row:
            row[name] = one(row[name])
    return row


def _about(key: RunKey, settings: dict[str, Any]) -> About:
    return About(settings=settings)


PIECE = Reader(
    title="Hugging Face datasets folder (saved to disk, cached, or of the Hub)",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="1",
    source="huggingface/datasets",
)

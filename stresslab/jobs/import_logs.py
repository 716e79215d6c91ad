"""Import outside files into a workspace: the same again adds nothing, a killed import resumes."""

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import ReadError, WorkspaceError
from stresslab.jobs._events import Done, Event, Progress
from stresslab.nouns import KEYS
from stresslab.readers import Batch, Reader, RunKey, readers
from stresslab.readers._mapping import Mapping

if TYPE_CHECKING:
    import pyarrow as pa

    from stresslab.store.workspace import Workspace
    from stresslab.store.writer import RunWriter

ROWS_A_FLUSH = 200_000
"""Rows, of all runs of a file together, after which they are made durable: what a kill can cost."""


@dataclass
class _Counts:
    runs: int = 0
    identical: int = 0
    outcomes: int = 0
    kept: int = 0
    rejects: int = 0
    files: int = 0

    def message(self) -> str:
        """Return what was done, in one sentence."""
        if self.runs == 0:
            return f"Nothing new: {_n(self.identical, 'run')} of this import were there already."
        said = f"Added {_n(self.runs, 'run')} with {_n(self.outcomes, 'outcome')}"
        said += f", {self.kept:,} of them kept from an interrupted import" if self.kept else ""
        said += f"; {_n(self.identical, 'run')} were there already" if self.identical else ""
        said += f"; {_n(self.rejects, 'thing')} could not be read" if self.rejects else ""
        return f"{said}."


@dataclass
class _Open:
    """The runs one file is being written to."""

    workspace: "Workspace"
    stack: ExitStack
    common: dict[str, Any]
    writers: dict[RunKey, "RunWriter"] = field(default_factory=dict)
    there: dict[tuple[RunKey, str], set[Any]] = field(default_factory=dict)
    rejects: dict[RunKey | None, list["pa.Table"]] = field(default_factory=dict)
    rows_waiting: int = 0


def import_logs(
    workspace: "Workspace | Path", paths: Sequence[Path], *, mapping: Path | None = None
) -> Iterator[Event]:
    """Yield progress while files are read into a workspace.

    Parameters
    ----------
    workspace : Workspace or Path
        A folder that does not exist yet becomes a workspace.
    paths : sequence of Path
        Files, or folders of files.
    mapping : Path, optional
        Mapping for all of them; proposed from the column names of each file without it.

    Raises
    ------
    ReadError
        If a file has no reader, its mapping does not fit, or none of its rows can be placed.
        Files before it are kept.
    BusyError
        If another living process imports the same.
    """
    jobs = [(path, mapping_of(path, mapping)) for path in _files(paths)]
    target = _opened(workspace) if isinstance(workspace, Path) else workspace
    counts = _Counts()
    for path, chosen in jobs:
        sha256 = yield from _hashed(path)
        with ExitStack() as stack:
            runs = _Open(target, stack, _identity(path, sha256, chosen))
            for batch in readers.get(chosen.reader).read(path, chosen):
                _write(runs, batch, counts)
                total = path.stat().st_size
                yield Progress(batch.bytes_done, total, "bytes", f"Reading {path.name}")
            _write_rejects(runs, path, counts)
            yield Progress(1, 1, "file", f"Sealing {path.name}")
        counts.files += 1
    yield Done(counts.message(), vars(counts))


def mapping_of(path: Path, given: Path | None = None) -> Mapping:
    """Return the mapping to read a file with: the given one, or what its reader proposes."""
    return Mapping.load(given) if given else reader_of(path)[1].propose(path)


def preview(paths: Sequence[Path], mapping: Path | None = None) -> dict[str, str]:
    """Return the mapping that would be used, as TOML text, by file."""
    return {str(path): mapping_of(path, mapping).to_toml() for path in _files(paths)}


def reader_of(path: Path) -> tuple[str, Reader]:
    """Return name and reader of a file: the one that is surest that it is its own.

    Raises
    ------
    ReadError
        If no reader knows the file, or two are equally sure.
    """
    sure = sorted(((reader.sniff(path), name) for name, reader in readers), reverse=True)
    if not sure or sure[0][0] <= 0:
        raise ReadError(
            f"No reader knows {path}. There are: {', '.join(readers.names())}; "
            "`stresslab describe readers NAME` says what each reads."
        )
    if len(sure) > 1 and sure[0][0] == sure[1][0]:
        raise ReadError(
            f"{path} could be {sure[0][1]} or {sure[1][1]}. "
            'Give a mapping that starts with `reader = "..."`.'
        )
    return sure[0][1], readers.get(sure[0][1])


def _opened(path: Path) -> "Workspace":
    from stresslab.store.workspace import Workspace

    if (path / "workspace.toml").exists():
        return Workspace.open(path)
    if path.exists() and any(_is_foreign(one.name) for one in path.iterdir()):
        raise WorkspaceError(
            f"{path} must be a workspace or an empty folder; it holds other files. "
            "Name a new folder."
        )
    try:
        return Workspace.create(path)
    except WorkspaceError:
        if (path / "workspace.toml").exists():  # another import was a moment faster
            return Workspace.open(path)
        raise


def _is_foreign(name: str) -> bool:
    """Return whether a file is no part of a workspace that another process is just making."""
    from stresslab.store.workspace import FOLDERS

    return name not in FOLDERS and not name.startswith((".", "workspace.toml"))


def _identity(path: Path, sha256: str, mapping: Mapping) -> dict[str, Any]:
    version = readers.get(mapping.reader).version
    return {
        "source": {
            "format": mapping.reader, "path": str(path), "sha256": sha256, "version": version,
        },
        "reader": f"{mapping.reader}/{version}",
        "mapping": mapping.to_toml(),
    }  # fmt: skip


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise ReadError(f"There must be a file or folder at {path}; there is none.")
        inside = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else []
        found += [path] if path.is_file() else [one for one in inside if _is_known(one)]
    if not found:
        raise ReadError(f"No reader knows a file in {', '.join(map(str, paths))}.")
    return found


def _is_known(path: Path) -> bool:
    return any(reader.sniff(path) > 0 for _, reader in readers)


def _hashed(path: Path) -> Generator[Event, None, str]:
    digest, total, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(8 * 1024 * 1024):
            digest.update(block)
            done += len(block)
            yield Progress(done, total, "bytes", f"Checking {path.name}")
    return digest.hexdigest()


def _write(runs: _Open, batch: Batch, counts: _Counts) -> None:
    if batch.table == "rejects":
        if batch.rows.num_rows:
            runs.rejects.setdefault(batch.run, []).append(batch.rows)
        return
    if batch.run is None:
        raise TypeError(f"A batch of {batch.table} must belong to a run.")
    writer = runs.writers.get(batch.run) or _start(runs, batch.run, batch, counts)
    if writer.state == "identical":
        return
    rows = _not_there(runs, batch.run, batch)
    if rows.num_rows:
        writer.write(batch.table, rows)
    if batch.table == "outcomes":
        counts.outcomes += batch.rows.num_rows
        counts.kept += batch.rows.num_rows - rows.num_rows
    runs.rows_waiting += rows.num_rows
    if runs.rows_waiting >= ROWS_A_FLUSH:
        for one in runs.writers.values():
            one.flush()
        runs.rows_waiting = 0


def _start(runs: _Open, key: RunKey, batch: Batch, counts: _Counts) -> "RunWriter":
    writer = runs.stack.enter_context(
        runs.workspace.add_run(
            model=key.model, task=key.task, revision=key.revision, **runs.common,
            settings=dict(batch.settings), measures={k: dict(v) for k, v in batch.measures.items()},
            model_info=dict(batch.model_info), part_rows=2 * ROWS_A_FLUSH,
        )
    )  # fmt: skip
    runs.writers[key] = writer
    counts.identical += writer.state == "identical"
    counts.runs += writer.state != "identical"
    return writer


def _not_there(runs: _Open, key: RunKey, batch: Batch) -> "pa.Table":
    """Return the rows of a batch that an earlier, interrupted import did not make durable."""
    import pyarrow as pa

    writer = runs.writers[key]
    if not writer.resumed or batch.table not in KEYS:
        return batch.rows
    if (key, batch.table) not in runs.there:
        runs.there[key, batch.table] = writer.done(batch.table)
    there = runs.there[key, batch.table]
    if not there:
        return batch.rows
    columns = [batch.rows[name].to_pylist() for name in KEYS[batch.table]]
    keys = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    return batch.rows.filter(pa.array([one not in there for one in keys]))


def _write_rejects(runs: _Open, path: Path, counts: _Counts) -> None:
    """Write what could not be read, last, to its run; what belongs to none to the first run."""
    first = next(iter(runs.writers), None)
    if first is None:
        reasons = [
            f"{row['line']}: {row['field']} {row['reason']}".replace(":  ", ": ")
            for tables in runs.rejects.values()
            for table in tables
            for row in table.slice(0, 3).to_pylist()
        ]
        raise ReadError(
            f"No row of {path} could be read. The first reasons: {'; '.join(reasons[:3])}. "
            "Repair the file, or give a --mapping that fits it."
        )
    for key, tables in runs.rejects.items():
        writer = runs.writers.get(key or first, runs.writers[first])
        if writer.state == "identical":
            continue
        for table in tables:
            writer.write("rejects", table)
            counts.rejects += table.num_rows


def _n(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

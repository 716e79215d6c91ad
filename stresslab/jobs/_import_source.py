"""Write one source into a workspace: its batches become runs, its rejects come last."""

import hashlib
import os
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import ReadError
from stresslab.jobs._events import Event, Progress
from stresslab.jobs._walk import Found
from stresslab.jobs.pairing import REPEAT
from stresslab.nouns import KEYS
from stresslab.readers import Batch, RunKey, readers
from stresslab.readers._mapping import Mapping
from stresslab.readers._rows import UNPLACED

if TYPE_CHECKING:
    import pyarrow as pa

    from stresslab.store.workspace import Workspace
    from stresslab.store.writer import RunWriter

ROWS_A_FLUSH = 200_000
"""Rows, of all runs of a file together, after which they are made durable: what a kill can cost."""
BYTES_A_FLUSH = 128 << 20
"""The same in bytes, for rows of long texts and for tables of many models."""
BLOCK = 8 << 20


@dataclass
class Tally:
    """What an import has done so far.

    Parameters
    ----------
    added, identical : list of str
        Ids of runs.
    outcomes, kept : int
        Rows in them, and those of them that an interrupted import had left.
    rejects : Counter
        What could not be read, by reason.
    tasks : set of str
        Tasks of all these runs.
    """

    added: list[str] = field(default_factory=list)
    identical: list[str] = field(default_factory=list)
    outcomes: int = 0
    kept: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    tasks: set[str] = field(default_factory=set)


@dataclass
class Course:
    """How far the bytes of all sources are checked or read."""

    total: int
    before: int = 0

    def at(self, found: Found, done: int, doing: str, rows: int = 0) -> Progress:
        """Return the progress when so much of a source is done."""
        reached = self.before + min(done, found.bytes)
        return Progress(reached, self.total, "bytes", f"{doing} {found.path.name}", rows)


def hashed(found: Found, course: Course) -> Generator[Event, None, dict[str, Any]]:
    """Yield progress; return ``sha256`` of a source and, of several files, each of theirs."""
    above = found.path if found.path.is_dir() else found.path.parent
    entries, done = [], 0
    for part in found.parts:
        digest, size = hashlib.sha256(), 0
        with part.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
                share = 100 * (done + size) // max(found.bytes, 1)
                yield course.at(found, 0, f"Checking {share} % of")
        done += size
        name = Path(os.path.relpath(part, above)).as_posix()
        entries.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})
    if len(entries) == 1 and not found.path.is_dir():
        return {"sha256": entries[0]["sha256"]}
    lines = sorted(f"{one['name']}\0{one['sha256']}\n" for one in entries)
    return {"sha256": hashlib.sha256("".join(lines).encode()).hexdigest(), "parts": entries}


def mapping_for(found: Found, given: Mapping | dict[Path, Mapping] | None) -> Mapping:
    """Return the mapping to read a source with: the given one, or what its reader proposes.

    One that names no reader is read by the reader that claims the source.
    """
    given = given.get(found.path) if isinstance(given, dict) else given
    if given is None:
        return readers.get(found.reader).propose(found.path)
    return given if given.reader else replace(given, reader=found.reader)


class SourceImport:
    """The runs one source is being written to.

    Parameters
    ----------
    workspace : Workspace
        Where to.
    found : Found
        The source.
    mapping : Mapping
        How to read it.
    hashes : dict
        What `hashed` returned.
    tally : Tally
        Is kept up to date.
    """

    def __init__(
        self,
        workspace: "Workspace",
        found: Found,
        mapping: Mapping,
        hashes: dict[str, Any],
        tally: Tally,
    ) -> None:
        self.found, self.mapping, self.tally = found, mapping, tally
        self._workspace = workspace
        self._reader = readers.get(mapping.reader)
        version = self._reader.version
        self._common: dict[str, Any] = {
            "source": {
                "format": mapping.reader, "path": str(found.path), "version": version, **hashes,
            },
            "reader": f"{mapping.reader}/{version}",
            "mapping": mapping.to_toml(),
        }  # fmt: skip
        self._writers: dict[RunKey, RunWriter] = {}
        self._there: dict[tuple[RunKey, str], set[Any]] = {}
        self._rejects: dict[RunKey | None, list[pa.Table]] = {}
        self._rows_waiting = self._bytes_waiting = 0

    def run(self, course: Course) -> Iterator[Event]:
        """Yield progress until every run of the source is sealed.

        Raises
        ------
        ReadError
            If the source cannot be read at all. What was read before stays as an unfinished run.
        """
        with ExitStack() as stack:
            printed = []  # written last: numbers without a row that fits are no import
            for batch in self._reader.read(self.found.path, self.mapping):
                if batch.table == "published":
                    printed.append(batch)
                else:
                    self._write(batch, stack)
                yield course.at(self.found, batch.bytes_done, "Reading", self.tally.outcomes)
            for batch in printed if self._writers or not self._has_lost() else ():
                self._write(batch, stack)
            self._write_rejects()
            yield course.at(self.found, self.found.bytes, "Sealing", self.tally.outcomes)
        for key, writer in self._writers.items():
            self.tally.tasks.add(key.task)
            kind = self.tally.identical if writer.state == "identical" else self.tally.added
            kind.append(writer.run_id)

    def _write(self, batch: Batch, stack: ExitStack) -> None:
        if batch.table == "rejects":
            if batch.rows.num_rows:
                self._rejects.setdefault(batch.run, []).append(batch.rows)
            return
        if batch.run is None:
            raise TypeError(f"A batch of {batch.table} must belong to a run.")
        writer = self._writers.get(batch.run) or self._start(batch.run, batch, stack)
        if writer.state == "identical":
            return
        rows = self._not_there(batch.run, batch)
        if rows.num_rows:
            writer.write(batch.table, rows)
        if batch.table == "outcomes":
            self.tally.outcomes += batch.rows.num_rows
            self.tally.kept += batch.rows.num_rows - rows.num_rows
        self._rows_waiting += rows.num_rows
        self._bytes_waiting += rows.nbytes
        if self._rows_waiting >= ROWS_A_FLUSH or self._bytes_waiting >= BYTES_A_FLUSH:
            for one in self._writers.values():
                one.flush()
            self._rows_waiting = self._bytes_waiting = 0

    def _start(self, key: RunKey, batch: Batch, stack: ExitStack) -> "RunWriter":
        measures = {name: dict(one) for name, one in batch.measures.items()}
        common = self._common
        if key.part:
            common = common | {"source": {**common["source"], "run": key.part}}
        self._writers[key] = stack.enter_context(
            self._workspace.add_run(
                model=key.model, task=key.task, revision=key.revision, **common,
                settings=dict(batch.settings), measures=measures,
                model_info=dict(batch.model_info), part_rows=2 * ROWS_A_FLUSH,
            )
        )  # fmt: skip
        return self._writers[key]

    def _not_there(self, key: RunKey, batch: Batch) -> "pa.Table":
        """Return the rows of a batch that an earlier, interrupted import did not make durable."""
        import pyarrow as pa

        writer = self._writers[key]
        if not writer.resumed or batch.table not in KEYS:
            return batch.rows
        if (key, batch.table) not in self._there:
            self._there[key, batch.table] = writer.done(batch.table)
        there = self._there[key, batch.table]
        if not there:
            return batch.rows
        columns = [batch.rows[name].to_pylist() for name in KEYS[batch.table]]
        keys = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        return batch.rows.filter(pa.array([one not in there for one in keys]))

    def _has_lost(self) -> bool:
        """Return whether rows could not be placed: the mapping may not fit."""
        every = (one for tables in self._rejects.values() for table in tables
                 for one in table["reason"].to_pylist())  # fmt: skip
        return any(one.endswith(UNPLACED) for one in every)

    def _write_rejects(self) -> None:
        """Write what could not be read, last, to its run; what belongs to none to the first run."""
        first = next(iter(self._writers), None)
        if first is None:
            reasons = [
                f"{row['line']}: {row['field']} {row['reason']}".replace(":  ", ": ")
                for tables in self._rejects.values()
                for table in tables
                for row in table.slice(0, 3).to_pylist()
            ]
            said = f" The first reasons: {'; '.join(reasons[:3])}." if reasons else ""
            raise ReadError(
                f"No row of {self.found.path} could be read.{said} "
                f"It was read as {self.mapping.reader!r} with a mapping that uses "
                f"{', '.join(sorted(self.mapping.fields())) or 'no field'}. Repair the file, or "
                "give a --mapping that fits: --dry-run without one prints what is proposed."
            )
        for key, tables in self._rejects.items():
            writer = self._writers.get(key or first, self._writers[first])
            if writer.state == "identical":
                continue
            for table in tables:
                writer.write("rejects", table)
                self.tally.rejects.update(
                    REPEAT.sub("repeats an earlier row: ", one)
                    for one in table["reason"].to_pylist()
                )

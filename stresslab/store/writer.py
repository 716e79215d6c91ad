"""Write one run: batches become durable parts, parts become a sealed folder by one rename."""

import contextlib
import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from stresslab.errors import BusyError, DamagedFileError, SealedError, WorkspaceError
from stresslab.nouns import KEYS, TABLES
from stresslab.store import durable, seal
from stresslab.store.conform import conform
from stresslab.store.lock import FolderLock
from stresslab.store.runs import (
    FORMAT,
    MANIFEST,
    PARTIAL,
    REPLACED,
    file_entry,
    sealed_run,
    trust,
)

if TYPE_CHECKING:
    import pyarrow as pa

_PART = re.compile(r"part-(\d{5,})\.([a-z]+)\.([0-9a-f]{16})\.parquet\Z")


class _Part(NamedTuple):
    number: int
    table: str
    mark: str
    path: Path

    @property
    def is_whole(self) -> bool:
        return durable.sha256_of(self.path).startswith(self.mark)


class RunWriter:
    """An unfinished run; a context manager made by `Workspace.add_run`.

    Attributes
    ----------
    run_id : str
        Name of the folder the run has, or will have once sealed.
    state : str
        ``new`` before the block, ``open`` inside; ``sealed`` after it, or ``partial`` if it was
        left by an exception. ``identical`` when the same import is there already: then everything
        written is ignored.
    resumed : bool
        Whether an interrupted earlier try left durable parts.
    """

    def __init__(self, runs: Path, head: Mapping[str, Any], mapping: str, part_rows: int) -> None:
        identity = str(head["identity"])
        self.head = dict(head)
        self.mapping = mapping
        self.part_rows = part_rows
        self.run_id = f"{_slug(head['task'])}-{_slug(head['model'])}-{identity[:8]}"
        self.state = "new"
        self.resumed = False
        self._runs = runs
        self._folder = runs / f"{PARTIAL}{identity[:16]}"
        self._lock = FolderLock(self._folder)
        self._parts: list[_Part] = []
        self._waiting: dict[str, list[pa.Table]] = {}
        self._rows: dict[str, int] = {}
        self._bytes: dict[str, int] = {}

    def __enter__(self) -> Self:
        with durable.writing(self._folder):
            if self._is_sealed():
                self.state = "identical"
                self._tidy()
                return self
            self._lock.acquire()
            try:
                self._start()
            except BaseException:
                self._lock.release()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.state != "open":
            return
        try:
            if error is None:
                self.flush()
                with durable.writing(self._folder):
                    self._seal()
            else:
                self._keep(error)
        finally:
            self._lock.release()
            if self.state == "open":
                self.state = "partial"

    def write(self, table: str, rows: Any) -> None:
        """Add rows to a table of the run.

        Parameters
        ----------
        table : str
            A key of `nouns.TABLES`.
        rows : Arrow table or batch, DataFrame, or list of dicts
            Columns as in `nouns.TABLES`; missing ones are null. Hundreds of rows at a time are
            much faster than one by one (a call costs about 3 ms).

        Raises
        ------
        RowError
            If a row breaks a rule of its table; nothing of the batch is kept.
        SealedError
            If the run is sealed.
        WorkspaceError
            If the disk cannot be written, or outside of the ``with`` block.
        """
        if self.state == "sealed":
            raise SealedError(f"Run {self.run_id} is sealed and never changes. Add another run.")
        if self.state not in ("open", "identical"):
            raise WorkspaceError(
                f"A run is written inside `with workspace.add_run(...) as run:`; {self.run_id} "
                f"is {self.state}. Open it again with the same `add_run`."
            )
        checked = conform(table, rows, task=str(self.head["task"]))
        if self.state == "identical" or not checked.num_rows:
            return
        self._waiting.setdefault(table, []).append(checked)
        self._rows[table] = self._rows.get(table, 0) + checked.num_rows
        self._bytes[table] = self._bytes.get(table, 0) + checked.nbytes
        if self._rows[table] >= self.part_rows or self._bytes[table] >= seal.PART_BYTES:
            self._write_part(table)

    def flush(self) -> None:
        """Make everything written so far durable, so that a crash does not cost it."""
        for table in [name for name in TABLES if self._waiting.get(name)]:
            self._write_part(table)

    def done(self, table: str = "outcomes") -> set[Any]:
        """Return the keys of the rows of a table that are durable already.

        Returns
        -------
        set
            Strings for tables with one key column, else tuples in the order of `nouns.KEYS`.
        """
        import pyarrow.parquet as pq

        names = list(KEYS[table])
        files = [part.path for part in self._parts if part.table == table]
        if self.state in ("identical", "sealed"):
            files = [self._runs / self.run_id / f"{table}.parquet"]
        keys: set[Any] = set()
        for path in files:
            if path.exists():
                found = pq.read_table(path, columns=names)
                columns = [found[name].to_pylist() for name in names]
                keys.update(columns[0] if len(names) == 1 else zip(*columns, strict=True))
        return keys

    def _is_sealed(self) -> bool:
        run = sealed_run(self._runs, self.run_id)
        return run is not None and run.state != "damaged"

    def _start(self) -> None:
        if self._is_sealed():  # by another process, a moment ago
            self.state = "identical"
            self._lock.remove()
            return
        durable.sync(self._runs)
        for name in ("sealing", "spill"):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        self._resume()
        durable.write_bytes(self._folder / "head.json", _json(self.head))
        self.state = "open"

    def _resume(self) -> None:
        """Take up the whole parts of an interrupted try; drop the others.

        Whoever resumes writes tables without a key anew, so their parts are dropped too.
        """
        for path in sorted(self._folder.glob("*part-*")):
            match = _PART.match(path.name)
            part = _Part(int(match[1]), match[2], match[3], path) if match else None
            if part and part.table in KEYS and part.is_whole:
                self._parts.append(part)
            else:
                path.unlink()
        self._parts.sort()
        self.resumed = bool(self._parts)

    def _write_part(self, table: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = pa.concat_tables(self._waiting[table])
        number = 1 + max((part.number for part in self._parts), default=0)
        aside = self._folder / f".part-{number:05d}.tmp"
        with durable.writing(aside):
            durable.checkpoint(f"before write part {number}")
            pq.write_table(rows, aside, compression="zstd", row_group_size=self.part_rows)
            durable.checkpoint(f"after write part {number}")
            durable.sync(aside)
            mark = durable.sha256_of(aside)[:16]
            path = self._folder / f"part-{number:05d}.{table}.{mark}.parquet"
            durable.replace(aside, path)
        self._parts.append(_Part(number, table, mark, path))
        self._waiting[table], self._rows[table], self._bytes[table] = [], 0, 0

    def _keep(self, error: BaseException) -> None:
        """Keep what was written although the block failed; its error matters more than ours."""
        try:
            self.flush()
        except (WorkspaceError, MemoryError) as another:
            error.add_note(f"What was written last could not be kept: {another}")
        if not self._parts:
            with contextlib.suppress(OSError):
                self._lock.remove()

    def _seal(self) -> None:
        folder = self._folder / "sealing"
        folder.mkdir()
        files, counts = {}, {}
        for table in TABLES:
            own = [self._whole(part) for part in self._parts if part.table == table]
            if own:
                path = folder / f"{table}.parquet"
                counts[table] = seal.join(table, own, path, self.part_rows)
                files[path.name] = file_entry(path, counts[table])
        if self.mapping:
            durable.write_bytes(folder / "mapping.toml", self.mapping.encode())
            files["mapping.toml"] = file_entry(folder / "mapping.toml", None)
        manifest = {
            **self.head, "run_id": self.run_id, "counts": counts, "files": files,
            "created": datetime.now(UTC).isoformat(timespec="microseconds"),
        }  # fmt: skip
        durable.write_bytes(folder / MANIFEST, _json(manifest))
        durable.sync(folder)
        target = self._runs / self.run_id
        if target.exists():  # damaged, or it would be identical; `clean` deletes it
            aside = f"{REPLACED}{self.run_id}-{uuid.uuid4().hex[:8]}"
            durable.replace(target, self._runs / aside)
        trust(target)
        durable.replace(folder, target)
        self.state = "sealed"
        durable.checkpoint("before removing the partial")
        with contextlib.suppress(OSError):
            self._lock.remove()

    def _whole(self, part: _Part) -> Path:
        if not part.is_whole:
            raise DamagedFileError(
                f"A part has the checksum in its name; {part.path} has another content. Check the "
                "disk, then start the same again: the other parts are kept."
            )
        return part.path

    def _tidy(self) -> None:
        """Remove what a process left that died right after sealing this run."""
        if self._folder.exists():
            with contextlib.suppress(OSError, BusyError):
                self._lock.acquire(wait=0)
                self._lock.remove()


def head_of(
    *, model: str, task: str, revision: str | None, source: Mapping[str, Any] | None, reader: str,
    settings: Mapping[str, Any] | None, measures: Mapping[str, Any] | None, mapping: str,
    model_info: Mapping[str, Any] | None,
) -> dict[str, Any]:  # fmt: skip
    """Return the part of a manifest that is known before the first row.

    The identity is that of DESIGN.md 3: source, mapping, reader version, model and task, and
    ``run`` of a source that holds several of them. A run
    without a source has an identity of its own, and can be neither repeated nor resumed.

    Raises
    ------
    WorkspaceError
        If something cannot be kept as JSON, or a score is said to be better when smaller.
    """
    mapping_hash = hashlib.sha256(mapping.encode()).hexdigest() if mapping else None
    sha256 = (source or {}).get("sha256") or f"no source {uuid.uuid4()}"
    version = (source or {}).get("version")
    if not dict(measures or {}).get("score", _SCORE).get("higher_is_better", True):
        raise WorkspaceError(
            "The measure score is larger for better answers; got higher_is_better = false. "
            "Negate it, or import it under a name of its own beside a score."
        )
    named = [sha256, mapping_hash, reader, version, model, revision, task]
    named += [one] if (one := (source or {}).get("run")) else []
    head = {
        "format": FORMAT,
        "identity": hashlib.sha256(json.dumps(named).encode()).hexdigest(),
        "model": model,
        "revision": revision,
        "task": task,
        "model_info": dict(model_info or {}),
        "source": dict(source or {}),
        "reader": reader,
        "settings": dict(settings or {}),
        "mapping_sha256": mapping_hash,
        "measures": {"score": dict(_SCORE), **(measures or {})},
    }
    try:
        _json(head)
    except (TypeError, ValueError) as error:
        raise WorkspaceError(
            f"What a manifest says must be JSON; {error}. "
            "Use texts, finite numbers, lists and dicts in source, settings and model_info."
        ) from error
    return head


_SCORE = {"higher_is_better": True}
"""What is said of a score nothing was declared of: its values tell whether it is a rate."""


def _slug(text: Any) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", str(text).lower()).strip("-.")[:40] or "x"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()

"""Write one run: batches become durable parts, parts become a sealed folder by one rename."""

import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from stresslab.errors import RowError, SealedError
from stresslab.nouns import KEYS, TABLES, arrow_schema
from stresslab.store import durable
from stresslab.store.conform import conform
from stresslab.store.lock import FolderLock
from stresslab.store.runs import FORMAT, MANIFEST, PARTIAL, file_entry

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_IN_MEMORY = 1_000_000
"""Keys looked at in memory; more are checked by DuckDB, which takes longer to start."""

_PART = re.compile(r"part-(\d{5})\.([a-z]+)\.([0-9a-f]{16})\.parquet\Z")


class RunWriter:
    """An unfinished run; a context manager made by `Workspace.add_run`.

    Attributes
    ----------
    run_id : str
        Name of the folder the run has, or will have once sealed.
    state : str
        ``open``; ``sealed`` after the block; ``identical`` when the same import is there already:
        then everything written is ignored.
    resumed : bool
        Whether an interrupted earlier try left durable parts.
    """

    def __init__(self, runs: Path, head: Mapping[str, Any], mapping: str, part_rows: int) -> None:
        identity = str(head["identity"])
        self.head = dict(head)
        self.mapping = mapping
        self.part_rows = part_rows
        self.run_id = f"{_slug(head['task'])}-{_slug(head['model'])}-{identity[:8]}"
        self.state = "open"
        self.resumed = False
        self._runs = runs
        self._folder = runs / f"{PARTIAL}{identity[:16]}"
        self._lock = FolderLock(self._folder)
        self._waiting: dict[str, list[pa.Table]] = {}
        self._n_parts = 0

    def __enter__(self) -> Self:
        if not self._exists():
            self._lock.acquire()
        if self._exists():  # sealed before, or by another process a moment ago
            self.state = "identical"
            self._remove_partial()
            return self
        parts = self._parts()
        self.resumed = bool(parts)
        self._n_parts = max((number for number, _, _ in parts), default=0)
        shutil.rmtree(self._folder / "sealing", ignore_errors=True)
        durable.write_bytes(self._folder / "head.json", _json(self.head))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.state == "identical":
            return
        try:
            self.flush()
            if kind is None:
                self._seal()
        finally:
            self._lock.release()

    def write(self, table: str, rows: Any) -> None:
        """Add rows to a table of the run.

        Parameters
        ----------
        table : str
            A key of `nouns.TABLES`.
        rows : Arrow table or batch, DataFrame, or list of dicts
            Columns as in `nouns.TABLES`; missing ones are null.

        Raises
        ------
        RowError
            If a row breaks a rule of its table; nothing of the batch is kept.
        SealedError
            If the run is sealed.
        """
        if self.state == "sealed":
            raise SealedError(f"Run {self.run_id} is sealed and never changes. Add another run.")
        checked = conform(table, rows, task=str(self.head["task"]))
        if self.state == "identical" or not checked.num_rows:
            return
        waiting = self._waiting.setdefault(table, [])
        waiting.append(checked)
        if sum(one.num_rows for one in waiting) >= self.part_rows:
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

        keys: set[Any] = set()
        names = list(KEYS[table])
        for _, owner, path in self._parts():
            if owner == table:
                columns = [pq.read_table(path, columns=[name])[name].to_pylist() for name in names]
                keys.update(columns[0] if len(names) == 1 else zip(*columns, strict=True))
        return keys

    def _exists(self) -> bool:
        return (self._runs / self.run_id / MANIFEST).is_file()

    def _write_part(self, table: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = pa.concat_tables(self._waiting.pop(table))
        number = self._n_parts + 1
        aside = self._folder / f".part-{number:05d}.tmp"
        durable.checkpoint(f"before write part {number}")
        pq.write_table(rows, aside, compression="zstd", row_group_size=self.part_rows)
        durable.checkpoint(f"after write part {number}")
        durable.sync(aside)
        mark = durable.sha256_of(aside)[:16]
        durable.replace(aside, self._folder / f"part-{number:05d}.{table}.{mark}.parquet")
        self._n_parts = number

    def _parts(self) -> list[tuple[int, str, Path]]:
        """Return number, table and path of every whole part; drop the others.

        Tables without a key are written anew by whoever resumes, so their parts are dropped.
        """
        found = []
        for path in sorted(self._folder.glob("*part-*")):
            match = _PART.match(path.name)
            whole = match is not None and durable.sha256_of(path)[:16] == match[3]
            if match and whole and (match[2] in KEYS or self._n_parts):
                found.append((int(match[1]), match[2], path))
            else:
                path.unlink()
        return found

    def _seal(self) -> None:
        folder = self._folder / "sealing"
        folder.mkdir()
        parts = self._parts()
        files, counts = {}, {}
        for table in TABLES:
            own = [path for _, owner, path in parts if owner == table]
            if own:
                path = folder / f"{table}.parquet"
                counts[table] = _join(table, own, path, self.part_rows)
                files[path.name] = file_entry(path, counts[table])
        if self.mapping:
            durable.write_bytes(folder / "mapping.toml", self.mapping.encode())
            files["mapping.toml"] = file_entry(folder / "mapping.toml", None)
        created = datetime.now(UTC).isoformat(timespec="microseconds")
        manifest = {
            **self.head, "run_id": self.run_id, "counts": counts, "files": files,
            "created": created,
        }  # fmt: skip
        durable.write_bytes(folder / MANIFEST, _json(manifest))
        durable.sync(folder)
        durable.replace(folder, self._runs / self.run_id)
        self.state = "sealed"
        self._remove_partial()

    def _remove_partial(self) -> None:
        durable.checkpoint("before removing the partial")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.release()


def head_of(
    *, model: str, task: str, revision: str | None, source: Mapping[str, Any] | None, reader: str,
    settings: Mapping[str, Any] | None, measures: Mapping[str, Any] | None, mapping: str,
    model_info: Mapping[str, Any] | None,
) -> dict[str, Any]:  # fmt: skip
    """Return the part of a manifest that is known before the first row.

    The identity is that of DESIGN.md 3: source, mapping, reader version, model and task. A run
    without a source has an identity of its own, and can be neither repeated nor resumed.
    """
    mapping_hash = hashlib.sha256(mapping.encode()).hexdigest() if mapping else None
    sha256 = (source or {}).get("sha256") or f"no source {uuid.uuid4()}"
    version = (source or {}).get("version")
    named = [sha256, mapping_hash, reader, version, model, revision, task]
    return {
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


_SCORE = {"rate": False, "low": None, "high": None, "higher_is_better": True}


def _join(table: str, parts: list[Path], path: Path, part_rows: int) -> int:
    """Write the parts of one table as one file, part by part; return the number of rows."""
    import pyarrow.parquet as pq

    _refuse_duplicates(table, parts)
    rows = 0
    durable.checkpoint(f"before write {path.name}")
    with pq.ParquetWriter(path, arrow_schema(table), compression="zstd") as writer:
        for part in parts:
            with pq.ParquetFile(part) as source:
                for batch in source.iter_batches(batch_size=part_rows):
                    writer.write_batch(batch, row_group_size=part_rows)
                    rows += batch.num_rows
    durable.checkpoint(f"after write {path.name}")
    durable.sync(path)
    return rows


def _refuse_duplicates(table: str, parts: list[Path]) -> None:
    if table not in KEYS:
        return
    names = list(KEYS[table])
    for *key, n in _repeated(names, parts):
        raise RowError(
            f"Rule: {', '.join(names)} is unique within the {table} of a run. "
            f"{', '.join(map(repr, key))} stands there {n} times. "
            "Number repeated answers with `trial`, or leave the repetition out."
        )


def _repeated(names: list[str], parts: list[Path]) -> list[tuple[Any, ...]]:
    """Return one key that stands in the parts more than once, with its count."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    rows = sum(pq.read_metadata(part).num_rows for part in parts)
    if rows <= ROWS_IN_MEMORY:
        keys = pq.ParquetDataset([str(part) for part in parts]).read(columns=names)
        counted = keys.group_by(names).aggregate([([], "count_all")])
        some = counted.filter(pc.greater(counted["count_all"], 1)).slice(0, 1).to_pylist()
        return [tuple(row[name] for name in [*names, "count_all"]) for row in some]
    import duckdb

    with duckdb.connect() as con:  # spills to disk, so memory stays bounded
        source = con.read_parquet([str(part) for part in parts])
        columns = ", ".join(names)
        counted = source.aggregate(f"{columns}, count(*) AS n", columns)
        found: list[tuple[Any, ...]] = counted.filter("n > 1").limit(1).fetchall()
        return found


def _slug(text: Any) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", str(text).lower()).strip("-.")[:40] or "x"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True).encode()

"""Spaces: named vectors for variants, sealed like runs."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError, WorkspaceError
from stresslab.store import durable
from stresslab.store.lock import FolderLock
from stresslab.store.runs import FORMAT, MANIFEST, PARTIAL, Problem, file_entry

FILE = "vectors.parquet"
KINDS = ("features", "logits")


@dataclass(frozen=True)
class SpaceInfo:
    """One sealed space."""

    space_id: str
    path: Path
    manifest: Mapping[str, Any]
    digest: str


class SpaceWriter:
    """An unfinished space; a context manager made by `Workspace.add_space`.

    A space that is there already has ``state == "identical"`` and ignores what is written.
    """

    def __init__(self, folder: Path, space_id: str, **head: Any) -> None:
        if head["kind"] not in KINDS or head["dtype"] not in ("float16", "float32"):
            raise WorkspaceError(
                f"A space has kind {' or '.join(KINDS)} and dtype float16 or float32; "
                f"got {head['kind']!r}, {head['dtype']!r}."
            )
        self.state = "open"
        self._target = folder / space_id
        self._partial = folder / f"{PARTIAL}{space_id}"
        self._lock = FolderLock(self._partial)
        self._head = {"format": FORMAT, "space_id": space_id, **head}
        self._rows = 0
        self._writer: Any = None

    def __enter__(self) -> Self:
        if (self._target / MANIFEST).exists():
            self.state = "identical"
            return self
        self._lock.acquire()
        import pyarrow as pa
        import pyarrow.parquet as pq

        kind = pa.float16() if self._head["dtype"] == "float16" else pa.float32()
        self._schema = pa.schema(
            [
                ("variant_id", pa.string()),
                ("run_id", pa.string()),
                ("layer", pa.string()),
                ("vector", pa.list_(kind, self._head["dimension"])),
            ]
        )
        sealing = self._partial / "sealing"
        shutil.rmtree(sealing, ignore_errors=True)
        sealing.mkdir(parents=True)
        self._writer = pq.ParquetWriter(sealing / FILE, self._schema, compression="zstd")
        return self

    def write(self, ids: Sequence[str], vectors: Array, *, run_id: str | None = None) -> None:
        """Add vectors of shape (n, dimension) for the variants `ids`."""
        import pyarrow as pa

        if self.state == "identical":
            return
        shape = np.shape(vectors)
        if shape != (len(ids), self._head["dimension"]):
            raise ShapeError(
                f"Vectors must have shape ({len(ids)}, {self._head['dimension']}); got {shape}."
            )
        flat = np.ascontiguousarray(vectors, dtype=self._head["dtype"]).reshape(-1)
        columns = [
            pa.array(ids, pa.string()),
            pa.array([run_id] * len(ids), pa.string()),
            pa.array([self._head["layer"]] * len(ids), pa.string()),
            pa.FixedSizeListArray.from_arrays(pa.array(flat), self._head["dimension"]),
        ]
        self._writer.write_table(pa.table(columns, schema=self._schema))
        self._rows += len(ids)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.state == "identical":
            return
        self._writer.close()
        try:
            if kind is None:
                self._seal()
        finally:
            self._lock.release()

    def _seal(self) -> None:
        sealing = self._partial / "sealing"
        durable.sync(sealing / FILE)
        entry = file_entry(sealing / FILE, self._rows)
        manifest = {**self._head, "n_vectors": self._rows, "files": {FILE: entry}}
        text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True)
        durable.write_bytes(sealing / MANIFEST, text.encode())
        durable.sync(sealing)
        durable.replace(sealing, self._target)
        self.state = "sealed"
        shutil.rmtree(self._partial, ignore_errors=True)


def spaces_of(folder: Path) -> list[SpaceInfo]:
    """Return the spaces under `folder` whose manifest can be read, by name."""
    found = []
    for path in sorted(folder.glob(f"[!.]*/{MANIFEST}")):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            manifest = {}
        digest = durable.sha256_of(path)
        found.append(SpaceInfo(path.parent.name, path.parent, manifest, digest))
    return found


def check_space(space: SpaceInfo) -> list[Problem]:
    """Return what is wrong with a sealed space, hashing its files."""
    rule = "a sealed file has the checksum of its manifest"
    again = "Delete the folder and make the space again."
    if not space.manifest:
        path = space.path / MANIFEST
        return [Problem(path, "a space has a readable manifest", "no JSON", again)]
    problems = []
    for name, file in space.manifest["files"].items():
        path = space.path / name
        if not path.is_file() or durable.sha256_of(path) != file["sha256"]:
            problems.append(Problem(path, rule, "missing or another content", again))
    return problems


def read_vectors(space: SpaceInfo) -> tuple[list[str], Array]:
    """Return variant ids and vectors of shape (n, dimension) of a space."""
    import pyarrow.parquet as pq

    rows = pq.read_table(space.path / FILE, columns=["variant_id", "vector"])
    flat = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return rows["variant_id"].to_pylist(), flat.reshape(len(rows), -1)

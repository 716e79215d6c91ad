"""Spaces: named vectors for variants, sealed like runs."""

import json
import re
import shutil
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from stresslab.checks import Array
from stresslab.errors import DamagedFileError, RowError, ShapeError, WorkspaceError
from stresslab.store import durable
from stresslab.store.lock import FolderLock
from stresslab.store.runs import FORMAT, MANIFEST, PARTIAL, REPLACED, digest_of, file_entry
from stresslab.store.verify import Problem, difference

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "vectors.parquet"
HEAD = "head.npz"
KINDS = ("features", "logits")
DTYPES = ("float16", "float32")
ROWS_AT_A_TIME = 10_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


@dataclass(frozen=True)
class SpaceInfo:
    """One sealed space.

    Parameters
    ----------
    space_id : str
        Its name.
    path : Path
        Its folder.
    manifest : dict
        ``encoder, layer, dimension, kind, dtype, settings, n_vectors, files``; empty where the
        manifest cannot be read.
    digest : str
        SHA-256 of the manifest.
    """

    space_id: str
    path: Path
    manifest: Mapping[str, Any]
    digest: str


class SpaceWriter:
    """An unfinished space; a context manager made by `Workspace.add_space`.

    A space of that name with the same settings that is there already has ``state ==
    "identical"`` and ignores what is written. An interrupted space begins anew.
    """

    def __init__(self, folder: Path, space_id: str, **head: Any) -> None:
        _check_head(space_id, head)
        self.state = "open"
        self._target = folder / space_id
        self._partial = folder / f"{PARTIAL}{space_id}"
        self._lock = FolderLock(self._partial)
        self._head = json.loads(json.dumps({"format": FORMAT, "space_id": space_id, **head}))
        self._rows = 0
        self._waiting: list[pa.Table] = []
        self._layer: dict[str, Array] = {}
        self._writer: Any = None

    def __enter__(self) -> Self:
        if self._is_sealed():
            self.state = "identical"
            return self
        with durable.writing(self._partial):
            self._lock.acquire()
            try:
                self._start()
            except BaseException:
                self._lock.release()
                raise
        return self

    def write(
        self, ids: Sequence[str], vectors: Array, *, run_id: str | None = None,
        layer: str | None = None,
    ) -> None:  # fmt: skip
        """Add vectors for some variants.

        Parameters
        ----------
        ids : sequence of str of length n
            Variant ids.
        vectors : ndarray of shape (n, dimension)
            One row per id, finite.
        run_id : str, optional
            Run whose model made them, where the space holds several models.
        layer : str, optional
            Layer, where it is not the layer of the whole space.

        Raises
        ------
        ShapeError
            If the shape does not fit.
        RowError
            If a number is not finite as the space keeps it.
        """
        import pyarrow as pa

        if self.state == "identical":
            return
        dimension, dtype = self._head["dimension"], self._head["dtype"]
        shape = np.shape(vectors)
        if shape != (len(ids), dimension):
            raise ShapeError(
                f"Vectors must have shape ({len(ids)}, {dimension}); got {shape}. "
                "Give one row per id, of the dimension of the space."
            )
        with np.errstate(over="ignore"):
            flat = np.ascontiguousarray(vectors, dtype=dtype).reshape(-1)
        if not np.isfinite(flat).all():
            row = int(np.flatnonzero(~np.isfinite(flat))[0]) // dimension
            raise RowError(
                f"Rule: vectors are finite as {dtype}. The vector of {ids[row]!r} is not. "
                "Leave it out, or keep the space as float32 if its numbers are large."
            )
        columns = [
            pa.array(ids, pa.string()),
            pa.array([run_id] * len(ids), pa.string()),
            pa.array([self._head["layer"] if layer is None else layer] * len(ids), pa.string()),
            pa.FixedSizeListArray.from_arrays(pa.array(flat), dimension),
        ]
        self._waiting.append(pa.table(columns, schema=self._schema))
        self._rows += len(ids)
        if sum(one.num_rows for one in self._waiting) >= ROWS_AT_A_TIME:
            self._flush()

    def head(self, weights: Array, bias: Array) -> None:
        """Keep the layer that makes logits of these vectors: ``vectors @ weights + bias``.

        Parameters
        ----------
        weights : ndarray of shape (dimension, n_classes)
            In the order of the classes.
        bias : ndarray of shape (n_classes,)
            Of every class.

        Raises
        ------
        ShapeError
            If the shapes do not fit.
        """
        weights, bias = np.asarray(weights, np.float32), np.asarray(bias, np.float32)
        if weights.shape != (self._head["dimension"], len(bias)) or bias.ndim != 1:
            raise ShapeError(
                f"A head has weights of shape ({self._head['dimension']}, n_classes) and a bias "
                f"of shape (n_classes,); got {weights.shape} and {bias.shape}."
            )
        self._layer = {"W": weights, "b": bias}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.state == "identical":
            return
        try:
            with durable.writing(self._partial):
                if error is None:
                    self._flush()
                self._writer.close()
                if error is None:
                    self._seal()
        finally:
            self._lock.release()

    def _is_sealed(self) -> bool:
        """Tell whether the same space is there, whole; refuse to give its name to another."""
        if not (self._target / MANIFEST).exists():
            return False
        [there] = [one for one in spaces_of(self._target.parent) if one.path == self._target]
        other = [name for name, value in self._head.items() if there.manifest.get(name) != value]
        if there.manifest and other:
            raise WorkspaceError(
                f"A space keeps its settings; {self._target} was made with another "
                f"{', '.join(other)}. Give the new space a name of its own, or delete the folder."
            )
        return bool(there.manifest)

    def _start(self) -> None:
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
        durable.checkpoint(f"before write {FILE}")
        self._writer = pq.ParquetWriter(sealing / FILE, self._schema, compression="zstd")

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks())
            self._waiting = []

    def _seal(self) -> None:
        sealing = self._partial / "sealing"
        durable.checkpoint(f"after write {FILE}")
        durable.sync(sealing / FILE)
        files = {FILE: file_entry(sealing / FILE, self._rows)}
        if self._layer:
            _write_arrays(sealing / HEAD, self._layer)
            durable.sync(sealing / HEAD)
            files[HEAD] = file_entry(sealing / HEAD, None)
        manifest = {**self._head, "n_vectors": self._rows, "files": files}
        text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True)
        durable.write_bytes(sealing / MANIFEST, text.encode())
        durable.sync(sealing)
        if self._target.exists():  # its manifest cannot be read, or is gone
            aside = f"{REPLACED}{self._target.name}-{uuid.uuid4().hex[:8]}"
            durable.replace(self._target, self._target.with_name(aside))
        durable.replace(sealing, self._target)
        self.state = "sealed"
        self._lock.remove()


def spaces_of(folder: Path) -> list[SpaceInfo]:
    """Return the sealed spaces under `folder`, by name."""
    found = []
    for path in sorted(folder.glob(f"[!.]*/{MANIFEST}")):
        try:
            manifest = json.loads(path.read_bytes())
            whole = isinstance(manifest, dict) and isinstance(manifest["files"][FILE], dict)
        except (OSError, ValueError, KeyError, TypeError):
            whole = False
        found.append(
            SpaceInfo(path.parent.name, path.parent, manifest if whole else {}, digest_of(path))
        )
    return found


def partial_spaces(folder: Path) -> list[Problem]:
    """Return the spaces that were begun and are not being written."""
    return [
        Problem(
            path,
            "a space is sealed",
            "an unfinished space",
            "Make the space again, or `stresslab workspace clean`.",
        )
        for path in sorted(folder.glob(f"{PARTIAL}*"))
        if not (folder / path.name.removeprefix(PARTIAL) / MANIFEST).exists()
        and not FolderLock(path).is_held_elsewhere()
    ]


def check_space(space: SpaceInfo) -> list[Problem]:
    """Return what is wrong with a sealed space, hashing its files."""
    again = f"Delete {space.path} and make the space again."
    if not space.manifest:
        path = space.path / MANIFEST
        rule = "a space has a readable manifest"
        return [Problem(path, rule, "no JSON, or not that of a space", again)]
    rule = "a sealed file has the checksum of its manifest"
    return [
        Problem(space.path / name, rule, seen, again)
        for name, file in space.manifest["files"].items()
        if (seen := difference(space.path / name, file))
    ]


def read_vectors(space: SpaceInfo) -> tuple[list[str], Array]:
    """Return variant ids and vectors of shape (n, dimension) of a space.

    Raises
    ------
    DamagedFileError
        If the file is missing, cut off or no Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = space.path / FILE
    try:
        rows = pq.read_table(path, columns=["variant_id", "vector"])
    except (OSError, pa.ArrowException) as error:
        raise DamagedFileError(
            f"{path} must be a whole Parquet file: {error}. "
            f"Delete {space.path} and make the space again."
        ) from error
    flat = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return rows["variant_id"].to_pylist(), flat.reshape(len(rows), -1)


def _write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays as ``.npz``, the same bytes for the same arrays."""
    with zipfile.ZipFile(path, "w") as file:
        for name, one in arrays.items():
            with file.open(zipfile.ZipInfo(f"{name}.npy"), "w") as entry:
                np.lib.format.write_array(entry, one, allow_pickle=False)


def _check_head(space_id: str, head: Mapping[str, Any]) -> None:
    if head["kind"] not in KINDS or head["dtype"] not in DTYPES or head["dimension"] < 1:
        raise WorkspaceError(
            f"A space has kind {' or '.join(KINDS)}, dtype {' or '.join(DTYPES)} and a dimension "
            f"from 1; got {head['kind']!r}, {head['dtype']!r}, {head['dimension']!r}."
        )
    if not _ID.match(space_id):
        raise WorkspaceError(
            "The name of a space is made of letters, digits, dots, - and _, and begins with a "
            f"letter or digit; got {space_id!r}."
        )

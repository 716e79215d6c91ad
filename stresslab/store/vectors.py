"""Vectors of the variants of a slice: mapped into memory, paired with the index by id."""

import shutil
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import DamagedFileError, ParamError, WorkspaceError
from stresslab.store import durable
from stresslab.store.aliases import aliases_of
from stresslab.store.contents import Question
from stresslab.store.engine import DuckDBEngine, reading
from stresslab.store.index import VECTORS
from stresslab.store.recent import slices
from stresslab.store.slicing import Slicer
from stresslab.store.spaces import FILE, HEAD, SpaceInfo

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

BATCH = 16_384


@dataclass(frozen=True, eq=False)
class SpaceRows:
    """Vectors of variants of a slice, in the order of the variants' codes.

    Parameters
    ----------
    space : SpaceInfo
        Where they are from.
    variants : ndarray of int, shape (n,)
        Codes of the variants.
    ids : ndarray of object, shape (n,)
        Ids of the variants.
    matrix : ndarray of shape (n, dimension)
        float16 or float32, read-only: the file itself, mapped into memory, where the slice is a
        stretch of it, else a copy of its rows.
    n_without_vector : int
        Variants of the slice that the space has no vector of.
    n_without_outcome : int
        Vectors whose variant is in no run of the workspace.
    without_vector, without_outcome : tuple of str
        The first of them by id.
    """

    space: SpaceInfo
    variants: Array
    ids: Array
    matrix: Array
    n_without_vector: int
    n_without_outcome: int
    without_vector: tuple[str, ...] = ()
    without_outcome: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Mapped:
    """A whole space: its matrix mapped into memory, and the key of every row."""

    matrix: Array
    keys: "pd.DataFrame"


def space_of(workspace: "Workspace", space_id: str) -> SpaceInfo:
    """Return a space by name.

    Raises
    ------
    ParamError
        If there is none; the message lists those there are.
    """
    spaces = {one.space_id: one for one in workspace.spaces()}
    if space_id not in spaces:
        there = ", ".join(spaces) or "none: `stresslab embed` makes one"
        raise ParamError(f"No space is called {space_id!r}. There are: {there}.")
    return spaces[space_id]


def space_rows(
    workspace: "Workspace",
    question: Question,
    space_id: str,
    *,
    run_id: str | None = None,
    layer: str | None = None,
) -> SpaceRows:
    """Return the vectors of the variants that some model of the question answered in the slice.

    Parameters
    ----------
    question : Question
        From `contents.resolve`.
    space_id : str
        Name of the space.
    run_id, layer : str, optional
        Which vectors, where the space has those of several runs or layers.

    Raises
    ------
    ParamError
        If there is no such space, or it must be said which run or layer is meant.
    """
    space = space_of(workspace, space_id)
    mapped = mapped_space(workspace, space)
    there = _chosen(mapped.keys, space, run_id, layer)
    known = mapped.keys["variant_id"].to_numpy(dtype=object)[there]
    aliased = _aliased(known, aliases_of(workspace))
    if not question.task or not question.models:
        nothing = np.zeros(0, dtype=np.int64)
        return SpaceRows(space, nothing, aliased[:0], mapped.matrix[:0], 0, len(known))
    with reading(workspace) as engine:
        codes = variants_of(engine, question)
        names = _names(engine, Slicer(engine, question).task)
        everywhere = _everywhere(engine)
    import pandas as pd

    place = pd.Index(aliased).get_indexer(pd.Index(names[codes]))
    unknown = ~pd.Index(aliased).isin(everywhere)
    has = place >= 0
    return SpaceRows(
        space, codes[has], names[codes[has]], _rows(mapped.matrix, there[place[has]]),
        int((~has).sum()), int(unknown.sum()),
        tuple(names[codes[~has]][:3]), tuple(aliased[unknown][:3]),
    )  # fmt: skip


def keyed_vectors(
    workspace: "Workspace", space_id: str, *, run_id: str | None = None, layer: str | None = None
) -> tuple[Array, Array, SpaceInfo]:
    """Return variant ids, vectors (mapped into memory) and description of a whole space.

    Raises
    ------
    ParamError
        If there is no such space, or it must be said which run or layer is meant.
    """
    space = space_of(workspace, space_id)
    mapped = mapped_space(workspace, space)
    there = _chosen(mapped.keys, space, run_id, layer)
    ids = mapped.keys["variant_id"].to_numpy(dtype=object)[there]
    return ids, _rows(mapped.matrix, there), space


def variants_of(engine: DuckDBEngine, question: Question) -> Array:
    """Return the codes of the variants that some model answered in the slice, in order."""
    slicer = Slicer(engine, question)
    frame = slicer.rows(slicer.facts()).select("variant").unique()
    found: Array = np.sort(engine.collect(frame)["variant"].to_numpy())
    return found.astype(np.int64)


def variant_ids(workspace: "Workspace") -> list[str]:
    """Return the ids of all variants of all tasks."""
    with reading(workspace) as engine:
        found = _everywhere(engine) if engine.dims.tasks else np.zeros(0, dtype=object)
    return [str(one) for one in found]


def head_of(space: SpaceInfo) -> tuple[Array, Array] | None:
    """Return ``(W, b)`` of the layer that makes logits of the vectors, if it is kept beside them.

    Raises
    ------
    DamagedFileError
        If the file does not hold two arrays that fit the space.
    """
    path = space.path / HEAD
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as held:
            weights, bias = np.asarray(held["W"]), np.asarray(held["b"])
    except (OSError, ValueError, KeyError) as error:
        raise DamagedFileError(
            f"{path} must hold the arrays W and b: {error}. Make the space again."
        ) from error
    if weights.shape != (space.manifest["dimension"], len(bias)):
        raise DamagedFileError(
            f"{path} must hold W of shape ({space.manifest['dimension']}, n_classes) and b of "
            f"shape (n_classes,); got {weights.shape} and {bias.shape}. Make the space again."
        )
    return weights, bias


def mapped_space(workspace: "Workspace", space: SpaceInfo) -> Mapped:
    """Return a space mapped into memory; the first time, a plain copy of it is written.

    The copy lies beside the index and may be deleted at any time.
    """
    if not space.manifest:
        raise DamagedFileError(
            f"{space.path} has no readable manifest. Delete it and make the space again."
        )
    root = Path(workspace.index_folder) / VECTORS
    return _mapped(space.path, root / f"{space.space_id}-{space.digest[:12]}", space.digest)


@lru_cache(maxsize=16)
def _mapped(path: Path, target: Path, digest: str) -> Mapped:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path / FILE) as file:
            if not (target / "matrix.npy").exists():
                _write(file, target)
        keys = pq.read_table(path / FILE, columns=["variant_id", "run_id", "layer"]).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise DamagedFileError(
            f"{path / FILE} must be a whole Parquet file: {error}. "
            f"Delete {path} and make the space again."
        ) from error
    return Mapped(np.load(target / "matrix.npy", mmap_mode="r"), keys)


def _write(file: Any, target: Path) -> None:
    """Write the vectors of a Parquet file as one array."""
    n, kind = file.metadata.num_rows, file.schema_arrow.field("vector").type
    dtype = "float16" if str(kind.value_type) == "halffloat" else "float32"
    aside = target.with_name(f".{target.name}-{uuid.uuid4().hex[:8]}")
    with durable.writing(aside):
        aside.mkdir(parents=True)
        try:
            shape = (n, kind.list_size)
            array = np.lib.format.open_memmap(aside / "matrix.npy", "w+", dtype, shape)
            start = 0
            for batch in file.iter_batches(BATCH, columns=["vector"]):
                flat = batch.column(0).flatten().to_numpy(zero_copy_only=False)
                array[start : start + len(batch)] = flat.reshape(len(batch), -1)
                start += len(batch)
            array.flush()
            del array
            if target.exists():
                shutil.rmtree(target, ignore_errors=True)
            aside.replace(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _rows(matrix: Array, places: Array) -> Array:
    """Return some rows: a view where they are a stretch."""
    if len(places) and (np.diff(places) == 1).all():
        return matrix[places[0] : places[-1] + 1]
    found = np.asarray(matrix[places])
    found.flags.writeable = False
    return found


def _chosen(keys: "pd.DataFrame", space: SpaceInfo, run_id: str | None, layer: str | None) -> Array:
    """Return the rows of one run and layer."""
    chosen = np.ones(len(keys), dtype=bool)
    for column, wanted in (("run_id", run_id), ("layer", layer)):
        known = keys[column].dropna().unique().tolist()
        if wanted is None and len(known) < 2:
            continue
        if wanted not in known:
            said = f"there is no {wanted!r}" if wanted else "say which one"
            listed = ", ".join(map(str, known))
            raise ParamError(f"Space {space.space_id!r} holds the {column}s {listed}; {said}.")
        chosen &= (keys[column] == wanted).to_numpy()
    found = np.flatnonzero(chosen)
    twice = keys["variant_id"].iloc[found].duplicated()
    if twice.any():
        one = keys["variant_id"].iloc[found][twice].iloc[0]
        raise WorkspaceError(
            f"A space has one vector per variant; {space.space_id!r} has several of {one!r}. "
            "Make the space again."
        )
    return found


def _aliased(ids: Array, aliases: dict[str, str]) -> Array:
    """Return ids whose item set is replaced by the one it is joined with."""
    if not aliases:
        return ids
    split = [str(one).partition("/") for one in ids]
    return np.array([aliases.get(a, a) + slash + rest for a, slash, rest in split], dtype=object)


def _names(engine: DuckDBEngine, task: int) -> Array:
    """Return the id of every variant of a task, by code."""

    def ask() -> Array:
        found = engine.sql(
            "SELECT variant_id FROM variants WHERE task = ? ORDER BY variant", [task]
        )
        return found["variant_id"].to_numpy(dtype=object)

    names: Array = slices.get(("variant ids", str(engine.generation.folder), task), ask, _bytes_of)
    return names


def _bytes_of(names: Array) -> int:
    return 80 * len(names)  # of a short text


def _everywhere(engine: DuckDBEngine) -> Array:
    return np.concatenate([_names(engine, task) for task in range(len(engine.dims.tasks))])

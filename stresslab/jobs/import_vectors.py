"""Bring in vectors that were made elsewhere: .npy, .npz, or Parquet with a column of lists."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ReadError, ShapeError
from stresslab.jobs._events import Done, Event, Progress

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

BATCH = 8192
ID_NAMES = ("variant_id", "item_id", "id", "ids")
VECTOR_NAMES = ("vector", "vectors", "embedding", "embeddings", "features", "x")


@dataclass(frozen=True)
class Found:
    """Vectors of a file; `n_dropped` were not finite."""

    ids: list[str]
    vectors: Array
    n_dropped: int


def import_vectors(
    workspace: "Workspace",
    path: Path,
    space: str,
    *,
    ids: Path | None = None,
    kind: str = "features",
    dtype: str = "float32",
    layer: str = "",
    model: str = "",
) -> Iterator[Event]:
    """Yield progress while vectors of a file become a space.

    Ids are those of variants; an id of the source (without its item set) is completed where only
    one variant of the workspace ends so.

    Parameters
    ----------
    path : Path
        ``.npy`` (n, dimension) with `ids`; ``.npz`` with one matrix and one array of texts;
        ``.parquet`` with a column of ids and one of lists.
    ids : Path, optional
        Text file with an id per line, or ``.npy`` of texts.
    kind : {"features", "logits"}
        What they are.
    model : str
        Model of the workspace whose inside they are, if they are of one.

    Raises
    ------
    ReadError
        If the file holds no vectors with ids, or Python objects.
    ShapeError
        If numbers of ids and vectors, or lengths of vectors, differ.
    """
    found = read(path, ids)
    names, unknown = _completed(workspace, found.ids)
    digest = hashlib.sha256(np.ascontiguousarray(found.vectors).tobytes()).hexdigest()[:16]
    said = {"file": path.name, "content": digest} | ({"model": model} if model else {})
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise ShapeError(f"A variant has one vector; {twice!r} comes twice. Keep one row of it.")
    with workspace.add_space(
        space, encoder=path.stem, layer=layer, dimension=found.vectors.shape[1], kind=kind,
        dtype=dtype, settings=said,
    ) as writer:  # fmt: skip
        for start in range(0, len(names), BATCH):
            stop = min(start + BATCH, len(names))
            writer.write(names[start:stop], found.vectors[start:stop])
            yield Progress(stop, len(names), "vectors", f"space {space}", rows=stop)
    n_bare, bare = _without(workspace, set(names))
    said_more = _told("belong to no variant here", len(unknown), unknown)
    said_more += _told("answered inputs have no vector", n_bare, bare)
    if found.n_dropped:
        said_more += f"; {found.n_dropped:,} that were not finite are left out"
    yield Done(
        f"Space {space}: {len(names):,} vectors of {found.vectors.shape[1]}{said_more}",
        {"vectors": len(names), "without_outcome": len(unknown), "without_vector": n_bare,
         "dropped": found.n_dropped},
    )  # fmt: skip


def read(path: Path, ids: Path | None = None) -> Found:
    """Return the vectors of a file with their ids; rows that are not finite are left out."""
    readers = {".npy": _npy, ".npz": _npz, ".parquet": _parquet}
    if path.suffix not in readers:
        raise ReadError(f"Vectors come as {', '.join(readers)}; got {path.name!r}. Convert it.")
    try:
        named, vectors = readers[path.suffix](path)
        named = _ids(ids) if ids is not None else named
    except (OSError, ValueError) as error:
        if "allow_pickle" in str(error) or "Object arrays" in str(error):
            raise ReadError(
                f"{path.name} holds Python objects, which could run code as they are read. Save "
                "plain numbers: np.save(path, np.stack(vectors).astype('float32'))."
            ) from error
        raise ReadError(f"{path.name} cannot be read as vectors: {error}.") from error
    if named is None:
        raise ReadError(f"{path.name} has no ids. Name them: --ids FILE with one per line.")
    if vectors.ndim != 2 or not np.issubdtype(vectors.dtype, np.number) or not vectors.size:
        raise ShapeError(
            f"Vectors are a matrix of numbers, one row per id; {path.name} holds shape "
            f"{vectors.shape} of {vectors.dtype}."
        )
    if len(named) != len(vectors):
        raise ShapeError(
            f"There is one id per vector; got {len(named):,} ids and {len(vectors):,} vectors."
        )
    fine = np.isfinite(vectors).all(axis=1)
    kept = [one for one, good in zip(named, fine, strict=True) if good]
    return Found(kept, vectors[fine], int((~fine).sum()))


def _npy(path: Path) -> tuple[list[str] | None, Array]:
    return None, np.load(path, allow_pickle=False)


def _npz(path: Path) -> tuple[list[str] | None, Array]:
    with np.load(path, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    texts = [one for one in arrays.values() if one.dtype.kind == "U" and one.ndim == 1]
    tables = {name: one for name, one in arrays.items() if one.dtype.kind == "f" and one.ndim == 2}
    named = [one for name, one in tables.items() if name in VECTOR_NAMES] or list(tables.values())
    if len(named) != 1:
        raise ReadError(
            f"{path.name} must hold one matrix of vectors; it has {', '.join(arrays) or 'nothing'}."
        )
    return (texts[0].tolist() if len(texts) == 1 else None), named[0]


def _parquet(path: Path) -> tuple[list[str] | None, Array]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except pa.ArrowException as error:
        raise ReadError(f"{path.name} must be a Parquet file: {error}.") from error
    lists = [one for one in table.column_names if _is_list(table.schema.field(one).type)]
    chosen = [one for one in lists if one in VECTOR_NAMES] or lists
    if len(chosen) != 1:
        said = ", ".join(table.column_names)
        raise ReadError(f"{path.name} must hold one column of lists of numbers; it has {said}.")
    rows = table[chosen[0]].to_pylist()
    lengths = {len(one) if one is not None else 0 for one in rows}
    if len(lengths) > 1:
        raise ShapeError(f"All vectors have one length; {path.name} has {sorted(lengths)[:5]}.")
    ids = [one for one in ID_NAMES if one in table.column_names]
    named = None if not ids else [str(one) for one in table[ids[0]].to_pylist()]
    return named, np.array(rows, dtype=np.float32)


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return bool(is_list or pa.types.is_fixed_size_list(kind))


def _ids(path: Path) -> list[str]:
    if path.suffix == ".npy":
        return [str(one) for one in np.load(path, allow_pickle=False).tolist()]
    return [one.strip() for one in path.read_text(encoding="utf-8").splitlines() if one.strip()]


def _completed(workspace: "Workspace", ids: list[str]) -> tuple[list[str], list[str]]:
    """Return ids of variants, and those that belong to none."""
    from stresslab.store.vectors import variant_ids

    known = set(variant_ids(workspace))
    ends: dict[str, str | None] = {}
    for one in known:
        tail = one.partition("/")[2]
        ends[tail] = None if tail in ends else one
    named = [one if one in known else ends.get(one) or one for one in ids]
    return named, [one for one in named if one not in known]


def _without(workspace: "Workspace", named: set[str]) -> tuple[int, list[str]]:
    from stresslab.store.vectors import variant_ids

    bare = [one for one in variant_ids(workspace) if one not in named]
    return len(bare), bare


def _told(what: str, n: int, names: list[str]) -> str:
    return f"; {n:,} {what}, e.g. {names[0]}" if n else ""

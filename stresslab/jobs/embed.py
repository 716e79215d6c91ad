"""Make vectors of the inputs of a task, in parts that survive a kill."""

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab import encoders
from stresslab.checks import Array
from stresslab.encoders import Encoder, Loaded
from stresslab.errors import ParamError, TooFewRowsError
from stresslab.jobs._events import Done, Event, Progress
from stresslab.store import durable
from stresslab.store.lock import FolderLock
from stresslab.store.runs import PARTIAL

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

SECONDS_A_PART = 20.0


def embed(
    workspace: "Workspace",
    encoder: str,
    *,
    space: str = "",
    task: str | None = None,
    where: str = "",
    settings: Mapping[str, Any] | None = None,
    dtype: str = "float16",
    model: str = "",
    seconds_a_part: float = SECONDS_A_PART,
) -> Iterator[Event]:
    """Yield progress while a space is made; it is sealed at the end.

    A job that was killed goes on behind its last part. A space that is there already, of the same
    inputs and settings, is left as it is.

    Parameters
    ----------
    encoder : str
        A piece of `stresslab.encoders`.
    space : str
        Name of the space; that of the encoder when empty.
    task, where : str
        Which inputs: of the default task, all, when empty.
    settings : mapping, optional
        Of the encoder.
    dtype : {"float16", "float32"}
        How vectors are kept.
    model : str
        Model of the workspace whose inside the vectors are, if they are of one.
    seconds_a_part : float
        How often finished vectors are made durable: what a kill can cost.

    Raises
    ------
    ParamError
        If a setting is unknown, or no input is kept in the workspace.
    """
    piece = encoders.get(encoder)
    chosen = _settings(piece, settings or {})
    ids, inputs, n_missing = _inputs(workspace, task, where, piece.modality)
    name = space or encoder
    head = {"encoder": encoder, "settings": chosen, "dtype": dtype, "ids": ids, "space": name}
    mark = hashlib.sha256(json.dumps(head, sort_keys=True).encode()).hexdigest()[:16]
    said = {"encoder": encoder, **chosen, "identity": mark}
    said |= {"model": model} if model else {}
    if any(
        (one.manifest.get("settings") or {}).get("identity") == mark for one in workspace.spaces()
    ):
        yield Done(f"Space {name} is there already", {"vectors": 0})
        return
    folder = workspace.path / "spaces" / f"{PARTIAL}embed-{name}-{mark}"
    with durable.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with FolderLock(folder):
        loaded = piece.load(**chosen, **({"inputs": inputs} if piece.fits else {}))
        yield from _in_parts(folder, piece, loaded, (ids, inputs), seconds_a_part, name)
        _seal(workspace, folder, name, loaded, dtype, said)
    shutil.rmtree(folder, ignore_errors=True)
    left_out = f"; {n_missing:,} inputs are not kept here and have none" if n_missing else ""
    yield Done(f"Space {name}: {len(ids):,} vectors of {loaded.dimension}{left_out}",
               {"vectors": len(ids), "without_input": n_missing})  # fmt: skip


def _in_parts(
    folder: Path, piece: Encoder, loaded: Loaded, rows: tuple[list[str], list[Any]],
    seconds: float, name: str,
) -> Iterator[Event]:  # fmt: skip
    ids, inputs = rows
    first = sum(_length(part) for part in parts_of(folder))
    yield Progress(first, len(ids), "vectors", f"space {name}")
    waiting: list[Mapping[str, Array]] = []
    begun, last = first, time.monotonic()
    for start in range(first, len(ids), piece.batch):
        stop = min(start + piece.batch, len(ids))
        waiting.append(loaded.encode(inputs[start:stop]))
        if time.monotonic() - last >= seconds or stop == len(ids):
            _write_part(folder, ids[begun:stop], waiting)
            waiting, begun, last = [], stop, time.monotonic()
        yield Progress(stop, len(ids), "vectors", f"space {name}", rows=stop - first)


def parts_of(folder: Path) -> list[Path]:
    """Return the finished parts of a job that was begun, in order."""
    return sorted(folder.glob("part-*.npz"))


def _length(part: Path) -> int:
    with np.load(part, allow_pickle=False) as held:
        return len(held["ids"])


def _write_part(folder: Path, ids: Sequence[str], waiting: Sequence[Mapping[str, Array]]) -> None:
    target = folder / f"part-{len(parts_of(folder)):05d}.npz"
    aside = folder / f".{uuid.uuid4().hex[:8]}.tmp"
    layers = {
        f"layer {name}": np.concatenate([one[name] for one in waiting]) for name in waiting[0]
    }
    with durable.writing(target):
        with aside.open("wb") as file:
            np.savez(file, ids=np.array(ids, dtype=np.str_), **layers)  # type: ignore[arg-type]
        durable.sync(aside)
        durable.replace(aside, target)


def _seal(
    workspace: "Workspace", folder: Path, name: str, loaded: Loaded, dtype: str,
    said: Mapping[str, Any],
) -> None:  # fmt: skip
    parts = parts_of(folder)
    with np.load(parts[0], allow_pickle=False) as held:
        layers = [one.removeprefix("layer ") for one in held.files if one != "ids"]
    with workspace.add_space(
        name, encoder=loaded.name, layer=layers[0] if len(layers) == 1 else "",
        dimension=loaded.dimension, kind="features", dtype=dtype, settings=said,
    ) as writer:  # fmt: skip
        for part in parts:
            with np.load(part, allow_pickle=False) as held:
                for layer in layers:
                    writer.write(held["ids"].tolist(), held[f"layer {layer}"], layer=layer)
        if loaded.head is not None:
            writer.head(*loaded.head)


def _inputs(
    workspace: "Workspace", task: str | None, where: str, modality: str
) -> tuple[list[str], list[Any], int]:
    """Return ids and inputs of the answered variants, and how many have no input here."""
    from stresslab.store.contents import resolve
    from stresslab.store.engine import reading
    from stresslab.store.excerpts import inputs
    from stresslab.store.vectors import variants_of

    question = resolve(workspace, task=task, where=where)
    if not question.task or not question.models:
        raise TooFewRowsError("This workspace holds no outcomes yet. Import some to encode.")
    with reading(workspace) as engine:
        codes = variants_of(engine, question)
    table = inputs(workspace, question.task, codes.tolist())
    is_image = table["input"].str.startswith("data:image/").fillna(False)
    fitting = table["input"].notna() & (is_image if modality == "image" else ~is_image)
    if not fitting.any():
        raise ParamError(
            f"No {modality} of task {question.task!r} is kept in this workspace: of its "
            f"{len(table):,} inputs none can be encoded so. Choose another encoder or task."
        )
    kept = table[fitting]
    if modality == "text":
        return kept["variant_id"].tolist(), kept["input"].tolist(), int((~fitting).sum())
    from stresslab.perturbations.image._codec import from_uri

    return kept["variant_id"].tolist(), list(map(from_uri, kept["input"])), int((~fitting).sum())


def _settings(piece: Encoder, given: Mapping[str, Any]) -> dict[str, Any]:
    chosen = dict(piece.settings)
    for name, value in given.items():
        if name not in chosen:
            there = ", ".join(chosen) or "none"
            raise ParamError(f"{piece.title} has no setting {name!r}. There are: {there}.")
        try:
            chosen[name] = type(chosen[name])(value)
        except ValueError:
            kind = type(chosen[name]).__name__
            raise ParamError(f"{name} must be of type {kind}; got {value!r}.") from None
    return chosen

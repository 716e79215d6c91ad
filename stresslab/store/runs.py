"""Sealed runs as they lie on disk: manifests, their state, cheap and full checks."""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stresslab.store import durable
from stresslab.store.lock import FolderLock

MANIFEST = "manifest.json"
PARTIAL = ".partial-"
REPLACED = ".replaced-"
RETIRED = ".retired"
DISTRUSTED = ".damaged"
"""Notes of `verify`: a file per run whose content is not what its manifest says."""
FORMAT = 1
INTERRUPTED = "interrupted"
Signature = tuple[int, int, int]
STATES = ("live", "superseded", "retired", "partial", "damaged")


@dataclass(frozen=True)
class RunInfo:
    """One run of a workspace, sealed or not.

    Parameters
    ----------
    run_id, model, task : str
        What it is; empty where a damaged manifest does not say.
    state : str
        ``live`` (counts), ``superseded``, ``retired``, ``partial`` or ``damaged``.
    n_outcomes : int
        Rows of its table of outcomes.
    created : str
        When it was sealed, ISO 8601 in UTC.
    reason : str
        Why it does not count.
    manifest : dict
        The whole manifest.
    """

    run_id: str
    model: str
    revision: str | None
    task: str
    n_outcomes: int
    state: str
    created: str
    source: Mapping[str, Any]
    settings: Mapping[str, Any]
    measures: Mapping[str, Any]
    model_info: Mapping[str, Any]
    path: Path
    manifest: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    digest: str = ""


_manifests: dict[str, tuple[Signature, RunInfo]] = {}
_distrusted_here: dict[str, str] = {}
_digests: dict[str, tuple[Signature, str]] = {}
_footers: dict[str, tuple[Signature, bool]] = {}


def signature(path: str) -> Signature:
    """Return what changes when the file at `path` is written anew."""
    stat = os.stat(path)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def digest_of(manifest: Path) -> str:
    """Return the SHA-256 of a small file, read again only when it was written anew."""
    seen = signature(str(manifest))
    known = _digests.get(str(manifest))
    if known is None or known[0] != seen:
        known = _digests[str(manifest)] = (seen, durable.sha256_of(manifest))
    return known[1]


def sealed_runs(folder: Path) -> list[RunInfo]:
    """Return every sealed run under `folder`, oldest first, with its state."""
    retired, distrusted = _names(folder / RETIRED), _names(folder / DISTRUSTED)
    names = [name for name in _names(folder) if not name.startswith(".")]
    runs = [run for name in names if (run := _seen(folder, name, distrusted)) is not None]
    runs.sort(key=lambda run: (run.created, run.run_id))
    counted = [run for run in runs if run.state == "live" and run.run_id not in retired]
    newest = {_import_key(run): run.run_id for run in counted}
    return [_placed(run, retired, newest) for run in runs]


def distrust(path: Path, said: str) -> None:
    """Count the run at `path` no more, here and, where the disk allows it, in every process."""
    if not path.is_dir():
        return
    mark = path.parent / DISTRUSTED / path.name
    _distrusted_here[str(path)] = said
    with contextlib.suppress(OSError):
        mark.parent.mkdir(exist_ok=True)
        durable.write_bytes(mark, said.encode())


def trust(path: Path) -> None:
    """Count the run at `path` again."""
    _distrusted_here.pop(str(path), None)
    with contextlib.suppress(FileNotFoundError):
        (path.parent / DISTRUSTED / path.name).unlink()


def sealed_run(folder: Path, run_id: str) -> RunInfo | None:
    """Return one sealed run, ``live`` or ``damaged``, or None if there is none."""
    return _seen(folder, run_id, _names(folder / DISTRUSTED))


def partial_runs(folder: Path) -> list[RunInfo]:
    """Return every unfinished run under `folder`.

    What a process left that died between sealing a run and tidying up is not unfinished.
    """
    sealed = {run.manifest.get("identity") for run in sealed_runs(folder)}
    found = []
    for path in sorted(folder.glob(f"{PARTIAL}*")):
        try:
            head = json.loads((path / "head.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            head = {}
        if not isinstance(head, dict) or head.get("identity") not in sealed:
            busy = FolderLock(path).is_held_elsewhere()
            reason = "being written now" if busy else INTERRUPTED
            found.append(_info(path, head if isinstance(head, dict) else {}, "partial", reason))
    return found


def file_entry(path: Path, rows: int | None) -> dict[str, Any]:
    """Return what a manifest says of one file."""
    return {"sha256": durable.sha256_of(path), "bytes": path.stat().st_size, "rows": rows}


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def _import_key(run: RunInfo) -> tuple[str | None, ...]:
    """Return what two imports of the same source share, or the run itself."""
    sha256 = run.source.get("sha256")
    part = run.source.get("run")
    return (str(sha256), run.model, run.revision, run.task, part) if sha256 else (run.run_id,)


def _placed(
    run: RunInfo, retired: set[str], newest: Mapping[tuple[str | None, ...], str]
) -> RunInfo:
    if run.state == "live" and run.run_id in retired:
        return replace(run, state="retired", reason="retired by a user")
    if run.state == "live" and newest[_import_key(run)] != run.run_id:
        by = newest[_import_key(run)]
        return replace(run, state="superseded", reason=f"the same source was read again as {by}")
    return run


def _seen(folder: Path, name: str, distrusted: set[str]) -> RunInfo | None:
    path = os.path.join(folder, name)
    run = _run(path)
    if run is None or run.state == "damaged":
        return run
    if name not in distrusted and path not in _distrusted_here:
        return run
    try:
        said = (folder / DISTRUSTED / name).read_text(encoding="utf-8")
    except OSError:
        said = _distrusted_here.get(path, "a file is not as it was sealed")
    return replace(run, state="damaged", reason=said)


def _run(path: str) -> RunInfo | None:
    """Return the sealed run in a folder, at a glance; None if it is no folder."""
    manifest = os.path.join(path, MANIFEST)
    try:
        seen = signature(manifest)
        known = _manifests.get(path)
        if known is None or known[0] != seen:
            known = _manifests[path] = (seen, _parsed(Path(path)))
    except NotADirectoryError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if not os.path.isdir(path):  # gone since the folder was listed, or a file
            return None
        why = f"has no {error}" if isinstance(error, KeyError) else f"cannot be read: {error}"
        return _info(Path(path), {}, "damaged", f"{manifest} {why}")
    run = known[1]
    for name, file in run.manifest["files"].items():
        fault = _fault(os.path.join(path, name), file["bytes"])
        if fault:
            reason = f"{os.path.join(path, name)} {fault}"
            return replace(run, state="damaged", reason=reason)
    return run


def _parsed(path: Path) -> RunInfo:
    text = (path / MANIFEST).read_bytes()
    manifest = json.loads(text)
    if manifest["format"] > FORMAT:
        raise ValueError(f"format {manifest['format']} is newer than this stresslab")
    for name in ("model", "task", "identity"):
        if not isinstance(manifest[name], str):
            raise ValueError(f"{name} must be a text; it says {manifest[name]!r}")
    for name in ("source", "settings", "measures", "model_info", "counts", "files"):
        if not isinstance(manifest[name], dict):
            raise ValueError(f"{name} must be an object; it says {manifest[name]!r}")
    if manifest["run_id"] != path.name:
        raise ValueError(f"it belongs to {manifest['run_id']!r}; the folder was copied or renamed")
    for name, file in manifest["files"].items():
        if Path(name).name != name or not isinstance(file["bytes"], int):
            raise ValueError(f"the file {name!r} is not described as it should be")
    info = _info(path, manifest, "live", "")
    return replace(info, digest=hashlib.sha256(text).hexdigest())


def _fault(path: str, size: int) -> str:
    """Return what a glance shows to be wrong with a file, or an empty text."""
    try:
        seen = signature(path)
        if seen[1] != size:
            return f"has {seen[1]} bytes; the manifest says {size}"
        known = _footers.get(path)
        if known is None or known[0] != seen:
            known = _footers[path] = (seen, _is_whole(path))
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return "" if known[1] else "is no complete Parquet file"


def _is_whole(path: str) -> bool:
    """Tell whether a Parquet file begins and ends as one; other files are not looked at."""
    if not path.endswith(".parquet"):
        return True
    with open(path, "rb") as file:
        start = file.read(4)
        file.seek(-min(4, os.fstat(file.fileno()).st_size), os.SEEK_END)
        return start == file.read(4) == b"PAR1"


def _info(path: Path, manifest: Mapping[str, Any], state: str, reason: str) -> RunInfo:
    return RunInfo(
        run_id=path.name,
        model=str(manifest.get("model") or ""),
        revision=manifest.get("revision"),
        task=str(manifest.get("task") or ""),
        n_outcomes=int((manifest.get("counts") or {}).get("outcomes", 0)),
        state=state,
        created=str(manifest.get("created") or ""),
        source=manifest.get("source") or {},
        settings=manifest.get("settings") or {},
        measures=manifest.get("measures") or {},
        model_info=manifest.get("model_info") or {},
        path=path,
        manifest=manifest,
        reason=reason,
    )

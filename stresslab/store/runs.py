"""Sealed runs as they lie on disk: manifests, their state, cheap and full checks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stresslab.store import durable

MANIFEST = "manifest.json"
PARTIAL = ".partial-"
RETIRED = ".retired"
FORMAT = 1
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


@dataclass(frozen=True)
class Problem:
    """Something wrong on disk: the file, the rule, what was seen, what to do."""

    path: Path
    rule: str
    seen: str
    next_step: str


_read: dict[tuple[Path, int, int], RunInfo] = {}
_footers: dict[tuple[Path, int, int], bool] = {}


def sealed_runs(folder: Path) -> list[RunInfo]:
    """Return every sealed run under `folder`, oldest first, with its state."""
    retired = _names(folder / RETIRED)
    runs = [
        _run(path)
        for path in sorted(folder.iterdir() if folder.is_dir() else ())
        if path.is_dir() and not path.name.startswith(".")
    ]
    runs.sort(key=lambda run: (run.created, run.run_id))
    counted = [run for run in runs if run.state == "live" and run.run_id not in retired]
    newest = {_import_key(run): run.run_id for run in counted}
    return [_placed(run, retired, newest) for run in runs]


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
        if head.get("identity") not in sealed or not head:
            info = _info(path, head, "partial", "not finished")
            found.append(replace(info, run_id=path.name))
    return found


def check_run(run: RunInfo) -> list[Problem]:
    """Return what is wrong with a sealed run, hashing every file."""
    again = "Import it again, or `stresslab workspace purge` it."
    if not run.manifest:
        return [Problem(run.path / MANIFEST, "a run has a readable manifest", run.reason, again)]
    problems = []
    for name, file in run.manifest["files"].items():
        path = run.path / name
        rule = "a sealed file has the checksum of its manifest"
        if not path.is_file():
            problems.append(Problem(path, rule, "the file is missing", again))
        elif path.stat().st_size != file["bytes"] or durable.sha256_of(path) != file["sha256"]:
            problems.append(Problem(path, rule, "the content is another", again))
    for path in sorted(run.path.iterdir()):
        if path.name not in (*run.manifest["files"], MANIFEST):
            rule = "a sealed folder holds the files of its manifest"
            problems.append(Problem(path, rule, "an extra file", "Move it out of the workspace."))
    return problems


def file_entry(path: Path, rows: int | None) -> dict[str, Any]:
    """Return what a manifest says of one file."""
    return {"sha256": durable.sha256_of(path), "bytes": path.stat().st_size, "rows": rows}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _import_key(run: RunInfo) -> tuple[str, ...]:
    """Return what two imports of the same source share, or the run itself."""
    sha256 = run.source.get("sha256")
    return (str(sha256), run.model, run.task) if sha256 else (run.run_id,)


def _placed(run: RunInfo, retired: set[str], newest: Mapping[tuple[str, ...], str]) -> RunInfo:
    if run.state == "live" and run.run_id in retired:
        return replace(run, state="retired", reason="retired by a user")
    if run.state == "live" and newest[_import_key(run)] != run.run_id:
        by = newest[_import_key(run)]
        return replace(run, state="superseded", reason=f"the same source was read again as {by}")
    return run


def _run(path: Path) -> RunInfo:
    manifest = path / MANIFEST
    try:
        stat = manifest.stat()
        key = (manifest, stat.st_mtime_ns, stat.st_size)
        if key not in _read:
            text = manifest.read_bytes()
            _read[key] = _parsed(path, text)
        run = _read[key]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return _info(path, {}, "damaged", f"{manifest} cannot be read: {error}")
    for name, file in run.manifest["files"].items():
        fault = _fault(path / name, int(file["bytes"]))
        if fault:
            return replace(run, state="damaged", reason=f"{path / name} {fault}")
    return run


def _parsed(path: Path, text: bytes) -> RunInfo:
    import hashlib

    manifest = json.loads(text)
    if manifest["format"] > FORMAT:
        raise ValueError(f"format {manifest['format']} is newer than this stresslab")
    for file in manifest["files"].values():
        int(file["bytes"])
    info = _info(path, manifest, "live", "")
    return replace(info, digest=hashlib.sha256(text).hexdigest())


def _fault(path: Path, size: int) -> str:
    """Return what a glance shows to be wrong with a Parquet file, or an empty text."""
    try:
        stat = path.stat()
    except OSError:
        return "is missing"
    if stat.st_size != size:
        return f"has {stat.st_size} bytes; the manifest says {size}"
    key = (path, stat.st_mtime_ns, stat.st_size)
    if path.suffix == ".parquet" and key not in _footers:
        with path.open("rb") as file:
            file.seek(-4, 2)
            _footers[key] = file.read() == b"PAR1"
    return "" if _footers.get(key, True) else "is no complete Parquet file"


def _info(path: Path, manifest: Mapping[str, Any], state: str, reason: str) -> RunInfo:
    return RunInfo(
        run_id=str(manifest.get("run_id") or path.name),
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
        manifest=manifest if state != "partial" else dict(manifest),
        reason=reason,
    )

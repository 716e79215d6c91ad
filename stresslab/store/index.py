"""The index of a workspace: built aside, renamed into place, opened read-only per call."""

import hashlib
import json
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.store import durable, small
from stresslab.store.aliases import aliases_of
from stresslab.store.derived import DerivedInfo, seen_in
from stresslab.store.verify import all_whole

if TYPE_CHECKING:
    import duckdb

FILE = "index.duckdb"
POINTER = "current"
VECTORS = "vectors"
"""Folder, beside the generations, of vectors as they are mapped into memory."""

KEEP_SECONDS = 600
"""How long a generation stays after another took its place."""

MEMORY = ("128MB", "160MB", "256MB", "512MB", "2GB", "")
"""Memory DuckDB builds an index in, one after the other; beyond it rows wait on the disk."""

MOST_THREADS = 4
"""Each holds rows of its own in memory."""

Report = Callable[[int, int, str], None]

_building = threading.Lock()


@dataclass
class _Call:
    """What the call in progress has resolved and opened."""

    stack: ExitStack
    generations: dict[Path, "Generation"] = field(default_factory=dict)
    opened: dict[Path, Any] = field(default_factory=dict)


_call: ContextVar[_Call | None] = ContextVar("call", default=None)


@dataclass(frozen=True)
class Generation:
    """One complete index: a folder that is never written again.

    Parameters
    ----------
    folder : Path
        Holds ``index.duckdb`` and ``aligned/``.
    data_version : str
        Version of what it was built from: `Workspace.index_version`.
    """

    folder: Path
    data_version: str

    @property
    def path(self) -> Path:
        """Return the DuckDB file."""
        return self.folder / FILE


def ensure(workspace: Any, progress: Report | None = None) -> Generation:
    """Return the index of the workspace as it is now; build it if there is none.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    progress : callable, optional
        ``progress(done, total, message)``, in outcomes, while building.
    """
    call = _call.get()
    if call is None:
        return _ensured(workspace, progress)
    if workspace.path not in call.generations:
        call.generations[workspace.path] = _ensured(workspace, progress)
    return call.generations[workspace.path]


def _ensured(workspace: Any, progress: Report | None) -> Generation:
    root = Path(workspace.index_folder)
    while True:
        version = workspace.index_version
        found = Generation(root / f"{version}-{layout()}", version)
        if found.path.exists():
            return found
        with _building:
            if not found.path.exists():
                _build(workspace, root, found, progress or _silent)


@cache
def layout() -> str:
    """Return a mark of the tables' layout: an index of another layout is built anew."""
    schema = Path(__file__).with_name("schema.sql").read_bytes()
    return hashlib.sha256(schema + small.LAYOUT).hexdigest()[:6]


@contextmanager
def one_call() -> Iterator[None]:
    """Ask one generation, opened at most once, until the block ends: it is one call."""
    if _call.get() is not None:
        yield
        return
    with ExitStack() as stack:
        token = _call.set(_Call(stack))
        try:
            yield
        finally:
            _call.reset(token)


@contextmanager
def connect(generation: Generation) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open the index read-only for one call, with no way out to other files."""
    call = _call.get()
    if call is None:
        with closing(_open(generation.path)) as con:
            yield con
        return
    if generation.path not in call.opened:
        opened = call.stack.enter_context(closing(_open(generation.path)))
        call.opened[generation.path] = opened
    with closing(call.opened[generation.path].cursor()) as con:
        yield con


def _open(path: Path) -> "duckdb.DuckDBPyConnection":
    import duckdb

    rules = {"enable_external_access": "false", "lock_configuration": "true"}
    return duckdb.connect(str(path), read_only=True, config=rules)


def _silent(done: int, total: int, message: str) -> None:
    pass


def _build(workspace: Any, root: Path, wanted: Generation, report: Report) -> None:
    """Build the wanted generation, or nothing if the data change meanwhile."""
    root.mkdir(parents=True, exist_ok=True)
    runs = list(workspace.runs(include=("live",)))
    indexed = _indexed(_pointed(root))
    if not all_whole(run for run in runs if run.run_id not in indexed):
        return  # those that are damaged count no more: the data version is another
    aside = root / f".building-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    aside.mkdir()
    try:
        wanted_rows = _Wanted(runs, aliases_of(workspace), seen_in(workspace.path / "derived"))
        _fill_within_memory(aside, _pointed(root), wanted_rows, report)
        _sync_files(aside)
        durable.sync(aside / FILE)
        if workspace.index_version != wanted.data_version:
            return
        with suppress(OSError):  # another process was first: its folder is as good as ours
            durable.replace(aside, wanted.folder)
        _point(root, wanted.folder.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _clean(root, wanted.folder.name)


@dataclass(frozen=True)
class _Wanted:
    """What an index is made of."""

    runs: list[Any]
    aliases: dict[str, str]
    derived: list[DerivedInfo]


def _fill_within_memory(aside: Path, old: Path | None, wanted: _Wanted, report: Report) -> None:
    """Fill an index in little memory; what does not fit, on the disk either, with more."""
    import duckdb

    for memory in MEMORY:
        try:
            return _fill(aside, old, wanted, report, memory)
        except duckdb.OutOfMemoryException:
            if memory == MEMORY[-1]:
                raise
            shutil.rmtree(aside)
            aside.mkdir()


def _fill(aside: Path, old: Path | None, wanted: _Wanted, report: Report, memory: str) -> None:
    from stresslab.store import build, build_derived

    runs, aliases = wanted.runs, wanted.aliases
    plan = _plan(old, runs, aliases)
    if plan is not None and old is not None:
        shutil.copyfile(old / FILE, aside / FILE)
        for name in ("aligned", small.FOLDER):
            if (old / name).exists():
                shutil.copytree(old / name, aside / name, copy_function=_link)
    con = _open_to_write(aside, memory)
    try:
        con.execute("BEGIN")  # one commit: nobody reads the file before it is complete
        if plan is None:
            build.create(con)
            settled = [("format", layout()), ("aliases", _text(aliases))]
            con.executemany("INSERT INTO meta VALUES (?, ?)", settled)
            plan = {task: ("add", members) for task, members in _by_task(runs).items()}
        for task, (action, members) in plan.items():
            if action == "models" and build.add_models(
                con, members, aside, aliases=aliases, report=report
            ):
                continue
            members = [run for run in runs if run.task == task]
            build.drop_task(con, task)
            shutil.rmtree(aside / "aligned" / _code(con, task), ignore_errors=True)
            build.add_tasks(con, members, aside, aliases=aliases, report=report)
        build_derived.refresh(con, wanted.derived, aliases, plan)
        con.execute("COMMIT")
        con.execute("CHECKPOINT")
        for task in plan:
            (aside / small.FOLDER / f"{_code(con, task)}.arrow").unlink(missing_ok=True)
        small.write(con, aside)
    finally:
        con.close()
    shutil.rmtree(aside / "spill", ignore_errors=True)


def _plan(
    old: Path | None, runs: list[Any], aliases: dict[str, str]
) -> dict[str, tuple[str, list[Any]]] | None:
    """Return what to do per task on a copy of the old index; None to build from nothing."""
    import duckdb

    if old is None or not (old / FILE).exists():
        return None
    try:
        with connect(Generation(old, old.name)) as con:
            meta = dict(con.execute("SELECT key, value FROM meta").fetchall())
            rows = con.execute(
                "SELECT t.name, r.run_id FROM runs r JOIN tasks t ON t.code = r.task"
            ).fetchall()
    except duckdb.Error:
        return None
    if meta.get("format") != layout() or meta.get("aliases") != _text(aliases):
        return None
    plan: dict[str, tuple[str, list[Any]]] = {}
    live = _by_task(runs)
    for task in {*live, *(row[0] for row in rows)}:
        indexed = {row[1] for row in rows if row[0] == task}
        known = [run for run in live.get(task, []) if run.run_id in indexed]
        fresh = [run for run in live.get(task, []) if run.run_id not in indexed]
        if len(known) < len(indexed) or not _are_newest(fresh, known):
            plan[task] = ("rebuild", live.get(task, []))
        elif fresh:
            plan[task] = ("models" if indexed else "add", fresh)
    redone = sum(
        run.n_outcomes for action, part in plan.values() if action == "rebuild" for run in part
    )
    if redone > 0.5 * sum(run.n_outcomes for run in runs):
        return None
    return plan


def _are_newest(fresh: list[Any], known: list[Any]) -> bool:
    """Return whether no run of a model is older than one of it that the index has."""
    last: dict[str, tuple[str, str]] = {}
    for run in known:
        last[run.model] = max(last.get(run.model, ("", "")), (str(run.created), run.run_id))
    return all((str(run.created), run.run_id) > last.get(run.model, ("", "")) for run in fresh)


def _indexed(old: Path | None) -> set[str]:
    """Return the runs that an index was made of: their checksums were right then."""
    import duckdb

    if old is None or not (old / FILE).exists():
        return set()
    try:
        with connect(Generation(old, old.name)) as con:
            return {row[0] for row in con.execute("SELECT run_id FROM runs").fetchall()}
    except duckdb.Error:
        return set()


def _by_task(runs: list[Any]) -> dict[str, list[Any]]:
    tasks: dict[str, list[Any]] = {}
    for run in runs:
        tasks.setdefault(run.task, []).append(run)
    return tasks


def _code(con: "duckdb.DuckDBPyConnection", task: str) -> str:
    row = con.execute("SELECT code FROM tasks WHERE name = ?", [task]).fetchone()
    return str(row[0]) if row else "none"


def _open_to_write(aside: Path, memory: str) -> "duckdb.DuckDBPyConnection":
    import duckdb

    config = {"memory_limit": memory} if memory else {}
    con = duckdb.connect(str(aside / FILE), config=config)
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    con.execute("SET temp_directory = ?", [str(aside / "spill")])
    con.execute("SET threads = ?", [threads])
    con.execute("SET preserve_insertion_order = true")
    return con


def _text(aliases: dict[str, str]) -> str:
    return json.dumps(aliases, sort_keys=True)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target


def _sync_files(aside: Path) -> None:
    for path in (aside / small.FILE, *aside.rglob("*.npy"), *aside.rglob("*.arrow")):
        if path.stat().st_nlink == 1:  # the others are synced parts of an older generation
            with path.open("rb+") as file:
                os.fsync(file.fileno())


def _pointed(root: Path) -> Path | None:
    try:
        name = (root / POINTER).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return root / name if name and (root / name).is_dir() else None


def _point(root: Path, version: str) -> None:
    old = _pointed(root)
    if old is not None and old.name != version:
        with suppress(OSError):
            os.utime(old)  # its ten minutes begin now
    durable.write_bytes(root / POINTER, version.encode())


def _clean(root: Path, version: str) -> None:
    """Remove generations and abandoned builds that nobody points to any more."""
    for folder in root.iterdir():
        kept = folder.name in (version, VECTORS) or folder == _pointed(root)
        if not folder.is_dir() or kept:
            continue
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > KEEP_SECONDS and not _at_work(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _at_work(folder: Path) -> bool:
    if not folder.name.startswith(".building-"):
        return False
    try:
        os.kill(int(folder.name.split("-")[1]), 0)
    except (OSError, ValueError):
        return False
    return True

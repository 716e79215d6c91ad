"""The workspace: a folder of sealed runs, and everything that changes it."""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from stresslab.errors import BusyError, WorkspaceError
from stresslab.places import cache_folder
from stresslab.store import config as configuration
from stresslab.store import durable
from stresslab.store.config import WorkspaceConfig
from stresslab.store.derived import COLUMNS, DerivedInfo, check_derived, derived_of, seen_in
from stresslab.store.lock import DOOMED, FolderLock
from stresslab.store.runs import (
    INTERRUPTED,
    PARTIAL,
    REPLACED,
    RETIRED,
    STATES,
    RunInfo,
    partial_runs,
    sealed_runs,
    trust,
)
from stresslab.store.spaces import SpaceInfo, SpaceWriter, check_space, partial_spaces, spaces_of
from stresslab.store.verify import Problem, check_run, strays
from stresslab.store.writer import RunWriter, head_of

FOLDERS = ("runs", "spaces", "derived", "findings")


class Workspace:
    """A folder of runs that a user opens.

    Use `Workspace.create` or `Workspace.open`. The object holds no data and no connection: every
    call looks at the folder anew, so many processes may read and write at once.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().resolve()

    def __repr__(self) -> str:
        return f"Workspace({str(self.path)!r})"

    @classmethod
    def create(cls, path: str | Path, *, name: str | None = None) -> Self:
        """Make a new, empty workspace.

        Raises
        ------
        WorkspaceError
            If there is one already, or the folder cannot be written.
        """
        workspace = cls(path)
        target = workspace.path / configuration.FILE
        if target.exists():
            raise WorkspaceError(f"{workspace.path} is a workspace already. Open it instead.")
        with durable.writing(target):
            for folder in FOLDERS:
                (workspace.path / folder).mkdir(parents=True, exist_ok=True)
            raw = {"format": configuration.FORMAT, "name": name or workspace.path.name}
            configuration.write_raw(workspace.path, raw)
        return workspace

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open an existing workspace.

        Raises
        ------
        WorkspaceError
            If the folder is no workspace.
        """
        workspace = cls(path)
        configuration.read_raw(workspace.path)
        return workspace

    @property
    def config(self) -> WorkspaceConfig:
        """Return what workspace.toml says now."""
        return configuration.config_of(configuration.read_raw(self.path), self.path)

    @property
    def name(self) -> str:
        """Return the name of the workspace."""
        return self.config.name

    @property
    def data_version(self) -> str:
        """Return a hash of all that numbers are computed from: it changes when they may."""
        derived = [(one.derived_id, one.digest) for one in seen_in(self.path / "derived")]
        return self._version(self._spaces_seen() + derived)

    @property
    def source_version(self) -> str:
        """Return a hash of all that is not derived."""
        return self._version(self._spaces_seen())

    @property
    def index_version(self) -> str:
        """Return a hash of what the index holds: neither vectors nor kept results."""
        values = [one for one in seen_in(self.path / "derived") if one.kind in COLUMNS]
        return self._version([(one.derived_id, one.digest) for one in values])

    def _spaces_seen(self) -> list[tuple[str, str]]:
        return [(space.space_id, space.digest) for space in self.spaces()]

    def _version(self, beside: list[tuple[str, str]]) -> str:
        """Return a hash of live runs, of what workspace.toml says of them, and of more."""
        raw = configuration.read_raw(self.path)
        meaning = {name: raw.get(name, {}) for name in configuration.MEANING}
        seen = [*((run.run_id, run.digest) for run in self.runs()), *beside]
        said = [sorted(seen), meaning, raw.get("default_task")]
        text = json.dumps(said, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def index_folder(self) -> Path:
        """Return where the index lies: inside, or in the cache where the disk is read-only."""
        inside = self.path / ".index"
        shipped = self.config.provenance == "shipped"
        if not shipped and os.access(inside if inside.exists() else self.path, os.W_OK):
            return inside
        mark = hashlib.sha256(str(self.path).encode()).hexdigest()[:16]
        return cache_folder() / "index" / mark

    def set_config(self, section: str, key: str, values: Any) -> None:
        """Change one entry of workspace.toml; None removes it.

        Parameters
        ----------
        section : str
            E.g. ``"models"``; an empty text for the top level.
        key : str
            Name within the section.
        values : dict, str, number or None
            The entry.
        """
        configuration.change(self.path, section, key, values)

    def add_run(
        self, *, model: str, task: str, source: Mapping[str, Any] | None = None, reader: str = "",
        settings: Mapping[str, Any] | None = None, measures: Mapping[str, Any] | None = None,
        revision: str | None = None, mapping: str = "",
        model_info: Mapping[str, Any] | None = None, part_rows: int = 100_000,
    ) -> RunWriter:  # fmt: skip
        """Return a writer for a new run; use it in a ``with`` block, whose end seals the run.

        Leaving the block by an exception keeps what was written as an unfinished run, which the
        next `add_run` with the same identity takes up.

        Parameters
        ----------
        model, task : str
            Names as users shall see them.
        source : dict, optional
            ``format, path, sha256, version`` of what the rows come from; its hash is part of the
            identity, so the same source again adds nothing. ``run`` tells runs of one model on
            one task apart that lie in one source.
        reader : str
            Reader or runner, with its version.
        settings, model_info : dict, optional
            JSON-able; kept in the manifest.
        measures : dict, optional
            ``{name: {rate, low, high, higher_is_better}}``; ``score`` is always there.
        revision : str, optional
            Version of the model.
        mapping : str
            Text of the mapping (TOML) the rows were read with; kept beside the run.
        part_rows : int
            Rows a table may hold in memory before they become a durable part.
        """
        if not model or not task:
            raise WorkspaceError(f"A run needs a model and a task; got {model!r} and {task!r}.")
        head = head_of(
            model=model, task=task, revision=revision, source=source, reader=reader,
            settings=settings, measures=measures, mapping=mapping, model_info=model_info,
        )  # fmt: skip
        return RunWriter(self.path / "runs", head, mapping, part_rows)

    def runs(self, include: Sequence[str] = ("live",)) -> list[RunInfo]:
        """Return the runs in the named states, oldest first.

        Parameters
        ----------
        include : sequence of str
            Of ``live, superseded, retired, partial, damaged``.
        """
        found = sealed_runs(self.path / "runs")
        if "partial" in include:
            found += partial_runs(self.path / "runs")
        return [run for run in found if run.state in include]

    def add_space(
        self, space_id: str, *, encoder: str, layer: str = "", dimension: int, kind: str,
        dtype: str = "float16", settings: Mapping[str, Any] | None = None,
    ) -> SpaceWriter:  # fmt: skip
        """Return a writer for named vectors; the end of its ``with`` block seals the space.

        Parameters
        ----------
        space_id : str
            Name of the space.
        encoder, layer : str
            What made the vectors.
        dimension : int
            Length of every vector.
        kind : {"features", "logits"}
            What they are.
        dtype : {"float16", "float32"}
            How they are kept.
        settings : dict, optional
            JSON-able.
        """
        return SpaceWriter(
            self.path / "spaces", space_id, encoder=encoder, layer=layer, dimension=dimension,
            kind=kind, dtype=dtype, settings=dict(settings or {}),
        )  # fmt: skip

    def spaces(self) -> list[SpaceInfo]:
        """Return the sealed spaces by name."""
        return spaces_of(self.path / "spaces")

    def derived(self) -> list[DerivedInfo]:
        """Return the derived values by id."""
        return derived_of(self)

    def retire(self, run_id: str) -> None:
        """Hide a run from every number; `restore` shows it again."""
        mark = self._sealed(run_id).path.parent / RETIRED / run_id
        with durable.writing(mark):
            mark.parent.mkdir(exist_ok=True)
            durable.write_bytes(mark, b"")

    def restore(self, run_id: str) -> None:
        """Show a retired run again."""
        mark = self._sealed(run_id).path.parent / RETIRED / run_id
        with durable.writing(mark):
            mark.unlink(missing_ok=True)

    def purge(self, run_id: str) -> None:
        """Delete a sealed run for good."""
        run = self._sealed(run_id)
        with durable.writing(run.path):
            doomed = run.path.with_name(f"{DOOMED}{uuid.uuid4().hex[:12]}")
            durable.replace(run.path, doomed)
            (run.path.parent / RETIRED / run_id).unlink(missing_ok=True)
            trust(run.path)
            shutil.rmtree(doomed, ignore_errors=True)

    def clean(self) -> list[str]:
        """Remove unfinished runs and spaces that no living process writes; return their names.

        What an import put aside because it was damaged, and repaired, goes too.
        """
        removed = []
        for folder in (self.path / "runs", self.path / "spaces", self.path / "derived"):
            for path in sorted(folder.glob(f"{PARTIAL}*")):
                with durable.writing(path), suppress(BusyError):
                    lock = FolderLock(path)
                    lock.acquire(wait=0)
                    lock.remove()
                    removed.append(path.name)
            for path in sorted([*folder.glob(f"{DOOMED}*"), *folder.glob(f"{REPLACED}*")]):
                with durable.writing(path):
                    shutil.rmtree(path)
                    removed += [path.name] if path.name.startswith(REPLACED) else []
        return removed

    def verify(self) -> list[Problem]:
        """Return everything wrong on disk, hashing every sealed file; empty when all is well.

        A run found damaged is left out of every number from now on, and counts again once a later
        `verify` finds its files whole.
        """
        runs = sealed_runs(self.path / "runs")
        problems = [one for run in runs for one in (*check_run(run), *strays(run))]
        problems += [one for space in self.spaces() for one in check_space(space)]
        problems += [one for info in self.derived() for one in check_derived(info)]
        problems += [
            Problem(
                run.path,
                "a run is sealed",
                "an unfinished import or run",
                "Start the same import again to finish it, or `stresslab workspace clean`.",
            )
            for run in partial_runs(self.path / "runs")
            if run.reason == INTERRUPTED
        ]
        return problems + partial_spaces(self.path / "spaces")

    def info(self) -> dict[str, Any]:
        """Return name, version, number of outcomes and every run with its state."""
        runs = self.runs(include=STATES)
        shown = ("run_id", "model", "task", "n_outcomes", "state", "created", "reason")
        return {
            "name": self.name,
            "path": str(self.path),
            "data_version": self.data_version,
            "n_outcomes": sum(run.n_outcomes for run in runs if run.state == "live"),
            "runs": [{name: getattr(run, name) for name in shown} for run in runs],
            "spaces": [space.space_id for space in self.spaces()],
            "derived": [
                {"derived_id": one.derived_id, "kind": one.kind, "stale": one.is_stale}
                for one in self.derived()
            ],
        }

    def _sealed(self, run_id: str) -> RunInfo:
        import difflib

        runs = {run.run_id: run for run in sealed_runs(self.path / "runs")}
        if run_id not in runs:
            near = difflib.get_close_matches(run_id, runs, n=3) or sorted(runs)
            raise WorkspaceError(
                f"{self.path} has no sealed run {run_id!r}. There are: {', '.join(near) or 'none'}."
            )
        return runs[run_id]

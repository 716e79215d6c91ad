"""Import outside files into a workspace: the same again adds nothing, a killed import resumes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab import analyses
from stresslab.errors import BusyError, NoOutcomesError, ReadError, RowError, WorkspaceError
from stresslab.jobs._events import Done, Event, Progress
from stresslab.jobs._import_source import Course, SourceImport, Tally, hashed, mapping_for
from stresslab.jobs._walk import Walked, surest, walk
from stresslab.jobs.pairing import pairing_report, sentences
from stresslab.readers import Reader, readers
from stresslab.readers._mapping import Mapping
from stresslab.store.index import one_call

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

MOST_NAMED = 20
"""Files of a kind that a report names; all of them are counted."""


@dataclass
class _Import:
    """What an import found and did."""

    walked: Walked
    tally: Tally = field(default_factory=Tally)
    failed: dict[Path, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Return how much of what."""
        tally = self.tally
        return {
            "runs": len(tally.added), "identical": len(tally.identical),
            "outcomes": tally.outcomes, "kept": tally.kept,
            "rejects": tally.rejects.total(), "files": len(self.walked.sources) - len(self.failed),
            "failed": len(self.failed), "refused": len(self.walked.refused),
            "unclaimed": len(self.walked.unclaimed),
        }  # fmt: skip

    @property
    def report(self) -> dict[str, Any]:
        """Return what a program wants to know."""
        return {
            "runs_added": self.tally.added,
            "runs_identical": self.tally.identical,
            "rejects_by_reason": dict(self.tally.rejects.most_common()),
            "files_failed": {str(path): why for path, why in self.failed.items()},
            "files_refused": {str(path): why for path, why in self.walked.refused.items()},
            "files_unclaimed": [str(path) for path in self.walked.unclaimed],
        }

    @property
    def message(self) -> str:
        """Return what was done, in a few sentences."""
        tally, n_identical = self.tally, len(self.tally.identical)
        if not tally.added:
            said = f"Nothing new: {_n(n_identical, 'run')} of this import were there already"
        else:
            said = f"Added {_n(len(tally.added), 'run')} with {_n(tally.outcomes, 'outcome')}"
            kept = f", {tally.kept:,} of them kept from an interrupted import"
            said += kept if tally.kept else ""
            said += f"; {_n(n_identical, 'run')} were there already" if n_identical else ""
        if tally.rejects:
            said += f"; {_n(tally.rejects.total(), 'thing')} could not be read"
        lines = [f"{said}."]
        for what, paths in (
            ("could not be read", self.failed),
            ("refused", self.walked.refused),
            ("known to no reader", dict.fromkeys(self.walked.unclaimed, "")),
        ):
            lines += [_listed(what, paths)] if paths else []
        return "\n".join(lines)


def import_logs(
    workspace: "Workspace | Path",
    paths: Sequence[Path],
    *,
    mapping: Path | Mapping | dict[Path, Mapping] | None = None,
) -> Iterator[Event]:
    """Yield progress while files are read into a workspace.

    Parameters
    ----------
    workspace : Workspace or Path
        A folder that does not exist yet becomes a workspace.
    paths : sequence of Path
        Files, or folders of files.
    mapping : Path, Mapping or dict, optional
        Mapping for all of them, or by path of a source; proposed from the names and values of each
        source without it.

    Raises
    ------
    ReadError
        If there is no source, or none of them could be read. One that cannot be read among
        others is named in the last event.
    BusyError
        If another living process imports the same single source; one of several is named in the
        last event.
    """
    given = Mapping.load(mapping) if isinstance(mapping, Path) else mapping
    only = given.reader if isinstance(given, Mapping) else ""
    state = _Import(walk(paths, only or None))
    sources = list(state.walked.sources)
    if len(sources) == 1:
        given = mapping_for(sources[0], given)
    target = _opened(workspace) if isinstance(workspace, Path) else workspace
    before = _superseded(target)
    course = Course(sum(one.bytes for one in sources))
    for found in sources:
        try:
            chosen = mapping_for(found, given)
            hashes = yield from hashed(found, course)
            yield from SourceImport(target, found, chosen, hashes, state.tally).run(course)
        except NoOutcomesError as error:
            if len(sources) == 1:
                raise
            state.walked.sources.remove(found)
            state.walked.refused[found.path] = str(error).removeprefix(f"{found.path} ")
        except (ReadError, RowError, BusyError, OSError) as error:
            if len(sources) == 1:
                raise
            state.failed[found.path] = str(error)
        course.before += found.bytes
    if len(state.failed) == len(state.walked.sources):
        path, reason = next(iter({**state.failed, **state.walked.refused}.items()))
        raise ReadError(f"None of {len(sources)} sources could be read. {path}: {reason}")
    report = state.report | {"runs_superseded": sorted(_superseded(target) - before)}
    yield Progress(0, None, "rows", "Building the index, comparing with what was printed")
    with one_call():
        pairing, parity = _checked(target, state.tally)
    lines = [state.message, *sentences(pairing), *_sentence(parity)]
    yield Done("\n".join(lines), state.counts, report | {"pairing": pairing, "parity": parity})


def _checked(
    workspace: "Workspace", tally: Tally
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return how the models of the import pair, and its numbers beside the printed ones."""
    live = {run.run_id for run in workspace.runs()}
    mine = tuple(one for one in (*tally.added, *tally.identical) if one in live)
    if not mine:
        return [], []
    piece = analyses.get("parity")
    parity = piece.run(workspace, piece.params.parse({"runs": mine})).to_dict()["tables"]["parity"]
    return pairing_report(workspace, tally.tasks), parity


def _sentence(parity: list[dict[str, Any]]) -> list[str]:
    """Return in one sentence how the printed numbers agree with the rows."""
    if not parity:
        return []
    counts = Counter(row["verdict"] for row in parity)
    n = len(parity) - counts["not recomputed"]
    if not n:
        return [f"{len(parity):,} printed numbers are kept; none is a mean of rows beside them."]
    said = f"Of {n:,} printed numbers that were recomputed {counts['equal']:,} are equal"
    said += f", {counts['explained']:,} explained" if counts["explained"] else ""
    said += f", {counts['differs']:,} DIFFER" if counts["differs"] else ""
    said += f"; {counts['not recomputed']:,} are no mean" if counts["not recomputed"] else ""
    return [f"{said}."]


def mapping_of(path: Path, given: Path | None = None) -> Mapping:
    """Return the mapping to read a source with: the given one, or what its reader proposes."""
    return Mapping.load(given) if given else reader_of(path)[1].propose(path)


def preview(paths: Sequence[Path], mapping: Path | None = None) -> dict[str, str]:
    """Return the mapping that would be used, as TOML text, by source."""
    given = Mapping.load(mapping) if mapping else None
    sources = walk(paths, (given and given.reader) or None).sources
    return {str(one.path): mapping_for(one, given).to_toml() for one in sources}


def reader_of(path: Path) -> tuple[str, Reader]:
    """Return name and reader of a file or folder: the one that is surest that it is its own.

    Raises
    ------
    ReadError
        If no reader knows it, or two are equally sure.
    """
    name = surest(path)
    if name is None:
        raise ReadError(
            f"No reader knows {path}. There are: {', '.join(readers.names())}; "
            "`stresslab describe readers NAME` says what each reads."
        )
    return name, readers.get(name)


def _opened(path: Path) -> "Workspace":
    from stresslab.store.workspace import Workspace

    if (path / "workspace.toml").exists():
        return Workspace.open(path)
    if path.exists() and any(_is_foreign(one.name) for one in path.iterdir()):
        raise WorkspaceError(
            f"{path} must be a workspace or an empty folder; it holds other files. "
            "Name a new folder."
        )
    try:
        return Workspace.create(path)
    except WorkspaceError:
        if (path / "workspace.toml").exists():  # another import was a moment faster
            return Workspace.open(path)
        raise


def _is_foreign(name: str) -> bool:
    """Return whether a file is no part of a workspace that another process is just making."""
    from stresslab.store.workspace import FOLDERS

    return name not in FOLDERS and not name.startswith((".", "workspace.toml"))


def _superseded(workspace: "Workspace") -> set[str]:
    return {run.run_id for run in workspace.runs(("superseded",))}


def _listed(what: str, paths: dict[Path, str]) -> str:
    named = [f"{path}{f' ({why})' if why else ''}" for path, why in paths.items()]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"{_n(len(named), 'file')} {what}: {', '.join(named[:MOST_NAMED])}{more}."


def _n(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""Write what a workspace holds for other tools; an interrupted export takes up where it was."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import ParamError, WorkspaceError
from stresslab.jobs import _export_comparator as comparator
from stresslab.jobs import _export_eee as eee
from stresslab.jobs import _export_tables as tables
from stresslab.jobs._events import Done, Event, Progress
from stresslab.jobs._export_rows import Plan
from stresslab.readers.exported import beside
from stresslab.store.outgoing import Outgoing, names_of, outgoing

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace


@dataclass(frozen=True)
class Format:
    """How one outside format is written.

    Parameters
    ----------
    write : callable
        ``write(run, part, plan)`` writes one run to a file or folder and yields rows done.
    join : callable
        ``join(parts, whole, plan)`` makes one file or folder of them.
    is_folder : bool
        Whether the result is a folder.
    """

    write: Callable[[Outgoing, Path, Plan], Iterator[int]]
    join: Callable[[Sequence[Path], Path, Plan], None]
    is_folder: bool = False


FORMATS = {
    "every-eval-ever": Format(eee.write, eee.join, is_folder=True),
    "parquet": Format(tables.write_parquet, tables.join_parquet),
    "csv": Format(tables.write_csv, tables.join_csv),
}
COMPARATOR = "llm-comparator"
NAMES = (*FORMATS, COMPARATOR)


def export(
    workspace: "Workspace",
    out: Path,
    *,
    to: str,
    task: str | None = None,
    models: Sequence[str] = (),
    where: str = "",
) -> Iterator[Event]:
    """Yield progress while runs are written to a file or folder that other tools read.

    Parameters
    ----------
    workspace : Workspace
        What is exported.
    out : Path
        File, or folder for Every Eval Ever; must not exist yet.
    to : str
        One of `NAMES`. LLM Comparator takes exactly two models, whose common rows it shows.
    task : str, optional
        One task; all by default, for LLM Comparator the default task.
    models : sequence of str
        All by default.
    where : str
        Condition.

    Raises
    ------
    ParamError
        If the format is not known, nothing is left to export, or `out` exists.
    WorkspaceError
        If it cannot be written.
    """
    if to not in NAMES:
        raise ParamError(f"An export goes to one of {', '.join(NAMES)}; got {to!r}.")
    if out.exists():
        raise ParamError(f"{out} must not exist yet, so that nothing is overwritten. Name another.")
    if not out.resolve().parent.is_dir():
        raise ParamError(f"The folder of {out} must exist; it does not. Make it first.")
    is_pair = to == COMPARATOR
    chosen = outgoing(workspace, task=task, models=models, where=where, latest=is_pair)
    models = comparator.pair(chosen, models) if is_pair else models
    aside = out.resolve().with_name(f".{out.name}.partial")
    version = workspace.data_version
    plan = Plan(chosen, names_of(chosen), aside / "spill", version)
    kept = 0
    try:
        _take_up(aside, [to, list(models), where, version, [one.run.run_id for one in chosen]])
        if is_pair:
            work = comparator.write(plan, (models[0], models[1]), aside / "whole")
            yield from _followed(work, sum(one.n_rows for one in chosen), 0, "Writing pairs")
        else:
            kept = yield from _parts(FORMATS[to], plan, aside)
            if beside(aside / "whole").exists():
                os.replace(beside(aside / "whole"), beside(out))
        os.replace(aside / "whole", out)
        shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise WorkspaceError(
            f"{out} must be writable: {error.strerror or error}. Free the disk or name another "
            "place; the same export again goes on where this one stopped."
        ) from error
    n_rows = sum(one.n_rows for one in chosen)
    again = f" ({kept:,} rows were there from an interrupted export)" if kept else ""
    yield Done(
        f"Wrote {len(chosen):,} runs with {n_rows:,} rows to {out}{again}.",
        {"runs": len(chosen), "rows": n_rows, "kept": kept},
        {"out": str(out), "format": to, "run_ids": [one.run.run_id for one in chosen]},
    )


def _parts(form: Format, plan: Plan, aside: Path) -> Generator[Event, None, int]:
    """Write each run that is not there yet, then join them; return the rows that were there."""
    total, done, kept = sum(one.n_rows for one in plan.chosen), 0, 0
    parts = []
    for number, one in enumerate(plan.chosen):
        part = aside / f"part-{number:05d}"
        parts.append(part)
        if part.exists():
            kept += one.n_rows
        else:
            unfinished = aside / "unfinished"
            _remove(unfinished)
            message = f"Writing {one.run.model} on {one.run.task}"
            yield from _followed(form.write(one, unfinished, plan), total, done, message)
            os.replace(unfinished, part)
        done += one.n_rows
    yield Progress(done, total, "rows", "Joining", done)
    _remove(aside / "whole")
    form.join(parts, aside / "whole", plan)
    return kept


def _followed(work: Iterator[int], total: int, before: int, message: str) -> Iterator[Event]:
    for done in work:
        yield Progress(before + done, total, "rows", message, before + done)


def _take_up(aside: Path, settings: list[Any]) -> None:
    """Keep what the same export left when it was interrupted, and nothing of another."""
    mark = hashlib.sha256(json.dumps(settings).encode()).hexdigest()
    note = aside / "export.json"
    if not note.exists() or note.read_text(encoding="utf-8") != mark:
        _remove(aside)
        aside.mkdir()
        note.write_text(mark, encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

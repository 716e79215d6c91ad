"""List what a workspace holds, and whether it is whole."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _training
from stresslab.analyses._kind import Analysis
from stresslab.analyses._value import frame
from stresslab.analyses._words import plural
from stresslab.params import Params, setting
from stresslab.result import Column, Result, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.contents import Contents
    from stresslab.store.workspace import Workspace

RUNS = {
    "run_id": "str", "model": "str", "revision": "str", "task": "str", "n_outcomes": "int64",
    "state": "str", "created": "str", "source_format": "str", "source_path": "str",
    "n_rejects": "int64", "bytes": "int64",
}  # fmt: skip
FILES = {
    "run_id": "str",
    "model": "str",
    "file": "str",
    "rows": "int64",
    "bytes": "int64",
    "sha256": "str",
}
REJECTS = {
    "run_id": "str", "model": "str", "n": "int64", "file": "str", "line": "str", "field": "str",
    "reason": "str", "excerpt": "str",
}  # fmt: skip
PROBLEMS = {"path": "str", "rule": "str", "seen": "str", "next_step": "str"}
MOST_REJECTS = 1000
"""Rejected entries read per run; the count stands in the runs table."""


@dataclass(frozen=True, kw_only=True)
class InventoryParams(Params):
    """Settings of the inventory."""

    verify: bool = setting(False, "Read every file again and check it against its checksum.")


def run(workspace: "Workspace", params: InventoryParams) -> Result:
    """Return what there is, down to the files, and what is wrong or in doubt with it."""
    from stresslab.store import doubtful
    from stresslab.store.contents import contents
    from stresslab.store.runs import STATES

    known = contents(workspace)
    runs = workspace.runs(include=STATES)
    problems = _problems(workspace, runs, params.verify)
    chosen = [params.task] if params.task else list(known.tasks["task"])
    tables = {
        "inventory": frame(RUNS, [_run_row(one) for one in runs]),
        "domains": _of_tasks(known.domains, chosen),
        "tiers": _tiers(known, chosen),
        "coverage": _training.marked(_coverage(workspace, chosen), workspace),
        "measures": _of_tasks(known.measures, chosen),
        "rejects": frame(REJECTS, [row for one in runs for row in _rejects(one)]),
        "files": frame(FILES, [row for one in runs for row in _file_rows(one)]),
        "problems": problems,
        "edited": _of_tasks(doubtful.edited(workspace), chosen),
        "possible_matches": _of_tasks(doubtful.possible_matches(workspace), chosen),
    }
    warnings = []
    if not runs:
        warnings.append(
            Warn("no-rows", "This workspace holds no outcomes yet. Import logs to begin.", 0)
        )
    if len(problems):
        text = f"Needs attention: {plural(len(problems), 'file or run', 'files or runs')}."
        warnings.append(Warn("problems", text, len(problems)))
    return Result(
        analysis="inventory",
        params=params.to_dict(),
        tables=tables,
        warnings=tuple(warnings),
        data_version=workspace.data_version,
        columns={
            "inventory": {"bytes": Column("integer", "bytes on disk")},
            "coverage": {"coverage": Column("number", "share of the domain's variants")},
        },
    )


def _run_row(run: Any) -> dict[str, Any]:
    manifest = run.manifest or {}
    source = run.source or {}
    files = (manifest.get("files") or {}).values()
    return {
        "run_id": run.run_id, "model": run.model, "revision": run.revision, "task": run.task,
        "n_outcomes": int(run.n_outcomes or 0), "state": run.state, "created": run.created,
        "source_format": source.get("format"), "source_path": source.get("path"),
        "n_rejects": int((manifest.get("counts") or {}).get("rejects", 0)),
        "bytes": sum(int(one.get("bytes") or 0) for one in files),
    }  # fmt: skip


def _file_rows(run: Any) -> list[dict[str, Any]]:
    files = (run.manifest or {}).get("files") or {}
    return [
        {
            "run_id": run.run_id, "model": run.model, "file": name,
            "rows": int(one.get("rows") or 0), "bytes": int(one.get("bytes") or 0),
            "sha256": one.get("sha256"),
        }
        for name, one in sorted(files.items())
    ]  # fmt: skip


def _of_tasks(table: "pd.DataFrame", tasks: list[str]) -> "pd.DataFrame":
    return table[table["task"].isin(tasks)].reset_index(drop=True)


def _tiers(known: "Contents", tasks: list[str]) -> "pd.DataFrame":
    """Return one row per task, perturbation and tier."""
    kinds = {
        "task": "str", "perturbation": "str", "title": "str", "axis": "str", "unit": "str",
        "tier": "int64", "strength": "float64",
    }  # fmt: skip
    rows = [
        {**{k: row[k] for k in ("task", "perturbation", "title", "axis", "unit")},
         "tier": int(tier), "strength": strength}
        for row in _of_tasks(known.perturbations, tasks).to_dict("records")
        for tier, strength in zip(row["tiers"], row["strengths"], strict=True)
    ]  # fmt: skip
    return frame(kinds, rows)


def _coverage(workspace: "Workspace", tasks: list[str]) -> "pd.DataFrame":
    """Return how many rows of every model lie in every domain, perturbation and tier."""
    import pandas as pd

    from stresslab.store import query
    from stresslab.store.contents import contents, resolve

    by = ("domain", "perturbation", "tier")
    counts = ("n_rows", "n_answered", "n_abstained", "n_refused", "n_errored", "n_unscored")
    found = []
    for task in tasks:
        models = contents(workspace).models
        named = tuple(models.loc[models["task"] == task, "model"])
        question = resolve(workspace, task=task, models=named, population="each")
        cells = query.cells(workspace, question, by=by)
        if len(cells):
            found.append(cells[["model", *by, *counts]].assign(task=task))
    kinds = {"task": "str", "model": "str", "domain": "str", "perturbation": "str"}
    kinds |= dict.fromkeys(("tier", *counts), "int64") | {"coverage": "float64"}
    if not found:
        return frame(kinds)
    table = pd.concat(found, ignore_index=True)
    widest = table.groupby(["task", *by], dropna=False)["n_rows"].transform("max")
    return table.assign(coverage=table["n_rows"] / widest)[list(kinds)]


def _rejects(run: Any) -> list[dict[str, Any]]:
    path = run.path / "rejects.parquet"
    if run.state not in ("live", "superseded", "retired") or not path.exists():
        return []
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        with pq.ParquetFile(path) as file:
            batch = next(file.iter_batches(batch_size=MOST_REJECTS), None)
    except (ArrowException, OSError):
        return []  # `problems` names the file
    rows = [] if batch is None else batch.to_pylist()
    return [{"run_id": run.run_id, "model": run.model, **row} for row in rows]


def _problems(workspace: "Workspace", runs: list[Any], verify: bool) -> "pd.DataFrame":
    if verify:
        rows = [
            {"path": str(one.path), "rule": one.rule, "seen": one.seen, "next_step": one.next_step}
            for one in workspace.verify()
        ]
        return frame(PROBLEMS, rows)
    steps = {
        "partial": ("An unfinished run is not counted.",
                    "Repeat the command that wrote it, or `stresslab workspace clean`."),
        "damaged": ("A run must match its manifest.",
                    "`stresslab workspace verify` names the file; import the run again."),
    }  # fmt: skip
    rows = [
        {"path": str(one.path), "rule": steps[one.state][0], "seen": one.reason or one.state,
         "next_step": steps[one.state][1]}
        for one in runs
        if one.state in steps
    ]  # fmt: skip
    return frame(PROBLEMS, rows)


PIECE = Analysis(
    title="Workspace",
    question="What does this workspace hold, and is it whole?",
    params=InventoryParams,
    run=run,
    figures=("coverage",),
    source="Manifests of the sealed runs.",
)

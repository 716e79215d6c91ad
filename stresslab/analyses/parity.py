"""Recompute what every log printed about itself: equal, explained by a known rule, or not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _parity
from stresslab.analyses._kind import Analysis
from stresslab.analyses._value import frame
from stresslab.analyses._words import plural
from stresslab.errors import ConditionError, ParamError
from stresslab.params import Params, setting
from stresslab.result import Column, Result, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.runs import RunInfo
    from stresslab.store.workspace import Workspace

PARITY = {
    "run_id": "str", "model": "str", "task": "str", "measure": "str", "slice": "str",
    "published": "float64", "recomputed": "float64", "difference": "float64",
    "n_published": "float64", "n": "int64", "stderr_published": "float64", "stderr": "float64",
    "verdict": "str", "explanation": "str",
}  # fmt: skip
VERDICTS = ("equal", "explained", "differs", "not recomputed")


@dataclass(frozen=True, kw_only=True)
class ParityParams(Params):
    """Settings of the parity report."""

    runs: tuple[str, ...] = setting((), "Runs to check; all that count when empty.")


def run(workspace: "Workspace", params: ParityParams) -> Result:
    """Return one row per number a source printed, beside ours.

    ``explanation`` is a code of `_parity.RULES` where the numbers differ by design: it is given
    only where its recomputation gives the published number to 1e-9.
    """
    live = workspace.runs()
    unknown = sorted(set(params.runs) - {one.run_id for one in live})
    if unknown:
        raise ParamError(f"No live run is called {unknown[0]!r}. `stresslab workspace info` lists.")
    chosen = [
        one
        for one in live
        if (not params.runs or one.run_id in params.runs)
        and (not params.task or one.task == params.task)
        and (not params.models or one.model in params.models)
    ]
    rows = [row for one in chosen for row in of_run(workspace, one)]
    bare = {one.run_id for one in chosen if not one.n_outcomes}
    table = frame(PARITY, rows)
    codes = sorted({row["explanation"] for row in rows if row["verdict"] == "explained"})
    explained = [{"explanation": code, "meaning": _parity.meaning(code)} for code in codes]
    return Result(
        analysis="parity",
        params=params.to_dict(),
        tables={
            "parity": table,
            "explanations": frame({"explanation": "str", "meaning": "str"}, explained),
        },
        warnings=tuple(_warnings(rows, bare)),
        data_version=workspace.data_version,
        columns={"parity": {"difference": Column("number", "recomputed minus published")}},
    )


def of_run(workspace: "Workspace", run: "RunInfo") -> list[dict[str, Any]]:
    """Return a row of the parity table per published number of one run."""
    from stresslab.store.published import published_of, run_values

    @lru_cache(maxsize=8)  # the numbers of a source follow each other slice by slice
    def values(measure: str, where: str) -> "pd.DataFrame":
        return run_values(workspace, run, measure, where)

    head = {"run_id": run.run_id, "model": run.model, "task": run.task}
    return [head | _compared(values, run, row) for row in published_of(run)]


def _compared(
    values: "Callable[[str, str], pd.DataFrame]", run: "RunInfo", row: dict[str, Any]
) -> dict[str, Any]:
    measure, where = row["measure"], row["slice"] or ""
    said = {
        "measure": measure, "slice": where, "published": row["value"],
        "n_published": row["n"], "stderr_published": row["stderr"], "n": 0,
        "verdict": "not recomputed",
    }  # fmt: skip
    if row["value"] is None or not measure or not run.n_outcomes:
        return said
    try:
        rows = values(measure, where)
        filters = {
            name: values(name, where)
            for name in run.measures
            if name.partition("@")[0] == measure.partition("@")[0] != name
        }
    except ConditionError:  # the source's own name, or a slice we have no words for
        return said
    found = _parity.compare(row["value"], rows, filters)
    return said if found is None else said | found


def _warnings(rows: list[dict[str, Any]], bare: set[str]) -> Iterable[Warn]:
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    if not rows:
        yield Warn("no-rows", "No source printed a number about itself, so none was compared.", 0)
    elif counts["differs"]:
        numbers = plural(counts["differs"], "published number is", "published numbers are")
        text = f"{numbers} not what the rows give, and no known rule explains why."
        yield Warn("differs", text, counts["differs"])
    alone = sum(row["run_id"] in bare for row in rows)
    if alone:
        numbers = plural(alone, "published number")
        text = f"{numbers} of runs without outcomes: nothing to recompute them from."
        yield Warn("no-outcomes", text, alone)
    if other := counts["not recomputed"] - alone:
        numbers = plural(other, "published number is", "published numbers are")
        yield Warn("not-recomputed", f"{numbers} no mean of a measure of ours.", other)


PIECE = Analysis(
    title="Parity",
    question="Do the imported rows give the numbers their own tools printed?",
    params=ParityParams,
    run=run,
    source="Means recomputed from the rows; known rules tried in order.",
)

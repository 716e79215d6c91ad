"""Run an analysis that is slow and keep its result, so that a page shows it at once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stresslab.jobs._events import Done, Event, Progress
from stresslab.params import Params

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace


def keep(workspace: "Workspace", analysis: str, params: Params) -> Iterator[Event]:
    """Yield progress while an analysis runs and its result is kept until the data change.

    What is kept already for these settings is left as it is.
    """
    from stresslab import analyses
    from stresslab.store.derived import inputs_of
    from stresslab.store.kept import keep_result, kept_result

    if kept_result(workspace, analysis, params) is not None:
        yield Done(f"{analysis}: kept already", {"results": 0})
        return
    piece = analyses.get(analysis)
    yield Progress(0, None, "results", piece.title)
    inputs = inputs_of(workspace, data=True)  # what it is of, should data change meanwhile
    result = piece.run(workspace, params)
    task = str(result.params.get("task") or "all")
    keep_result(workspace, f"{analysis}.{_name(task)}", result, asked=params, inputs=inputs)
    yield Done(f"{analysis}: {len(result.table):,} rows kept", {"results": 1})


def _name(task: str) -> str:
    """Return a task as part of an id."""
    return "".join(one if one.isalnum() or one in "-_" else "-" for one in task)

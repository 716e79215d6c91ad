"""Read what a study wrote: values of models on the same variants, and whole tables of a run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stresslab.errors import WorkspaceError
from stresslab.stats.intervals import from_moments
from stresslab.store import query
from stresslab.store.contents import resolve
from stresslab.store.outgoing import table_of

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.query import Pairs
    from stresslab.store.workspace import Workspace


def pairs(
    workspace: "Workspace",
    task: str,
    models: Sequence[str],
    *,
    where: str = "",
    by: Sequence[str] = (),
    measure: str = "score",
) -> "Pairs":
    """Return the values of models on the variants that all of them answered.

    Parameters
    ----------
    workspace : Workspace
        The study's own.
    task : str
        A task of the study.
    models : sequence of str
        Columns of the values, in this order.
    where : str
        Condition.
    by : sequence of str
        Columns that group the rows.
    measure : str
        What is read.
    """
    question = resolve(workspace, task=task, models=tuple(models), where=where, measure=measure)
    return query.pairs(workspace, question, by=tuple(by))


def means(
    workspace: "Workspace",
    task: str,
    models: Sequence[str],
    *,
    where: str = "",
    by: Sequence[str] = (),
    measure: str = "score",
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> "pd.DataFrame":
    """Return the mean of every model and cell with its interval over clusters.

    Parameters
    ----------
    workspace, task, models, where, by, measure
        As in `pairs`.
    bounds : tuple of float, optional
        Smallest and largest possible value.

    Returns
    -------
    DataFrame
        ``model, *by, value, low, high, n, n_clusters``; every model over its own rows.
    """
    question = resolve(
        workspace, task=task, models=tuple(models), where=where, measure=measure, population="each"
    )
    cells = query.cells(workspace, question, by=tuple(by))
    found = from_moments(
        *(cells[name] for name in ("total", "n", "n_clusters", "ss", "sd", "dd")),
        sq=cells["sq"], rate=cells["rate"], bounds=bounds,
    )  # fmt: skip
    return cells[["model", *by, "n", "n_clusters"]].assign(
        value=found.value, low=found.low, high=found.high
    )


def table(workspace: "Workspace", task: str, model: str, name: str = "outcomes") -> "pd.DataFrame":
    """Return one table of the live run of a model on a task.

    Raises
    ------
    WorkspaceError
        If there is no such run.
    """
    import pandas as pd

    for run in workspace.runs():
        if (run.task, run.model) == (task, model):
            return pd.DataFrame(table_of(run, name))
    raise WorkspaceError(f"There is no run of {model!r} on {task!r} here. Build the study again.")

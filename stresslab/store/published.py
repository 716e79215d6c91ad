"""What a source printed about itself, and the rows of one run to recompute it from."""

from typing import TYPE_CHECKING, Any

from stresslab.nouns import STATUSES
from stresslab.predicate import Compare, Field, all_of, parse
from stresslab.store.contents import Question
from stresslab.store.engine import reading
from stresslab.store.runs import RunInfo
from stresslab.store.slicing import Slicer

if TYPE_CHECKING:
    import pandas as pd

VALUES = ("variant", "item", "trial", "status", "value")


def published_of(run: RunInfo) -> list[dict[str, Any]]:
    """Return the published rows of a sealed run: measure, slice, value, stderr, n."""
    import pyarrow.parquet as pq

    path = run.path / "published.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist() if path.exists() else []
    return rows


def run_values(workspace: Any, run: RunInfo, measure: str, where: str = "") -> "pd.DataFrame":
    """Return one row per outcome of a run in a slice: `VALUES`, with null where not scored.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the run.
    run : RunInfo
        A live run.
    measure : str
        ``score``, ``correct``, ``confidence`` or an imported measure.
    where : str
        A condition; all rows when empty.

    Raises
    ------
    UnknownColumnError
        If there is no such measure, or no such column for the condition.
    ConditionError
        If the condition cannot be read.
    """
    import narwhals as nw

    condition = all_of(Compare(Field(("run",)), "=", run.run_id), parse(where))
    question = Question(run.task, (run.model,), measure, where=condition, population="each")
    with reading(workspace) as engine:
        slicer = Slicer(engine, question)
        source = slicer.value()
        rows = slicer.rows(slicer.facts(), (), [source])
        named = nw.col(source.column).cast(nw.Float64).alias("value")
        found = engine.collect(rows.select("variant", "item", "trial", "status", named))
    found["status"] = [STATUSES[code] for code in found["status"]]
    return found[list(VALUES)]

"""How long does a cell question take, opening included, beside a group-by in memory?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from stresslab.store import query
from stresslab.store.contents import Question, resolve
from stresslab.store.engine import DuckDBEngine
from stresslab.store.index import connect, ensure
from stresslab.store.workspace import Workspace
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Bench, Row, best

if TYPE_CHECKING:
    import pandas as pd

TINY = ("perturbation", "tier")
BYS = (TINY, ("domain", "perturbation", "tier"), ("tier",), ())


def run(scale: float) -> Iterator[Row]:
    """Yield the time of model x perturbation x tier, and of its usual merges."""
    small, large = (_synthetic.workspace(int(n * scale)) for n in (10e6, 50e6))
    for made, n in ((small, int(10e6 * scale)), (large, int(50e6 * scale))):
        question = resolve(made)
        yield from (_opening(made, question, by, n) for by in BYS)
        yield _open(made, question, n)
    yield from _beside(small, frame(small), int(10e6 * scale))


def _opening(made: Workspace, question: Question, by: tuple[str, ...], n: int) -> Row:
    ours = best(lambda: query.cells(made, question, by))
    return Row(f"cells by {', '.join(by) or 'model'}", n, ours, wanted="<= 25 ms")


def _open(made: Workspace, question: Question, n: int) -> Row:
    generation = ensure(made)
    with connect(generation) as con:
        engine = DuckDBEngine(generation, con)
        ours = best(lambda: query.cells_on(engine, question, TINY))
    return Row("the first without opening", n, ours, wanted="<= 10 ms")


def _beside(made: Workspace, table: "pd.DataFrame", n: int) -> Iterator[Row]:
    question, keys = resolve(made), ["model", *TINY]
    ours = best(lambda: query.cells(made, question, TINY))
    pandas = best(lambda: table.groupby(keys, observed=True)["score"].agg(["size", "mean"]))
    yield Row("the first beside (no intervals)", n, ours, "pandas group-by", pandas)
    other = pl.from_pandas(table)
    polars = best(lambda: other.group_by(keys).agg(pl.len(), pl.col("score").mean()))
    yield Row("the first beside (no intervals)", n, ours, "polars group-by", polars)


PIECE = Bench("point estimates and sums for intervals from the cube", run)

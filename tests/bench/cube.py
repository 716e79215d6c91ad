"""How long does a cell question take, opening included, beside a group-by in memory?"""

from collections.abc import Iterator

import polars as pl

from stresslab.store import query
from stresslab.store.contents import resolve
from stresslab.store.engine import DuckDBEngine
from stresslab.store.index import connect, ensure
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Bench, Row, best


def run(scale: float) -> Iterator[Row]:
    """Yield the time of model x perturbation x tier, and of its usual merges."""
    for n in (int(10e6 * scale), int(50e6 * scale)):
        made = _synthetic.workspace(n)
        generation = ensure(made)
        question = resolve(made)
        table = frame(made) if n <= 10e6 else None
        for by in (("perturbation", "tier"), ("domain", "perturbation", "tier"), ("tier",), ()):
            what = f"cells with clustered intervals' sums by {', '.join(by) or 'model'}"
            ours = best(lambda by=by: query.cells(made, question, by))
            row = Row(what, n, ours, wanted="<= 25 ms")
            if table is not None:
                keys = ["model", *by]
                theirs = best(lambda keys=keys: _pandas(table, keys))
                row = Row(what, n, ours, "pandas group-by", theirs, "<= 25 ms")
            yield row
        with connect(generation) as con:
            engine = DuckDBEngine(generation, con)
            ours = best(lambda: query.cells_on(engine, question, ("perturbation", "tier")))
            yield Row("the same without opening", n, ours, wanted="<= 10 ms")
        if table is not None:
            polars = pl.from_pandas(table)
            keys = ["model", "perturbation", "tier"]
            theirs = best(lambda: polars.group_by(keys).agg(pl.len(), pl.col("score").mean()))
            ours = best(lambda: query.cells(made, question, ("perturbation", "tier")))
            yield Row("cells beside polars (no intervals)", n, ours, "polars group-by", theirs)
        del table, engine


def _pandas(table, keys):
    return table.groupby(keys, observed=True)["score"].agg(["size", "mean"])


PIECE = Bench("point estimates and sums for intervals from the cube", run)

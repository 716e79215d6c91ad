"""How long does a cell question take, opening included, beside a group-by in memory?"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from stresslab.stats.intervals import from_moments
from stresslab.store import cells_cube, dims, query, recent
from stresslab.store.contents import Question, resolve
from stresslab.store.workspace import Workspace
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Asked, Bench, Row, best

TINY = ("perturbation", "tier")
BYS = (TINY, ("domain", *TINY), ("tier",), ("domain",), ())


def run(asked: Asked) -> Iterator[Row]:
    """Yield the time of model x perturbation x tier and of its merges, intervals included."""
    sizes = asked.n(10e6), asked.n(50e6)
    for n in sizes:
        made = _synthetic.workspace(n)
        question = resolve(made)
        for by in BYS:
            yield from _questions(made, question, by, n)
    yield from _beside(asked, _synthetic.workspace(sizes[0]), sizes[0])


def _questions(made: Workspace, question: Question, by: tuple[str, ...], n: int) -> Iterator[Row]:
    def ask() -> None:
        _intervals(made, question, by)

    what = f"intervals by {', '.join(by) or 'model'}"
    path = query.cells(made, question, by).attrs["path"]
    opened = best(ask, before=_forget)
    yield Row(what, n, opened, wanted="<= 25 ms", note=f"{path}, opening included")
    yield Row(what, n, best(ask, before=recent.forget), wanted="<= 10 ms", note=f"{path}, open")


def _intervals(made: Workspace, question: Question, by: tuple[str, ...]) -> None:
    cells = query.cells(made, question, by)
    from_moments(
        cells["total"], cells["n"], cells["n_clusters"], cells["ss"], cells["sd"], cells["dd"],
        sq=cells["sq"], rate=cells["rate"].to_numpy(bool), bounds=(0.0, 1.0),
    )  # fmt: skip


def _forget() -> None:
    cells_cube._cube.cache_clear()
    dims._read.cache_clear()
    recent.forget()


def _beside(asked: Asked, made: Workspace, n: int) -> Iterator[Row]:
    question, keys = resolve(made), ["model", *TINY]
    ours = best(lambda: query.cells(made, question, TINY), before=_forget)
    table = frame(made)
    what = "means of model x perturbation x tier"
    if "pandas" in asked.opponents:
        _check(query.cells(made, question, TINY), table)
        theirs = best(lambda: table.groupby(keys, observed=True)["score"].agg(["size", "mean"]))
        yield Row(what, n, ours, "pandas group-by", theirs)
    if "polars" in asked.opponents:
        other = pl.from_pandas(table)
        theirs = best(lambda: other.group_by(keys).agg(pl.len(), pl.col("score").mean()))
        yield Row(what, n, ours, "polars group-by", theirs)


def _check(cells, table) -> None:
    """Refuse to compare times where the numbers differ."""
    mine = cells[cells["tier"] > 0]
    theirs = table[table["tier"] > 0]
    same = np.isclose(mine["total"].sum(), theirs["score"].sum())
    if not same or mine["n"].sum() != theirs["score"].count():
        raise ValueError("ours and the group-by must be the same")


PIECE = Bench("values with intervals from the cube", run)

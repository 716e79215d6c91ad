"""How long does a merge take that is not precomputed, grouped to clusters first?"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import polars as pl

from stresslab.store import query
from stresslab.store.contents import resolve
from stresslab.store.dims import Dims, dims_of
from stresslab.store.index import ensure
from stresslab.store.recent import forget
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Asked, Bench, Row, best

Chosen = Callable[[pl.DataFrame, Dims], pl.Series]

COLUMNS = """model::UTINYINT AS model, domain::UTINYINT AS domain,
    perturbation::TINYINT AS perturbation, tier::UTINYINT AS tier, item, score::FLOAT AS score"""
MERGES: dict[str, Chosen] = {
    "tier in (1, 2, 3)": lambda t, dims: t["tier"].is_in([1, 2, 3]),
    'perturbation in ("noise", "typo") and tier >= 2': lambda t, dims: (
        t["perturbation"].is_in([dims.perturbations.index(one) for one in ("noise", "typo")])
        & (t["tier"] >= 2)
    ),
    'domain in ("news", "legal") and tier <= 4': lambda t, dims: (
        t["domain"].is_in([dims.domains.index(one) for one in ("news", "legal")]) & (t["tier"] <= 4)
    ),
}


def run(asked: Asked) -> Iterator[Row]:
    """Yield the time of three merges, all with the second moments over clusters."""
    n = asked.n(10e6)
    made = _synthetic.workspace(n)
    table = pl.from_pandas(frame(made, COLUMNS))
    dims = dims_of(ensure(made))
    for where, merge in MERGES.items():
        chosen = partial(merge, dims=dims)
        question = resolve(made, where=where)
        cells = query.cells(made, question)
        ours = best(partial(query.cells, made, question), before=forget)
        row = partial(Row, where, n, ours, wanted="<= 300 ms", note=cells.attrs["path"])
        if "pandas" in asked.opponents:
            mask, held = chosen(table).to_numpy(), table.to_pandas()
            _check(cells, _pandas(held, mask))
            yield row("pandas", best(partial(_pandas, held, mask), times=2))
        if "polars" in asked.opponents:
            yield row("polars", best(partial(_polars, table, chosen), times=3))
        if not {"pandas", "polars"} & set(asked.opponents):
            yield row()


def _pandas(table, mask):
    clusters = table[mask].groupby(["model", "item"], observed=True)["score"].agg(["sum", "count"])
    clusters["ss"] = clusters["sum"] ** 2
    return clusters.groupby("model").sum()


def _polars(table, chosen):
    clusters = (
        table.filter(chosen(table))
        .group_by("model", "item")
        .agg(pl.col("score").sum(), pl.col("score").count().alias("n"))
    )
    sums = (pl.col("score").sum(), pl.col("n").sum(), (pl.col("score") ** 2).sum().alias("ss"))
    return clusters.group_by("model").agg(*sums)


def _check(cells, theirs) -> None:
    """Refuse to compare times where the numbers differ."""
    if (
        not np.allclose(cells["ss"], theirs["ss"])
        or not (cells["n"] == theirs["count"].values).all()
    ):
        raise ValueError(f"ours and pandas must be the same; got\n{cells}\n{theirs}")


PIECE = Bench("merges beyond the precomputed ones, to clusters first", run)

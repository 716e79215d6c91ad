"""Values of several models on the same variants, aligned: what paired statistics work on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stresslab.store.contents import Question
from stresslab.store.contents_read import edited_items
from stresslab.store.engine import DuckDBEngine, reading
from stresslab.store.slicing import Slicer

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Pairs:
    """Values of models on the same rows (variants, seen under their perturbations).

    Parameters
    ----------
    models : tuple of str
        Columns of `values`.
    values : float64 array of shape (n_rows, n_models)
        Mean over trials; NaN = null.
    trials : int array of shape (n_rows, n_models)
        Trials behind each value; 0 = none.
    variant, item : int arrays of shape (n_rows,)
        Codes; `ids` turns them into ids.
    cluster : int array of shape (n_rows,)
        0 .. G - 1.
    tier, perturbation : int arrays of shape (n_rows,)
        Tier, and place in `perturbation_names`; -1 for an original that stands for itself.
    perturbation_names : tuple of str
        Names of the perturbations.
    group : int array of shape (n_rows,)
        Row of `groups`.
    groups : DataFrame
        Columns = `by`; one row without columns where `by` is empty.
    rate : bool
        Whether all values are 0 or 1.
    unmatched : dict
        Model -> its variants in the slice that some other model has no value for.
    n_edited : int
        Variants left out because their item was edited between runs.
    """

    models: tuple[str, ...]
    values: NDArray[np.float64]
    trials: NDArray[np.int64]
    variant: NDArray[np.int64]
    item: NDArray[np.int64]
    cluster: NDArray[np.int64]
    tier: NDArray[np.int64]
    perturbation: NDArray[np.int64]
    perturbation_names: tuple[str, ...]
    group: NDArray[np.int64]
    groups: "pd.DataFrame"
    rate: bool
    unmatched: dict[str, int]
    n_edited: int


def pairs(workspace: Any, question: Question, by: Sequence[str] = ()) -> Pairs:
    """Return the values of the question's models on the same variants.

    With population ``common``, only rows that every model has a value for; with ``each``, rows
    that some model has a value for. An original stands once, and once per perturbation where
    rows are grouped by perturbation. Rows are in variant order.
    """
    if not question.task or not question.models:
        return _none(question, by)
    with reading(workspace) as engine:
        return pairs_on(engine, question, by)


def pairs_on(engine: DuckDBEngine, question: Question, by: Sequence[str] = ()) -> Pairs:
    """Return `pairs` on an open engine."""
    slicer = Slicer(engine, question)
    rows = _places(engine, slicer, by)
    values, trials = _values(engine, slicer, rows["variant"].to_numpy(), by, rows)
    edited = (
        edited_items(engine.con, slicer.task) if engine.dims.task_rows[slicer.task].n_edited else []
    )
    return _assembled(slicer, rows, values, trials, edited, by)


def ids(workspace: Any, task: str, variants: Sequence[int]) -> "pd.DataFrame":
    """Return ``variant_id, item_id`` of variant codes, in their order."""
    import pandas as pd

    with reading(workspace) as engine:
        code = engine.dims.tasks.index(task)
        wanted = pd.DataFrame({"variant": np.asarray(variants, dtype=np.int64)})
        found = engine.sql(
            """SELECT v.variant, v.variant_id, i.item_id FROM variants v
            JOIN items i ON i.task = v.task AND i.item = v.item
            WHERE v.task = $task AND v.variant IN (SELECT unnest($variants))""",
            {"task": code, "variants": [int(one) for one in wanted["variant"].unique()]},
        )
    return wanted.merge(found, on="variant", how="left")[["variant_id", "item_id"]]


def _places(engine: DuckDBEngine, slicer: Slicer, by: Sequence[str]) -> "pd.DataFrame":
    """Return the rows of the slice as far as variants decide; outcomes decide the rest."""
    plain = slicer
    if _of_outcomes(slicer):
        plain = Slicer(engine, replace(slicer.question, where=None))
    sources = [source.column for source in plain.by_sources(by).values()]
    columns = ["variant", "item", "cluster", "tier", "perturbation", *sources]
    frame = plain.rows(plain.variants(), by).select(*dict.fromkeys(columns))
    return engine.collect(frame.sort("variant", "perturbation"))


def _of_outcomes(slicer: Slicer) -> bool:
    return any(source.of_outcome for source in slicer.condition_sources())


def _values(
    engine: DuckDBEngine,
    slicer: Slicer,
    variant: NDArray[np.int64],
    by: Sequence[str],
    rows: "pd.DataFrame",
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    import narwhals as nw

    task = engine.dims.task_rows[slicer.task]
    source = slicer.value()
    appears = "perturbation" in by and bool(engine.dims.paired(slicer.task))
    key = ["model", "variant", *(["perturbation"] if appears else [])]
    frame = slicer.rows(slicer.facts(), by if appears else (), [source])
    value = nw.col(source.column).cast(nw.Float64)
    found = engine.collect(
        frame.filter(~nw.col(source.column).is_null())
        .group_by(*key)
        .agg(value.sum().alias("total"), value.count().alias("n"))
    )
    width = len(engine.dims.perturbations) + 1
    place = np.full(task.n_variants * (width if appears else 1), -1, dtype=np.int64)
    place[_slot(rows, appears, width)] = np.arange(len(rows))
    values = np.full((len(rows), len(slicer.models)), np.nan)
    trials = np.zeros((len(rows), len(slicer.models)), dtype=np.int64)
    row = place[_slot(found, appears, width)]
    order = np.full(len(engine.dims.models), -1, dtype=np.int64)
    order[slicer.models] = np.arange(len(slicer.models))
    column = order[found["model"].to_numpy()]
    n = found["n"].to_numpy().astype(np.int64)
    values[row, column] = found["total"].to_numpy() / n
    trials[row, column] = n
    return values, trials


def _slot(table: "pd.DataFrame", appears: bool, width: int) -> NDArray[np.int64]:
    variant = table["variant"].to_numpy().astype(np.int64)
    if not appears:
        return variant
    slot: NDArray[np.int64] = (
        variant * width + table["perturbation"].to_numpy().astype(np.int64) + 1
    )
    return slot


def _assembled(
    slicer: Slicer,
    rows: "pd.DataFrame",
    values: NDArray[np.float64],
    trials: NDArray[np.int64],
    edited: Sequence[int],
    by: Sequence[str],
) -> Pairs:
    question = slicer.question
    known = ~np.isnan(values)
    item = rows["item"].to_numpy().astype(np.int64)
    variant = rows["variant"].to_numpy().astype(np.int64)
    is_edited = np.isin(item, edited)
    matched = known.all(axis=1)
    n_edited = len(np.unique(variant[is_edited & known.any(axis=1)]))
    left_out = ~matched & ~is_edited
    unmatched = {
        model: len(np.unique(variant[left_out & known[:, column]]))
        for column, model in enumerate(question.models)
    }
    keep = (matched if question.population == "common" else known.any(axis=1)) & ~is_edited
    rows = rows[keep].reset_index(drop=True)
    _, cluster = np.unique(rows["cluster"].to_numpy(), return_inverse=True)
    group, groups = _groups(slicer, rows, by)
    kept = values[keep]
    return Pairs(
        models=question.models,
        values=kept,
        trials=trials[keep],
        variant=variant[keep],
        item=item[keep],
        cluster=cluster.astype(np.int64),
        tier=rows["tier"].to_numpy().astype(np.int64),
        perturbation=rows["perturbation"].to_numpy().astype(np.int64),
        perturbation_names=slicer.dims.perturbations,
        group=group,
        groups=groups,
        rate=bool(np.isin(kept[~np.isnan(kept)], (0.0, 1.0)).all()),
        unmatched=unmatched,
        n_edited=n_edited,
    )


def _groups(
    slicer: Slicer, rows: "pd.DataFrame", by: Sequence[str]
) -> tuple[NDArray[np.int64], "pd.DataFrame"]:
    """Return the group of each row and the sorted groups."""
    import pandas as pd

    sources = slicer.by_sources(by)
    if not sources:
        return np.zeros(len(rows), dtype=np.int64), pd.DataFrame(index=range(1))
    columns = list(dict.fromkeys(source.column for source in sources.values()))
    keyed = rows.groupby(columns, sort=False, dropna=False)
    code = keyed.ngroup().to_numpy().astype(np.int64)
    first = rows.loc[~pd.Series(code).duplicated().to_numpy(), columns].reset_index(drop=True)
    groups = pd.DataFrame(index=range(len(first)))
    for name, source in sources.items():
        if source.kind == "codes":
            values = source.values or {}
            groups[name] = pd.Series([values.get(one) for one in first[source.column]], dtype="str")
        else:
            groups[name] = first[source.column]
    groups = groups.sort_values(list(by), kind="stable", na_position="last")
    rank = np.empty(len(groups), dtype=np.int64)
    rank[groups.index.to_numpy()] = np.arange(len(groups))
    return rank[code] if len(groups) else code, groups.reset_index(drop=True)


def _none(question: Question, by: Sequence[str]) -> Pairs:
    import pandas as pd

    whole = np.zeros(0, dtype=np.int64)
    n_models = len(question.models)
    return Pairs(
        models=question.models,
        values=np.zeros((0, n_models)),
        trials=np.zeros((0, n_models), dtype=np.int64),
        variant=whole, item=whole, cluster=whole, tier=whole, perturbation=whole,
        perturbation_names=(), group=whole,
        groups=pd.DataFrame({name: pd.Series(dtype="str") for name in by}),
        rate=True, unmatched=dict.fromkeys(question.models, 0), n_edited=0,
    )  # fmt: skip

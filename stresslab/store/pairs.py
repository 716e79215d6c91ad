"""Values of several models on the same variants, aligned: what paired statistics work on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.store.aligned import at, folder_of, load, meeting, numbered_rows, places, slots
from stresslab.store.cells_arrays import different
from stresslab.store.cells_facts import raw
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
    trials: Array
    variant: Array
    item: Array
    cluster: Array
    tier: Array
    perturbation: Array
    perturbation_names: tuple[str, ...]
    group: Array
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
    for name, source in slicer.by_sources(by).items():
        if source.of_outcome:
            raise ParamError(f"Models are paired on variants; {name} differs between models.")
    rows = places(slicer, by, [source.column for source in slicer.by_sources(by).values()])
    values, trials = _values(slicer, rows, by)
    edited: list[int] = []
    if slicer.dims.task_rows[slicer.task].n_edited:
        edited = edited_items(engine.con, slicer.task, slicer.models)
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


def _values(
    slicer: Slicer, rows: dict[str, Array], by: Sequence[str]
) -> tuple[NDArray[np.float64], Array]:
    """Return the mean over trials and the number of trials, by row and model."""
    if _asks_facts(slicer):
        return _values_of_facts(slicer, rows, by)
    met = meeting(slicer, by, rows) if slicer.of_outcomes else None
    n = slicer.dims.task_rows[slicer.task].n_variants
    measure = folder_of(slicer) / str(slicer.dims.measures.index(slicer.question.measure))
    variant = rows["variant"]
    shape = len(variant), len(slicer.models)
    repeated = [(measure / f"{model}.trials.npy").exists() for model in slicer.models]
    counts = np.int32 if any(repeated) else np.uint8
    values, trials = np.empty(shape, order="F"), np.empty(shape, dtype=counts, order="F")
    for column, model in enumerate(slicer.models):
        values[:, column] = at(load(measure, str(model), n, np.nan), variant)
        if met is not None:
            np.copyto(values[:, column], np.nan, where=~met[column])
        if repeated[column]:
            trials[:, column] = at(load(measure, f"{model}.trials", n, 0), variant)
        else:
            trials[:, column] = ~np.isnan(values[:, column])
    return values, trials


def _asks_facts(slicer: Slicer) -> bool:
    """Return whether aligned arrays cannot tell which trials the condition means."""
    if any(source.column == "run" for source in slicer.condition_sources()):
        return True
    return slicer.of_outcomes and not slicer.dims.task_rows[slicer.task].single_trial


def _values_of_facts(
    slicer: Slicer, rows: dict[str, Array], by: Sequence[str]
) -> tuple[NDArray[np.float64], Array]:
    import narwhals as nw

    engine = slicer.engine
    source = slicer.value()
    appears = "perturbation" in by and bool(engine.dims.paired(slicer.task))
    key = ["model", "variant", *(["perturbation"] if appears else [])]
    frame = slicer.rows(slicer.facts(), by if appears else (), [source])
    value = nw.col(source.column).cast(nw.Float64)
    found = raw(
        engine.collect(
            frame.filter(~nw.col(source.column).is_null())
            .group_by(*key)
            .agg(value.sum().alias("total"), value.count().alias("n"))
        )
    )
    width = len(engine.dims.perturbations) + 1 if appears else 0
    n_variants = engine.dims.task_rows[slicer.task].n_variants
    place = np.full(n_variants * max(width, 1), -1, dtype=np.int64)
    place[slots(rows, width)] = np.arange(len(rows["variant"]))
    values = np.full((len(rows["variant"]), len(slicer.models)), np.nan)
    trials = np.zeros(values.shape, dtype=np.int64)
    row = place[slots(found, width)]
    order = np.full(len(engine.dims.models), -1, dtype=np.int64)
    order[slicer.models] = np.arange(len(slicer.models))
    column = order[found["model"]]
    values[row, column] = found["total"] / found["n"]
    trials[row, column] = found["n"]
    return values, trials


def _assembled(
    slicer: Slicer,
    rows: dict[str, Array],
    values: NDArray[np.float64],
    trials: Array,
    edited: Sequence[int],
    by: Sequence[str],
) -> Pairs:
    question = slicer.question
    known = [trials[:, column] > 0 for column in range(len(question.models))]
    matched, some = np.logical_and.reduce(known), np.logical_or.reduce(known)
    n_variants = slicer.dims.task_rows[slicer.task].n_variants
    keep = matched if question.population == "common" else some
    n_edited, unedited = 0, np.ones(len(some), dtype=np.bool_)
    if edited:
        unedited = ~np.isin(rows["item"], edited)
        n_edited = different(rows["variant"][~unedited & some], n_variants)
        keep = keep & unedited
    unmatched, alone = dict.fromkeys(question.models, 0), ~matched & unedited
    if alone.any():
        for model, mine in zip(question.models, known, strict=True):
            unmatched[model] = different(rows["variant"][mine & alone], n_variants)
    if not keep.all():
        which = np.flatnonzero(keep)
        rows = {name: column[which] for name, column in rows.items()}
        values, trials = taken(values, which), taken(trials, which)
    group, groups = _groups(slicer, rows, by)
    return Pairs(
        models=question.models,
        values=values,
        trials=trials,
        variant=rows["variant"],
        item=rows["item"],
        cluster=_numbered(rows["cluster"], slicer.dims.task_rows[slicer.task].n_items),
        tier=rows["tier"],
        perturbation=rows["perturbation"],
        perturbation_names=slicer.dims.perturbations,
        group=group,
        groups=groups,
        rate=_all_binary(slicer, values),
        unmatched=unmatched,
        n_edited=n_edited,
    )


def _all_binary(slicer: Slicer, values: NDArray[np.float64]) -> bool:
    """Return whether all values are 0 or 1: there are packed bits, or they are looked through."""
    measure = folder_of(slicer) / str(slicer.dims.measures.index(slicer.question.measure))
    packed = [(measure / f"{model}.bits.npy").exists() for model in slicer.models]
    if all(packed) and not _asks_facts(slicer):
        return True
    return all(((one == 0) | (one == 1) | np.isnan(one)).all() for one in np.moveaxis(values, 1, 0))


def taken(table: Array, rows: Array) -> Array:
    """Return rows of a table whose columns lie together; a row at a time takes far longer."""
    found = np.empty((len(rows), table.shape[1]), dtype=table.dtype, order="F")
    for column in range(table.shape[1]):
        np.take(table[:, column], rows, out=found[:, column], mode="clip")
    return found


def _numbered(codes: Array, n: int) -> Array:
    """Return codes below `n` renumbered from 0 without gaps."""
    there: Array = np.zeros(n, dtype=np.bool_)
    there[codes] = True
    if there.all():
        return codes
    number: Array = (np.cumsum(there) - 1)[codes]
    return number


def _groups(
    slicer: Slicer, rows: dict[str, Array], by: Sequence[str]
) -> tuple[Array, "pd.DataFrame"]:
    """Return the group of each row and the sorted groups."""
    import pandas as pd

    sources = slicer.by_sources(by)
    if not sources:
        return np.zeros(len(rows["variant"]), dtype=np.int64), pd.DataFrame(index=range(1))
    columns = list(dict.fromkeys(source.column for source in sources.values()))
    code, at = numbered_rows([rows[name] for name in columns])
    first = pd.DataFrame({name: rows[name][at] for name in columns})
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
    return rank[code], groups.reset_index(drop=True)


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

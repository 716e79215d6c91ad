"""Cells from the outcomes themselves: the path that can answer everything."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stresslab.checks import Array
from stresslab.nouns import STATUSES
from stresslab.store.contents import Question
from stresslab.store.engine import Engine
from stresslab.store.slicing import Slicer

if TYPE_CHECKING:
    import narwhals as nw
    import pandas as pd

STATUS_COUNTS = tuple(f"n_{name}" for name in STATUSES)


def from_facts(
    slicer: Slicer, by: Sequence[str], edited: Sequence[int]
) -> tuple[Mapping[str, Array], dict[str, int]]:
    """Return raw cells (codes, unsorted) and the number of unmatched variants by model.

    Two aggregations, rows to clusters and clusters to cells, run in the engine; only the cells
    come back.
    """
    engine, question = slicer.engine, slicer.question
    columns = [source.column for source in slicer.by_sources(by).values()]
    keys = list(dict.fromkeys(["model", *columns]))
    rows = _valued(slicer, by, keys)
    unmatched: dict[str, int] = {}
    if question.is_common:
        rows, unmatched = _common(engine, question, rows, edited, "perturbation" in by)
    return raw(engine.collect(_moments(rows, keys, question))), unmatched


def raw(table: "pd.DataFrame") -> dict[str, Array]:
    """Return the columns of a frame as arrays."""
    return {str(name): table[name].to_numpy() for name in table.columns}


def _valued(slicer: Slicer, by: Sequence[str], keys: list[str]) -> "nw.LazyFrame[Any]":
    import narwhals as nw

    value = slicer.value()
    rows = slicer.rows(slicer.facts(), by, [value])
    needed = list(dict.fromkeys([*keys, "variant", "item", "cluster", "status"]))
    if "perturbation" in by and "perturbation" not in needed:
        needed.append("perturbation")
    return rows.select(*needed, nw.col(value.column).cast(nw.Float64).alias("value"))


def _common(
    engine: Engine,
    question: Question,
    rows: "nw.LazyFrame[Any]",
    edited: Sequence[int],
    by_perturbation: bool,
) -> tuple["nw.LazyFrame[Any]", dict[str, int]]:
    """Forget the values of variants that some model has no value for; the rows stay counted."""
    import narwhals as nw

    n_models = len(question.models)
    key = ["variant", "perturbation"] if by_perturbation else ["variant"]
    known = rows.filter(~nw.col("value").is_null())
    if edited:
        known = known.filter(~nw.col("item").is_in(list(edited)))
    have = known.group_by("variant", "model").agg(nw.len().alias("n"))
    shared = have.group_by("variant").agg(nw.len().alias("n_models"))
    counts = engine.collect(
        have.join(shared, on="variant", how="inner")
        .group_by("model")
        .agg((nw.col("n_models") < n_models).cast(nw.Int64).sum().alias("n"))
    )
    by_code = dict(zip(counts["model"].tolist(), counts["n"].tolist(), strict=True))
    unmatched = {
        model: int(by_code.get(engine.dims.models.index(model), 0)) for model in question.models
    }
    common = (
        known.group_by(*key, "model")
        .agg(nw.len().alias("n"))
        .group_by(*key)
        .agg(nw.len().alias("n_models"))
        .filter(nw.col("n_models") == n_models)
    )
    kept = nw.when(~nw.col("n_models").is_null()).then(nw.col("value"))
    return rows.join(common, on=key, how="left").with_columns(kept.alias("value")), unmatched


def _moments(rows: "nw.LazyFrame[Any]", keys: list[str], question: Question) -> "nw.LazyFrame[Any]":
    import narwhals as nw

    value, status = nw.col("value"), nw.col("status")
    known = ~value.is_null()

    def count(expression: "nw.Expr") -> "nw.Expr":
        return expression.cast(nw.Int64).sum()

    clusters = rows.group_by(*keys, "cluster").agg(
        nw.len().alias("n_rows"),
        *(count(status == code).alias(name) for code, name in enumerate(STATUS_COUNTS)),
        value.sum().fill_null(0.0).alias("total"),
        count(known).cast(nw.Float64).alias("n_scored"),
        count(known & (status == 0)).cast(nw.Float64).alias("n_known_answers"),
        (value * value).sum().fill_null(0.0).alias("sq"),
        count((value != 0) & (value != 1) & known).alias("n_other"),
    )
    return cells_of_clusters(clusters, keys, question)


def cells_of_clusters(
    clusters: "nw.LazyFrame[Any]", keys: list[str], question: Question
) -> "nw.LazyFrame[Any]":
    """Return the sums of cells from the sums of their clusters."""
    import narwhals as nw

    names = {"n_answered": "n_known_answers"}
    top = nw.col(names.get(question.numerator, question.numerator))
    base = nw.col(names.get(question.denominator, question.denominator))
    clusters = clusters.with_columns(top.alias("top"), base.alias("base"))
    top, base = nw.col("top"), nw.col("base")
    return (
        clusters.with_columns(
            (top * top).alias("ss"), (top * base).alias("sd"), (base * base).alias("dd"),
            (base > 0).cast(nw.Int64).alias("n_clusters"),
        )
        .group_by(*keys)
        .agg(
            *(nw.col(name).sum() for name in ("n_rows", *STATUS_COUNTS, "n_clusters")),
            top.sum().alias("total"),
            base.sum().alias("n"),
            *(nw.col(name).sum() for name in ("ss", "sd", "dd", "sq", "n_other")),
        )
    )  # fmt: skip

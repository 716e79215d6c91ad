"""Rows at the door of a run: the columns, types and rules of DESIGN's tables, in bulk."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from stresslab.errors import RowError
from stresslab.nouns import AXES, DEFAULT_PERTURBATION, KEYS, STATUSES, TABLES, arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

Rows = "pa.Table | pa.RecordBatch | pd.DataFrame | Sequence[Mapping[str, Any]]"


def conform(table: str, rows: Any, *, task: str) -> "pa.Table":
    """Return rows with exactly the columns and types of `table`, checked.

    Parameters
    ----------
    table : str
        A key of `nouns.TABLES`.
    rows : Arrow table or batch, DataFrame, or list of dicts
        Missing columns become null. In dicts, values of JSON columns may be lists and dicts.
    task : str
        Fills ``items.task`` where it is null.

    Raises
    ------
    RowError
        With the rule, the first offending row and what to do.
    """
    if table not in TABLES:
        raise RowError(f"A run has the tables {', '.join(TABLES)}; got {table!r}.")
    found = _arrow(table, rows)
    checks: dict[str, Callable[[pa.Table, str], pa.Table]] = {
        "items": _items, "variants": _variants, "outcomes": _outcomes, "scores": _scores,
    }  # fmt: skip
    if table in checks and found.num_rows:
        found = checks[table](found, task)
    return found


def _arrow(table: str, rows: Any) -> "pa.Table":
    import pyarrow as pa

    schema = arrow_schema(table)
    if isinstance(rows, Sequence) and not isinstance(rows, str):
        _known(table, {name for row in rows for name in row})
        dumped = [
            {name: _text(value) if TABLES[table][name] == "json" else value
             for name, value in row.items()}
            for row in rows
        ]  # fmt: skip
        try:
            return pa.Table.from_pylist(dumped, schema=schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, TypeError) as error:
            raise RowError(
                f"Rows of {table} must have the types of its columns; {error}."
            ) from error
    if isinstance(rows, pa.RecordBatch):
        rows = pa.Table.from_batches([rows])
    elif not isinstance(rows, pa.Table):
        rows = pa.Table.from_pandas(rows, preserve_index=False)
    _known(table, set(rows.column_names))
    columns = []
    for field in schema:
        if field.name not in rows.column_names:
            columns.append(pa.nulls(rows.num_rows, field.type))
            continue
        try:
            columns.append(rows[field.name].cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise RowError(
                f"{table}.{field.name} must be {field.type}; got {rows[field.name].type}: {error}."
            ) from error
    return pa.table(columns, schema=schema)


def _known(table: str, names: set[str]) -> None:
    unknown = sorted(names - set(TABLES[table]))
    if unknown:
        raise RowError(
            f"{table} has the columns {', '.join(TABLES[table])}; got {', '.join(unknown)}. "
            "Put what is yours into attributes (items, variants) or scores."
        )


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, sort_keys=True)


def _items(rows: "pa.Table", task: str) -> "pa.Table":
    import pyarrow.compute as pc

    _no_null(rows, "items")
    sets = pc.coalesce(rows["item_set"], pc.list_element(pc.split_pattern(rows["item_id"], "/"), 0))
    rows = _with(rows, "item_set", sets)
    return _with(rows, "task", pc.coalesce(rows["task"], task))


def _variants(rows: "pa.Table", task: str) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    _no_null(rows, "variants")
    _refuse(
        rows, pc.is_null(rows["item_id"]), "variants.item_id must name an item",
        "Write the id of the untouched item.",
    )  # fmt: skip
    tier = pc.coalesce(rows["tier"], pa.scalar(0, pa.int16()))
    named = pc.is_valid(rows["perturbation"])
    _refuse(
        rows, pc.and_(named, pc.is_null(rows["tier"])), "a perturbed variant has a tier",
        "Give tiers from 1; a log with named kinds uses tier 1 for each.",
    )  # fmt: skip
    _refuse(rows, pc.less(tier, 0), "a tier is a whole number from 0", "Number tiers from 0.")
    _refuse(
        rows, pc.and_(named, pc.equal(tier, 0)), "tier 0 is the original and has no perturbation",
        "Write originals once, with perturbation null; a graded axis starts at tier 1.",
    )  # fmt: skip
    stressed = pc.greater(tier, 0)
    perturbation = pc.if_else(
        pc.and_(stressed, pc.invert(named)), DEFAULT_PERTURBATION, rows["perturbation"]
    )
    axis = pc.if_else(pc.and_(stressed, pc.is_null(rows["axis"])), AXES[0], rows["axis"])
    known = pc.or_kleene(pc.is_null(axis), pc.is_in(axis, pa.array(AXES)))
    _refuse(rows, pc.invert(known), f"axis is one of {', '.join(AXES)}", "Correct the axis.")
    rows = _with(rows, "tier", tier)
    return _with(_with(rows, "perturbation", perturbation), "axis", axis)


def _outcomes(rows: "pa.Table", task: str) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = _with(rows, "trial", pc.coalesce(rows["trial"], pa.scalar(0, pa.int32())))
    _no_null(rows, "outcomes")
    status, score, correct = rows["status"], rows["score"], rows["correct"]
    status = pc.coalesce(status, pc.if_else(pc.is_valid(score), "answered", "unscored"))
    _refuse(
        rows, pc.invert(pc.is_in(status, pa.array(STATUSES))),
        f"status is one of {', '.join(STATUSES)}", "Map the source's words onto these five.",
    )  # fmt: skip
    answered = pc.equal(status, "answered")
    silent = pc.is_in(status, pa.array(("abstained", "refused")))
    lost = pc.is_in(status, pa.array(("errored", "unscored")))
    _refuse(
        rows, pc.and_(answered, pc.is_null(score)), "an answered row has a score",
        'Give its status "unscored" or "errored".',
    )  # fmt: skip
    _refuse(
        rows, pc.and_(lost, pc.or_(pc.is_valid(score), pc.is_valid(correct))),
        "an errored or unscored row has no score", "Leave score and correct empty (not 0).",
    )  # fmt: skip
    _refuse(
        rows, pc.and_(silent, pc.or_(pc.not_equal(pc.fill_null(score, 0.0), 0.0),
                                     pc.is_valid(correct))),
        "an abstained or refused row has score 0 and no `correct`",
        "It earns nothing and is not wrong: leave both empty.",
    )  # fmt: skip
    score = pc.if_else(silent, 0.0, score)
    _finite(rows, "score", score)
    _finite(rows, "confidence", rows["confidence"])
    right = pc.or_kleene(pc.is_null(correct), pc.is_in(correct, pa.array((0, 1), pa.int8())))
    _refuse(rows, pc.invert(right), "correct is 0, 1 or null", "Partial credit goes into score.")
    return _with(_with(rows, "status", status), "score", score)


def _scores(rows: "pa.Table", task: str) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = _with(rows, "trial", pc.coalesce(rows["trial"], pa.scalar(0, pa.int32())))
    _no_null(rows, "scores")
    _finite(rows, "value", rows["value"])
    return rows


def _no_null(rows: "pa.Table", table: str) -> None:
    import pyarrow.compute as pc

    for name in KEYS[table]:
        _refuse(rows, pc.is_null(rows[name]), f"{table}.{name} is never empty", "Give it a value.")


def _finite(rows: "pa.Table", name: str, values: Any) -> None:
    import pyarrow.compute as pc

    odd = pc.invert(pc.fill_null(pc.is_finite(values), True))
    _refuse(rows, odd, f"{name} is a finite number or null", "Leave undefined values empty.")


def _refuse(rows: "pa.Table", bad: Any, rule: str, next_step: str) -> None:
    import pyarrow.compute as pc

    bad = pc.fill_null(bad, False)
    n = pc.sum(bad).as_py() or 0
    if n:
        first = rows.filter(bad).slice(0, 1).to_pylist()[0]
        seen = {name: value for name, value in first.items() if value is not None}
        raise RowError(
            f"Rule: {rule}. {n} of {rows.num_rows} rows break it, first: {seen}. {next_step}"
        )


def _with(rows: "pa.Table", name: str, column: Any) -> "pa.Table":
    at = rows.schema.get_field_index(name)
    field = rows.schema.field(name)
    return rows.set_column(at, field, column.cast(field.type))

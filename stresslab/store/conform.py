"""Rows at the door of a run: the columns, types and rules of DESIGN's tables, in bulk."""

import json
from collections.abc import Callable, Mapping, Sequence
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

    if isinstance(rows, Sequence) and not isinstance(rows, str):
        return _from_dicts(table, rows)
    if isinstance(rows, pa.RecordBatch):
        rows = pa.Table.from_batches([rows])
    elif not isinstance(rows, pa.Table):
        if not hasattr(rows, "columns"):
            raise RowError(
                "Rows are an Arrow table, a DataFrame or a list of dicts; "
                f"got {type(rows).__name__}. Collect them into one of these."
            )
        _known(table, set(map(str, rows.columns)))
        named = {str(name): _values(table, str(name), rows[name]) for name in rows.columns}
        rows = pa.table(named) if named else pa.Table.from_pandas(rows, preserve_index=False)
    _known(table, set(rows.column_names))
    columns = []
    for field in arrow_schema(table):
        if field.name not in rows.column_names:
            columns.append(pa.nulls(rows.num_rows, field.type))
            continue
        found = rows[field.name]
        if TABLES[table][field.name] == "json" and pa.types.is_nested(found.type):
            found = pa.array([_text(value) for value in found.to_pylist()], pa.string())
        try:
            columns.append(found.cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise _wrong_type(table, field, error) from error
    return pa.table(columns, schema=arrow_schema(table))


def _from_dicts(table: str, rows: Sequence[Any]) -> "pa.Table":
    _known(table, {name for row in rows for name in row})
    columns = []
    for field in arrow_schema(table):
        values = [row.get(field.name) for row in rows]
        columns.append(_column(table, field, values))
    import pyarrow as pa

    return pa.table(columns, schema=arrow_schema(table))


def _column(table: str, field: "pa.Field", values: list[Any]) -> "pa.Array":
    import pyarrow as pa

    kind = TABLES[table][field.name]
    if kind == "json":
        values = [_text(value) for value in values]
    elif kind == "string":
        values = [str(value) if isinstance(value, int | float) else value for value in values]
    try:
        if kind.startswith("int"):
            values = [value if value is None else _whole(value) for value in values]
        return pa.array(values, field.type)
    except UnicodeEncodeError:  # half a character, as cut-off model outputs have it
        whole = [value and value.encode("utf-16", "surrogatepass") for value in values]
        return pa.array([value and value.decode("utf-16", "replace") for value in whole])
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise _wrong_type(table, field, error) from error


def _whole(value: Any) -> Any:
    """Return a flag or a whole number as an integer: Arrow itself would cut 1.5 to 1."""
    if isinstance(value, str | bytes):
        return value
    if int(value) != value:
        raise ValueError(f"{value!r} is no whole number")
    return int(value)


def _values(table: str, name: str, series: Any) -> "pa.Array":
    """Return a column of a DataFrame; NaN is null, and objects may be lists, dicts and flags."""
    import pyarrow as pa

    kind = TABLES[table][name]
    if str(getattr(series, "dtype", "")) == "object" and kind != "probs":
        field = arrow_schema(table).field(name)
        missing = series.isna()
        values = [None if gone else one for one, gone in zip(series, missing, strict=True)]
        return _column(table, field, values)
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise _wrong_type(table, arrow_schema(table).field(name), error) from error


def _wrong_type(table: str, field: "pa.Field", error: Exception) -> RowError:
    return RowError(
        f"{table}.{field.name} must be {field.type}: {error}. Convert the column, "
        "and leave what is not known empty."
    )


def _known(table: str, names: set[str]) -> None:
    unknown = sorted(names - set(TABLES[table]))
    if unknown:
        raise RowError(
            f"{table} has the columns {', '.join(TABLES[table])}; got {', '.join(unknown)}. "
            "Put what is yours into attributes (items, variants) or scores."
        )


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    try:
        return json.dumps(
            _without_nan(value), sort_keys=True, ensure_ascii=False, allow_nan=False, default=_plain
        )
    except (TypeError, ValueError) as error:
        raise RowError(
            f"Columns of JSON hold texts, finite numbers, lists and dicts: {error}. "
            "Convert what is in them."
        ) from error


def _without_nan(value: Any) -> Any:
    """Return a JSON value in which what is not a number is null."""
    if isinstance(value, Mapping):
        return {str(name): _without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and value != value else value


def _plain(value: Any) -> Any:
    """Return a number of numpy as one of Python."""
    if not hasattr(value, "tolist"):
        raise TypeError(f"got {type(value).__name__}")
    return _without_nan(value.tolist())


def _items(rows: "pa.Table", task: str) -> "pa.Table":
    import pyarrow.compute as pc

    _no_null(rows, "items")
    _objects(rows, "items")
    before = pc.replace_substring_regex(rows["item_id"], "/.*", "")
    named = pc.match_substring(rows["item_id"], "/")
    sets = pc.coalesce(rows["item_set"], pc.if_else(named, before, task))
    rows = _with(rows, "item_set", sets)
    return _with(rows, "task", pc.coalesce(rows["task"], task))


def _variants(rows: "pa.Table", task: str) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    _no_null(rows, "variants")
    _objects(rows, "variants")
    _finite(rows, "strength", rows["strength"])
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
    share = pc.and_kleene(
        pc.greater_equal(rows["confidence"], -ROUNDING),
        pc.less_equal(rows["confidence"], 1 + ROUNDING),
    )
    _refuse(
        rows, pc.fill_null(pc.invert(share), False), "confidence lies in [0, 1]",
        "Give the probability the model put on its answer, or leave it empty.",
    )  # fmt: skip
    _finite_lists(rows, "probs")
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


def _finite_lists(rows: "pa.Table", name: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = rows[name].combine_chunks()
    fine = pc.is_finite(flat.flatten())
    if not pc.all(fine, skip_nulls=False, min_count=0).as_py():
        parents = pc.filter(pc.list_parent_indices(flat), pc.invert(pc.fill_null(fine, False)))
        odd = pc.is_in(pa.array(range(rows.num_rows)), pc.cast(parents, pa.int64()))
        _refuse(rows, odd, f"{name} are finite numbers", "Leave the list out where it is not.")


def _objects(rows: "pa.Table", table: str) -> None:
    """Refuse attributes that are no JSON object: the index makes columns of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wrong = [text for text in pc.unique(rows["attributes"]).to_pylist() if not _is_object(text)]
    if wrong:
        _refuse(
            rows, pc.is_in(rows["attributes"], pa.array(wrong, pa.string())),
            f"{table}.attributes is a JSON object", 'Write {"name": value, ...}, or nothing.',
        )  # fmt: skip


def _is_object(text: str | None) -> bool:
    if text is None:
        return True
    try:
        return isinstance(_STRICT.decode(text), dict)
    except ValueError:
        return False


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


ROUNDING = 1e-6
"""How far a probability may lie outside of [0, 1]: a softmax in float32 does."""

_STRICT = json.JSONDecoder(parse_constant=_no_constant)


def _refuse(rows: "pa.Table", bad: Any, rule: str, next_step: str) -> None:
    import pyarrow.compute as pc

    bad = pc.fill_null(bad, False)
    n = pc.sum(bad).as_py() or 0
    if n:
        first = rows.filter(bad).slice(0, 1).to_pylist()[0]
        seen = {name: _short(value) for name, value in first.items() if value is not None}
        raise RowError(
            f"Rule: {rule}. {n} of {rows.num_rows} rows break it, first: {seen}. {next_step}"
        )


def _short(value: Any) -> Any:
    return f"{value[:60]}..." if isinstance(value, str) and len(value) > 60 else value


def _with(rows: "pa.Table", name: str, column: Any) -> "pa.Table":
    at = rows.schema.get_field_index(name)
    field = rows.schema.field(name)
    return rows.set_column(at, field, column.cast(field.type))

"""A condition as a Narwhals expression: true or false for every row, never null.

A comparison with null is false, so `not (x = 1)` is true where x is null. Text and code columns
of a dictionary are decided on the dictionary; the rows are only asked for codes.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stresslab.errors import ConditionError
from stresslab.predicate import (
    And,
    Compare,
    Field,
    In,
    IsNull,
    Not,
    Or,
    Predicate,
    Within,
    fields_of,
)
from stresslab.store.fields import Source

if TYPE_CHECKING:
    import narwhals as nw

Resolve = Callable[[tuple[str, ...]], Source]
Truth = Any
"""A Narwhals expression, or a bool where the dictionary already decides."""

MAX_PATTERN = 1000

FEW = 3
"""Up to so many codes are compared one by one, which is quicker than looking them up."""


@dataclass(frozen=True)
class Compiler:
    """Turns conditions into expressions.

    Parameters
    ----------
    resolve : callable
        Field -> `Source`; raises UnknownColumnError.
    echo : int or None
        Read `perturbation` and `axis` as if every row stood under this perturbation.
    """

    resolve: Resolve
    echo: int | None = None

    def expression(self, predicate: Predicate | None) -> "nw.Expr":
        """Return the condition as a boolean expression without nulls."""
        import narwhals as nw

        truth = True if predicate is None else self.truth(predicate)
        if not isinstance(truth, bool):
            met: nw.Expr = truth
            return met
        null = nw.col("task").is_null()  # every frame has it and it never is
        return ~null if truth else null

    def truth(self, predicate: Predicate) -> Truth:
        """Return the condition as an expression, or as a bool if it is the same everywhere."""
        match predicate:
            case And(parts):
                return _fold(map(self.truth, parts), stop=False)
            case Or(parts):
                return _fold(map(self.truth, parts), stop=True)
            case Not(part):
                inner = self.truth(part)
                return (not inner) if isinstance(inner, bool) else ~inner
            case Compare(field, op, value):
                return self._compare(field, op, value)
            case In(field, values):
                return self._in(field, values)
            case IsNull(field):
                return self._is_null(field)
            case Within(field, polygon):
                return self._within(field, polygon)
        raise ConditionError(f"Not a condition: {predicate!r}.")

    def _in(self, field: Field, values: tuple[Any, ...]) -> Truth:
        import narwhals as nw

        source = self.resolve(field.parts)
        for value in values:
            _check(field, "=", value, source)
        if source.kind == "codes":
            wanted = {str(value) for value in values}
            return self._codes(source, lambda one: one in wanted, null=False)
        same = [str(value) for value in values] if source.kind == "text" else list(values)
        return nw.col(source.column).is_in(same).fill_null(False) if same else False

    def _is_null(self, field: Field) -> Truth:
        import narwhals as nw

        source = self.resolve(field.parts)
        if source.kind == "codes":
            return self._codes(source, lambda value: value is None, null=True)
        return nw.col(source.column).is_null()

    def _compare(self, field: Field, op: str, value: Any) -> Truth:
        import narwhals as nw

        source = self.resolve(field.parts)
        _check(field, op, value, source)
        if source.kind == "codes":
            decide = _text_test(op, str(value))
            return self._codes(source, lambda one: one is not None and decide(one), null=False)
        column = nw.col(source.column)
        if source.kind == "text":
            return _text_expression(column, op, str(value)).fill_null(False)
        if source.kind == "bool":
            same = column == bool(value)
            return (same if op == "=" else ~same).fill_null(False)
        return _ordered(column, op, value).fill_null(False)

    def _within(self, field: Field, polygon: Sequence[tuple[float, float]]) -> Truth:
        """Return whether a ray from a point to the right leaves a polygon once more than enters."""
        import narwhals as nw

        source = self.resolve(field.parts)
        if source.kind != "point":
            raise ConditionError(
                f"within() needs a derived value with two coordinates; got {_name(field)!r}."
            )
        x, y = nw.col(source.column), nw.col(source.other)
        crossings = []
        for (x0, y0), (x1, y1) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
            if y0 != y1:
                at = (y - y0) * ((x1 - x0) / (y1 - y0)) + x0
                spans = (y >= min(y0, y1)) & (y < max(y0, y1))
                crossings.append((spans & (x < at)).fill_null(False).cast(nw.Int64))
        if not crossings:
            return False
        return _sum(crossings) % 2 == 1

    def _codes(self, source: Source, decide: Callable[[Any], bool], *, null: bool) -> Truth:
        import narwhals as nw

        values = dict(source.values or {})
        if self.echo is not None and source.column == "perturbation":
            return decide(values.get(self.echo))
        yes = [code for code, value in values.items() if decide(value)]
        column = nw.col(source.column)
        if null:  # codes without a value are null too
            chosen = set(yes)
            no = [code for code in values if code not in chosen]
            return True if not no else ~_one_of(column, no)
        return _one_of(column, yes) if yes else False


def _one_of(column: "nw.Expr", codes: Sequence[int]) -> "nw.Expr":
    """Return whether a column that is never null holds one of some codes."""
    if len(codes) > FEW:
        return column.is_in(codes)
    same: nw.Expr = _fold([column == code for code in codes], stop=True)
    return same


def _fold(parts: Iterable[Truth], *, stop: bool) -> Truth:
    """Join parts with `or` (stop = True) or `and` (stop = False)."""
    joined: Truth = not stop
    for part in parts:
        if isinstance(part, bool):
            if part is stop:
                return stop
            continue
        if not isinstance(joined, bool):
            part = (joined | part) if stop else (joined & part)
        joined = part
    return joined


def _sum(parts: Sequence["nw.Expr"]) -> "nw.Expr":
    """Return a sum as a shallow tree: an engine may refuse one that is hundreds deep."""
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        parts = [a + b for a, b in pairs] + list(parts[len(parts) - len(parts) % 2 :])
    return parts[0]


def _check(field: Field, op: str, value: Any, source: Source) -> None:
    name = _name(field)
    if source.kind == "point":
        raise ConditionError(
            f"{name} is a point; compare {name}.x or {name}.y, or write within({name}, [[x, y], "
            "...])."
        )
    if op in ("contains", "matches"):
        if source.kind in ("number", "bool"):
            raise ConditionError(
                f"{op} needs a text column; {name} holds numbers. Use =, <, <=, > or >=."
            )
        if op == "matches":
            _check_pattern(str(value))
    elif source.kind == "number" and (isinstance(value, str) or not isinstance(value, int | float)):
        raise ConditionError(
            f"{name} holds numbers; got the text {value!r}. Write the number without quotes."
        )
    elif source.kind == "bool" and (op not in ("=", "!=") or value not in (True, False)):
        raise ConditionError(f"{name} is true or false; got {op} {value!r}. Use = true or = false.")


def _check_pattern(pattern: str) -> None:
    if len(pattern) > MAX_PATTERN:
        raise ConditionError(
            f"A pattern may have {MAX_PATTERN} characters; this one has {len(pattern)}."
        )
    import pyarrow as pa

    try:
        _matches("", pattern)
    except pa.ArrowInvalid as error:
        raise ConditionError(
            f"{pattern!r} is not a pattern of RE2 (which has no look-ahead and no back-reference): "
            f"{error}."
        ) from error


def _matches(text: str, pattern: str) -> bool:
    """Return whether a text matches, as DuckDB (RE2, too) finds it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: bool = pc.match_substring_regex(pa.array([text]), pattern)[0].as_py()
    return found


def _ordered(column: "nw.Expr", op: str, value: Any) -> "nw.Expr":
    compare = {
        "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
        ">": operator.gt, ">=": operator.ge,
    }[op]  # fmt: skip
    met: nw.Expr = compare(column, value)
    return met


def _text_expression(column: "nw.Expr", op: str, value: str) -> "nw.Expr":
    if op == "contains":
        return column.str.contains(value, literal=True)
    if op == "matches":
        return column.str.contains(value)
    return _ordered(column, op, value)


def _text_test(op: str, value: str) -> Callable[[str], bool]:
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda one: one == value,
        "!=": lambda one: one != value,
        "<": lambda one: one < value,
        "<=": lambda one: one <= value,
        ">": lambda one: one > value,
        ">=": lambda one: one >= value,
        "contains": lambda one: value in one,
        "matches": lambda one: _matches(one, value),
    }
    return tests[op]


def _name(field: Field) -> str:
    return ".".join(field.parts)


def depends_on_perturbation(predicate: Predicate | None) -> bool:
    """Return whether a condition asks under which perturbation a row stands."""
    return predicate is not None and any(
        field.parts in (("perturbation",), ("axis",)) for field in fields_of(predicate)
    )

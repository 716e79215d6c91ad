"""What a found slice is called: short enough for a label, exact enough to be known again."""

from collections.abc import Mapping, Sequence

from stresslab.analyses import _words as words
from stresslab.predicate import And, Compare, IsNull, Not, Predicate, to_text

SPEAKS = ("domain", "perturbation")
"""Columns whose values say themselves what they are."""


def name(tests: Sequence[Predicate], titles: Mapping[str, str]) -> str:
    """Return the name of a slice, one part per condition.

    Parameters
    ----------
    tests : sequence of Predicate
        Conditions of the slice.
    titles : mapping
        Perturbation to the name people read.
    """
    return ", ".join(_part(one, titles) for one in tests)


def _part(test: Predicate, titles: Mapping[str, str]) -> str:
    match test:
        case IsNull():
            return "untouched"
        case Compare(field, "=", value) if field.parts == ("perturbation",):
            return titles.get(str(value), str(value))
        case Compare(field, "=", value) if field.parts[-1] in SPEAKS:
            return str(value)
        case Compare(field, "=", bool(value)):
            return field.parts[-1] if value else f"no {field.parts[-1]}"
        case Compare(field, op, value):
            return f"{field.parts[-1]}{_OPERATORS.get(op, f' {op} ')}{_number(value)}"
        case And((Compare(field, ">", low), Compare(_, "<=", high))):
            return f"{_number(low)} < {field.parts[-1]} \N{LESS-THAN OR EQUAL TO} {_number(high)}"
        case And((Compare() as first, Compare())):  # a perturbation without its originals
            return _part(first, titles)
        case Not(IsNull(field)):
            return f"{field.parts[-1]} known"
    return to_text(test)


_OPERATORS = {"=": " ", "<=": " \N{LESS-THAN OR EQUAL TO} ", ">": " > "}


def _number(value: object) -> str:
    if isinstance(value, float | int):
        return str(value).replace("-", words.MINUS, 1) if value < 0 else str(value)
    return str(value)

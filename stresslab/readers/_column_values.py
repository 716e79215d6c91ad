"""Turn whole columns of values into our types, at once where all of them are plain."""

import math
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from stresslab.readers import _values as values
from stresslab.readers._mapping import Source
from stresslab.readers._roles import MAX_KNOWN
from stresslab.readers._values import ValueProblem

Column = list[Any]
Convert = Callable[[Any], Any]

FEW = 8
NOTHING = type(None)
PLAIN = (str, int, float, bool)
"""Types of which equal values of one column are turned alike."""


def kinds_of(column: Sequence[Any]) -> set[type]:
    """Return the types of the values of a column, but for None."""
    return set(map(type, column)) - {NOTHING}


def turned(convert: Convert, raw: Column, known: dict[str, Any] | None) -> tuple[Column, set[int]]:
    """Return a column in our type, and the places of what could not be turned.

    Parameters
    ----------
    convert : callable
        Turns one value other than None, or raises a `ValueProblem`.
    raw : list
        What the file says.
    known : dict or None
        Texts that were turned before; None for columns of long texts.
    """
    kinds = kinds_of(raw)
    if not kinds:
        return [None] * len(raw), set()
    (kind, *more) = kinds
    if not more and _is_ours(convert, kind, raw):
        return raw, set()
    if not more and kind is int and convert is values.name:
        return [None if one is None else str(one) for one in raw], set()
    if more or kind not in PLAIN or known is None:
        return _one_by_one(convert, raw)
    return _by_value(convert, kind, raw, known)


def looked_up(source: Source, raw: Column) -> Column:
    """Return what a source of one field makes of the values of that field."""
    (name,), get = source.fields, source.getter()
    if not (source.pattern or source.values or source.default is not None):
        return raw
    kinds = kinds_of(raw)
    if len(kinds) <= 1 and kinds <= set(PLAIN):
        found = {value: get({name: value}) for value in set(raw)}
        return [found[value] for value in raw]
    return [get({name: value}) for value in raw]


def objects(
    columns: dict[str, Column], n: int, texts: dict[str, Column] | None = None
) -> list[str | None]:
    """Return an object of JSON for every row, of the values by name; None where none is known.

    Values of `texts` come first, and stay texts also where they look like numbers.
    """
    members = [
        [f"{values.as_json(name)}: {values.as_json(one)}" if one else None for one in column]
        for name, column in (texts or {}).items()
    ]
    members += [_members(name, column) for name, column in columns.items()]
    joined = (", ".join(filter(None, said)) for said in zip(*members, strict=True))
    return [f"{{{text}}}" if text else None for text in joined] if members else [None] * n


def mixed(columns: Sequence[Sequence[Any]]) -> Column:
    """Return the values of the first row of all columns, then those of the second ..."""
    return list(chain.from_iterable(zip(*columns, strict=True)))


def _members(name: str, raw: Column) -> list[str | None]:
    """Return the members of objects of JSON that hold the values of a column."""
    head = f"{values.as_json(name)}: "

    def member(value: Any) -> str | None:
        kept = values.scalar(value)
        return None if kept is None else head + (values.as_json(kept) or "null")

    kinds = kinds_of(raw)
    if len(kinds) <= 1 and kinds <= {str, int, bool}:
        found = {value: member(value) for value in set(raw)}
        return [found[value] for value in raw]
    return list(map(member, raw))


def _is_ours(convert: Convert, kind: type, raw: Column) -> bool:
    """Return whether all values are already what the converter would make of them."""
    if kind is float and convert in (values.number, values.share):
        known = [one for one in raw if one is not None] if None in raw else raw
        is_number = all(map(math.isfinite, known))
        return is_number and (convert is values.number or (min(known) >= 0 and max(known) <= 1))
    if kind is str:
        return convert is values.text
    if kind is list and convert is values.probabilities:
        shares = list(chain.from_iterable(one for one in raw if one is not None))
        # a list of shares comes back as it is; of one that is empty or odd `convert` decides
        return set(map(type, shares)) == {float} and all(0 <= one <= 1 for one in shares)
    return False


def _by_value(
    convert: Convert, kind: type, raw: Column, known: dict[str, Any]
) -> tuple[Column, set[int]]:
    """Turn every different value once."""
    odd: set[int] = set()
    found: dict[Any, Any] = dict(known) if kind is str and len(known) < FEW else {None: None}
    for value in set(raw):
        if value in found:
            continue
        if kind is str and value in known:
            found[value] = known[value]
            continue
        try:
            found[value] = convert(value)
        except ValueProblem:
            found[value] = None
            odd.update(at for at, one in enumerate(raw) if one is value or one == value)
            continue
        if kind is str and len(known) < MAX_KNOWN:
            known[value] = found[value]
    found[None] = None
    return [found[value] for value in raw], odd


def _one_by_one(convert: Convert, raw: Column) -> tuple[Column, set[int]]:
    odd: set[int] = set()
    found = []
    for at, value in enumerate(raw):
        try:
            found.append(None if value is None else convert(value))
        except ValueProblem:
            found.append(None)
            odd.add(at)
    return found, odd

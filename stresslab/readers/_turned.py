"""The columns of some rows of a file, turned into our types."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from stresslab.readers import _values as values
from stresslab.readers._mapping import NAMED, Source
from stresslab.readers._roles import CONVERTERS, MAX_KNOWN, TEXTS, where_it_stands
from stresslab.readers._values import ValueProblem
from stresslab.store.scan import Numbered

if TYPE_CHECKING:
    from stresslab.readers._rows import LongTable

FEW = 8
"""So many rows between two odd ones are read one by one, too."""

LATER = ("original", "messages", "choices", "reference")
"""Roles that only an item needs; turning them never fails."""

Column = list[Any]
Place = tuple[str | None, str, int]
"""Perturbation, axis and tier."""
NOWHERE: Place = (None, "", 0)
"""Stands for the place of an odd row, which is not looked at."""


class TurnedColumns:
    """The columns of some rows, turned into our types.

    Attributes
    ----------
    odd : set of int
        Places of rows of which something could not be read, or that cannot be placed.
    made : dict
        What was made of columns that do not differ by model, for the next model of a wide table.
    """

    def __init__(
        self,
        table: "LongTable",
        rows: Sequence[Numbered],
        before: "TurnedColumns | None" = None,
    ) -> None:
        self.table = table
        self.numbers: list[int] = before.numbers if before else [number for number, _ in rows]
        self.rows: list[dict[str, Any]] = before.rows if before else [row for _, row in rows]
        self.odd: set[int] = set()
        self.none: Column = before.none if before else [None] * len(rows)
        self.said: dict[str, Column] = {
            role: before.said[role]
            if before and self._is_same(role, before)
            else self._column(role)
            for role in CONVERTERS
        }
        for role in ("model", "task", "item"):
            column = self.said[role]
            if not all(column):
                self.odd.update(at for at, value in enumerate(column) if not value)
        self.measures = {
            name: self._turned(values.number, list(map(get, self.rows)), {})
            for name, get in table.measures.items()
        }
        self.made: dict[Any, Any] = before.made if before else {}
        self.places: list[Place] = before.places if before else self._places()

    def _is_same(self, role: str, before: "TurnedColumns") -> bool:
        own, other = self.table.mapping.sources, before.table.mapping.sources
        return own.get(role) == other.get(role)

    def _column(self, role: str) -> Column:
        source = self.table.mapping.sources.get(role)
        if source is None:
            return self.none
        raw = self._raw(source, role)
        if role in LATER:
            return raw
        if role in TEXTS:
            kinds = set(map(type, raw))
            is_text = kinds <= {str, type(None)} and CONVERTERS[role] is values.text
            return raw if is_text else self._turned(CONVERTERS[role], raw, None)
        return self._turned(CONVERTERS[role], raw, self.table.known[role])

    def _raw(self, source: Source, role: str) -> Column:
        if not source.fields:
            return [source.const] * len(self.rows)
        (name, *more) = source.fields
        is_plain = not (more or source.pattern or source.values or source.default is not None)
        if is_plain and "." not in name and name not in NAMED:
            try:
                return list(map(itemgetter(name), self.rows))
            except KeyError:
                return [row.get(name) for row in self.rows]
        return list(map(self.table.getters[role], self.rows))

    def _turned(
        self, convert: Callable[[Any], Any], raw: Column, known: dict[str, Any] | None
    ) -> Column:
        """Return a column in our type; every different value is turned once, if it can be."""
        kinds = set(map(type, raw)) - {type(None)}
        if not kinds:
            return self.none
        (kind, *more) = kinds
        if more or kind not in (str, int, float, bool) or known is None:
            return self._one_by_one(convert, raw)
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
                self.odd.update(at for at, one in enumerate(raw) if one is value or one == value)
                continue
            if kind is str and len(known) < MAX_KNOWN:
                known[value] = found[value]
        found[None] = None
        return [found[value] for value in raw]

    def _one_by_one(self, convert: Callable[[Any], Any], raw: Column) -> Column:
        found = []
        for at, value in enumerate(raw):
            try:
                found.append(None if value is None else convert(value))
            except ValueProblem:
                found.append(None)
                self.odd.add(at)
        return found

    def _places(self) -> list[Place]:
        """Return perturbation, axis and tier of every row; rows without a place are odd."""
        axes, kinds, tiers, strengths = (
            self.said[role] for role in ("axis", "perturbation", "tier", "strength")
        )
        keys = list(zip(axes, kinds, tiers, map(bool, strengths), strict=True))
        known: dict[Any, Place] = {}
        for key in set(keys):
            said = dict(zip(("axis", "perturbation", "tier", "strength"), key, strict=True))
            try:
                known[key] = where_it_stands(said)
            except ValueProblem:
                known[key] = NOWHERE
                self.odd.update(at for at, one in enumerate(keys) if one == key)
        return [known[key] for key in keys]

    def take(self, column: Column, rows: list[int]) -> Column:
        """Return the values of a column in some rows, which rise."""
        return column if len(rows) == len(column) else [column[at] for at in rows]

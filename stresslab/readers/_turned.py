"""The columns of some rows of a file, turned into our types."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from stresslab.readers import _values as values
from stresslab.readers._column_values import Column, looked_up, turned
from stresslab.readers._mapping import NAMED, Getter, Source, look_up
from stresslab.readers._roles import CONVERTERS, where_it_stands
from stresslab.readers._values import ValueProblem
from stresslab.store.scan import Chunk, ColumnChunk

if TYPE_CHECKING:
    from stresslab.readers._rows import LongTable

LATER = ("original", "messages", "choices", "reference")
"""Roles that only an item needs; turning them never fails."""

Place = tuple[str | None, str, int]
"""Perturbation, axis and tier."""
NOWHERE: Place = (None, "", 0)
"""Stands for the place of an odd row, which is not looked at."""


@dataclass
class Columns(Chunk):
    """Rows, some fields of which were read as columns.

    Parameters
    ----------
    columns : dict of str to list
        Values by the name of a field, which stand for those of `rows`.
    whole : callable or None
        Returns one row by its place, with all of its fields.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    whole: Callable[[int], dict[str, Any]] | None = None

    @property
    def numbers(self) -> list[int]:
        """Return the number of every row."""
        return [number for number, _ in self.rows]

    def row(self, at: int) -> dict[str, Any]:
        """Return one row with all of its fields."""
        return self.whole(at) if self.whole else self.rows[at][1]


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
        given: Columns | ColumnChunk,
        before: "TurnedColumns | None" = None,
    ) -> None:
        self.table, self.given, self.n_rows = table, given, given.n_rows
        self.numbers: list[int] = before.numbers if before else list(given.numbers)
        self.odd: set[int] = set()
        self.none: Column = before.none if before else [None] * self.n_rows
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
            name: self._turned(values.number, self.of(self._measure(name, "from"), get), {})
            for name, get in table.measures.items()
        }
        self.why = {
            name: self.of(self._measure(name, "explanation"), get)
            for name, get in table.why.items()
        }
        self.made: dict[Any, Any] = before.made if before else {}
        self.places: list[Place] = before.places if before else self._places()

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Return the fields of every row that are no columns."""
        return [row for _, row in self.given.rows]

    def _is_same(self, role: str, before: "TurnedColumns") -> bool:
        own, other = self.table.mapping.sources, before.table.mapping.sources
        return own.get(role) == other.get(role)

    def attributes(self, kind: str) -> dict[str, Column]:
        """Return the values of the attributes of items or variants by name."""
        if kind not in self.made:
            table = self.table
            getters, sources = {
                "items": (table.attributes, table.mapping.attributes),
                "variants": (table.variant_attributes, table.mapping.variant_attributes),
            }[kind]
            self.made[kind] = {name: self.of(sources[name], get) for name, get in getters.items()}
        found: dict[str, Column] = self.made[kind]
        return found

    def of(self, source: Source, get: Getter) -> Column:
        """Return the values of a source."""
        if not source.fields:
            return [source.const] * self.n_rows
        (name, *more) = source.fields
        if more or (source.pattern and name in NAMED):
            return [get(self.given.row(at)) for at in range(self.n_rows)]
        return looked_up(source, self._named(name))

    def _column(self, role: str) -> Column:
        source = self.table.mapping.sources.get(role)
        if source is None:
            return self.none
        raw = self.of(source, self.table.getters[role])
        if role in LATER:
            return raw
        return self._turned(CONVERTERS[role], raw, self.table.known.get(role))

    def _measure(self, name: str, key: str) -> Source:
        source: Source = self.table.mapping.measures[name][key]
        return source

    def _named(self, name: str) -> Column:
        """Return the values of a field."""
        if name in self.given.columns:
            return self.given.columns[name]
        rows = self.rows
        try:
            return list(map(itemgetter(name), rows))
        except KeyError:
            pass  # not every row has it under its whole name
        head, _, rest = name.partition(".")
        if rest and "." not in rest and not any(name in row for row in rows):
            below: Column = [row.get(head) for row in rows]
            if set(map(type, below)) == {dict}:
                return [one.get(rest) for one in below]
        return [look_up(row, name) for row in rows]

    def _turned(self, convert: Callable[[Any], Any], raw: Column, known: Any) -> Column:
        column, odd = turned(convert, raw, known)
        self.odd |= odd
        return column

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
        if len(rows) == len(column):
            return column
        if rows and rows[-1] - rows[0] + 1 == len(rows):
            return column[rows[0] : rows[-1] + 1]
        return list(map(column.__getitem__, rows))

"""The tree of a condition: what `stresslab.predicate` parses and prints."""

from dataclasses import dataclass

Value = str | int | float | bool

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "contains", "matches")
KEYWORDS = frozenset(
    ("and", "or", "not", "in", "is", "null", "true", "false", "contains", "matches", "within")
)
MAX_TEXT = 20_000
MAX_DEPTH = 100
MAX_PATTERN = 1_000
MAX_POINTS = 200


@dataclass(frozen=True)
class Field:
    """A column, e.g. ``Field(("item", "length"))`` for ``item.length``."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Compare:
    """``field op value``; `op` is one of `OPERATORS`."""

    field: Field
    op: str
    value: Value


@dataclass(frozen=True)
class In:
    """``field in (values)``."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True)
class IsNull:
    """``field is null``."""

    field: Field


@dataclass(frozen=True)
class Within:
    """The point `field` lies in a polygon of at most 200 corners."""

    field: Field
    polygon: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Named:
    """A saved slice holds: ``slice("name")``; `stresslab.saved_slices` puts its condition here."""

    name: str


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Predicate"


@dataclass(frozen=True)
class And:
    """All parts hold; there are at least two."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True)
class Or:
    """At least one part holds; there are at least two."""

    parts: tuple["Predicate", ...]


Predicate = Compare | In | IsNull | Within | Named | Not | And | Or

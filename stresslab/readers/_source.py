"""Where one value of a row comes from: a field, a pattern searched in it, or a constant."""

import json
import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from stresslab.errors import ReadError

TASK_ARGUMENTS = "task_args"
"""Where a reader puts the arguments of a task: ``task_arg:tier`` is ``field:task_args.tier``."""

SOURCE_KEYS = ("field", "fields", "pattern", "const", "values", "default")

HOW = (
    "Write field:<dotted path>, fields:<a>,<b>, task_arg:<name>, regex:<pattern> on <field> (or on "
    "task, id or condition, which is the perturbation), const:<value>, or a table such as "
    "{field = 'level', values = {low = 1, high = 2}, default = 0}."
)

Getter = Callable[[Dict[str, Any]], Any]


@dataclass(frozen=True)
class Source:
    """Where one value of a row comes from.

    Parameters
    ----------
    fields : tuple of str
        Columns, dotted for nested ones; several give a list of their values.
    pattern : str
        Regular expression searched in the field; its groups, joined, are the value, or else the
        match.
    const : str, int, float, bool or None
        The value itself, if there are no fields.
    values : tuple of (str, value)
        Names of the file and what they mean here; empty keeps the value as it is.
    default : str, int, float, bool or None
        The value where the field is empty or not among `values`.
    """

    fields: tuple[str, ...] = ()
    pattern: str = ""
    const: Any = None
    values: tuple[tuple[str, Any], ...] = ()
    default: Any = None

    @classmethod
    def parse(cls, key: str, written: Any) -> "Source":
        """Return the source a mapping file describes.

        Raises
        ------
        ReadError
            If it is not written in one of the known forms.
        """
        if isinstance(written, bool | int | float):
            return cls(const=written)
        if isinstance(written, str):
            return cls._from_text(key, written)
        if isinstance(written, dict):
            check_names(f"{key}.", written, SOURCE_KEYS)
            names = written.get("fields", [written["field"]] if "field" in written else [])
            return cls(
                fields=tuple(names),
                pattern=compiled(key, written.get("pattern", "")),
                const=written.get("const"),
                values=tuple((str(k), v) for k, v in written.get("values", {}).items()),
                default=written.get("default"),
            )
        raise ReadError(f"{key} must say where the value comes from; got {written!r}. {HOW}")

    @classmethod
    def _from_text(cls, key: str, text: str) -> "Source":
        kind, colon, rest = text.partition(":")
        if colon and kind == "const":
            return cls(const=_plain_value(rest))
        if colon and kind == "field" and rest.strip():
            return cls(fields=(rest.strip(),))
        if colon and kind == "task_arg" and rest.strip():
            return cls(fields=(f"{TASK_ARGUMENTS}.{rest.strip()}",))
        if colon and kind == "fields" and rest.strip():
            return cls(fields=tuple(name.strip() for name in rest.split(",")))
        if colon and kind == "regex" and " on " in rest:
            pattern, _, name = rest.rpartition(" on ")
            return cls(fields=(name.strip(),), pattern=compiled(key, pattern.strip()))
        raise ReadError(f"{key} says {text!r}, which is none of the known forms. {HOW}")

    def written(self) -> Any:
        """Return the form a mapping file shows."""
        if self.values or self.default is not None or not self._fits_a_line():
            table: dict[str, Any] = {}
            table |= {"field": self.fields[0]} if len(self.fields) == 1 else {}
            table |= {"fields": list(self.fields)} if len(self.fields) > 1 else {}
            table |= {"pattern": self.pattern} if self.pattern else {}
            table |= {"values": dict(self.values)} if self.values else {}
            return table | ({"default": self.default} if self.default is not None else {})
        if self.pattern:
            return f"regex:{self.pattern} on {self.fields[0]}"
        if len(self.fields) > 1:
            return f"fields:{','.join(self.fields)}"
        if self.fields:
            return f"field:{self.fields[0]}"
        if isinstance(self.const, str):
            as_text = isinstance(_plain_value(self.const), str)
            return f"const:{self.const}" if as_text else {"const": self.const}
        return self.const

    def _fits_a_line(self) -> bool:
        several, names = (
            len(self.fields) > 1,
            (*self.fields, *([self.pattern] * bool(self.pattern))),
        )
        plain = all(name and name == name.strip() for name in names)
        odd = (several and "," in "".join(names)) or (self.pattern and " on " in self.fields[0])
        return plain and not odd

    def getter(self) -> Getter:
        """Return a function from a row to the value; None where the row does not have it."""
        if not self.fields:
            return lambda row: self.const
        if len(self.fields) > 1:
            return lambda row: [look_up(row, name) for name in self.fields]
        name, search = self.fields[0], re.compile(self.pattern).search
        values, default = dict(self.values), self.default

        def get(row: Dict[str, Any]) -> Any:
            value = row[name] if name in row else look_up(row, name)
            if value is None:
                return default
            if self.pattern:
                found = search(str(value))
                value = _found(found) if found else None
            if values:
                value = values.get(value_key(value), values.get(str(value), default))
            return default if value is None else value

        return get


def look_up(row: Dict[str, Any], path: str) -> Any:
    """Return the value at a dotted path of nested tables; None if a part of it is missing."""
    if path in row:
        return row[path]
    head, _, rest = path.partition(".")
    below = row.get(head)
    return look_up(below, rest) if rest and isinstance(below, dict) else None


def _found(match: re.Match[str]) -> str | None:
    groups = [group for group in match.groups() if group is not None]
    return "".join(groups) or None if match.re.groups else match.group()


def value_key(value: Any) -> str:
    """Return the name a value has in the ``values`` table of a mapping."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    try:
        return str(value)
    except RecursionError:
        return "nested too deeply"


def check_names(prefix: str, written: Dict[str, Any], known: Iterable[str]) -> None:
    for name in written:
        if name not in known:
            near = get_close_matches(name, list(known), n=3) or list(known)
            raise ReadError(
                f"A mapping has no key {prefix + name!r}. Did you mean: {', '.join(near)}?"
            )


def compiled(key: str, pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ReadError(f"{key} must hold a regular expression; {pattern!r}: {error}.") from error
    return pattern


def _plain_value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text

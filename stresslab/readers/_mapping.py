"""A mapping: which column, pattern or constant of an outside file fills which column of ours."""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError

ROLES = (
    "model", "revision", "task", "items", "item", "domain", "group", "split",
    "perturbation", "axis", "tier", "strength", "unit", "seed", "trial",
    "original", "input", "messages", "choices", "reference",
    "output", "answer", "score", "explanation", "correct", "confidence", "probs", "status", "error",
    "latency_s", "tokens_in", "tokens_out",
)  # fmt: skip
"""What a row can say. `items` is the item set, `original` the untouched input of a variant.

`split` becomes ``item.split``; `messages` the turns of the untouched input; `explanation` says why
the score is what it is.
"""

NAMED = {"task": "task", "id": "item", "condition": "perturbation"}
"""What a pattern may be searched on beside the fields of a file, and the role that says it."""

TASK_ARGUMENTS = "task_args"
"""Where a reader puts the arguments of a task: ``task_arg:tier`` is ``field:task_args.tier``."""

GROUPS = ("attributes", "variant_attributes", "measures")
MEASURE_SOURCES = ("from", "explanation")
MEASURE_KEYS = (*MEASURE_SOURCES, "rate", "low", "high", "higher_is_better")
SOURCE_KEYS = ("field", "fields", "pattern", "const", "values", "default")
OPTIONS = ("reader", "grade", "ignored")

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
            _check_names(f"{key}.", written, SOURCE_KEYS)
            names = written.get("fields", [written["field"]] if "field" in written else [])
            return cls(
                fields=tuple(names),
                pattern=_compiled(key, written.get("pattern", "")),
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
            return cls(fields=(name.strip(),), pattern=_compiled(key, pattern.strip()))
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


@dataclass(frozen=True)
class Mapping:
    """How the columns of one outside format become ours.

    Parameters
    ----------
    sources : dict of str to Source
        By role (`ROLES`).
    attributes, variant_attributes : dict of str to Source
        What becomes ``item.<name>`` and ``variant.<name>``.
    measures : dict of str to dict
        Per-row numbers beside the score: ``from`` (a Source; absent for ``score``),
        ``explanation`` (a Source), ``rate``, ``low``, ``high``, ``higher_is_better``.
    reader : str
        The reader it was made for.
    grade : str
        ``"exact"``: the score is 1 where the answer equals the reference, and 0 elsewhere.
    ignored : tuple of str
        Columns of the file nothing is made of.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    attributes: dict[str, Source] = field(default_factory=dict)
    variant_attributes: dict[str, Source] = field(default_factory=dict)
    measures: dict[str, dict[str, Any]] = field(default_factory=dict)
    reader: str = "table"
    grade: str = ""
    ignored: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Mapping":
        """Return the mapping a TOML text describes.

        Raises
        ------
        ReadError
            If it is not TOML, has an unknown key, or a value in none of the known forms.
        """
        try:
            written = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ReadError(f"A mapping must be TOML: {error}.") from error
        _check_names("", written, [f"{role}_from" for role in ROLES] + list(GROUPS + OPTIONS))
        if written.get("grade", "") not in ("", "exact"):
            raise ReadError(f'grade must be "exact" or absent; got {written["grade"]!r}.')
        parsed = {
            group: {name: Source.parse(f"{group}.{name}", one) for name, one in table.items()}
            for group, table in ((group, written.get(group, {})) for group in GROUPS[:2])
        }
        return cls(
            sources={
                role: Source.parse(f"{role}_from", written[f"{role}_from"])
                for role in ROLES
                if f"{role}_from" in written
            },
            measures={
                name: _measure(name, one) for name, one in written.get("measures", {}).items()
            },
            reader=written.get("reader", "table"),
            grade=written.get("grade", ""),
            ignored=tuple(written.get("ignored", ())),
            **parsed,
        )

    @classmethod
    def load(cls, path: Path) -> "Mapping":
        """Return the mapping in a TOML file."""
        try:
            return cls.parse(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ReadError(f"The mapping {path} must be a readable text file: {error}.") from error

    def to_toml(self) -> str:
        """Return the text `parse` reads."""
        lines = [f"reader = {_toml(self.reader)}"]
        lines += [f"{role}_from = {_toml(self.sources[role].written())}" for role in self._order()]
        lines += [f"grade = {_toml(self.grade)}"] if self.grade else []
        lines += [f"ignored = {_toml(list(self.ignored))}"] if self.ignored else []
        for group in GROUPS[:2]:
            table: dict[str, Source] = getattr(self, group)
            lines += ["", f"[{group}]"] if table else []
            lines += [f"{_key(name)} = {_toml(one.written())}" for name, one in table.items()]
        for name, one in self.measures.items():
            lines += ["", f"[measures.{_key(name)}]"]
            shown = one | {key: one[key].written() for key in MEASURE_SOURCES if key in one}
            lines += [f"{key} = {_toml(shown[key])}" for key in MEASURE_KEYS if key in shown]
        return "\n".join(lines) + "\n"

    @property
    def sha256(self) -> str:
        """Return the hash that is part of the identity of an import."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()

    def fields(self) -> set[str]:
        """Return the columns of the file it uses."""
        every = [*self.sources.values(), *self.attributes.values()]
        every += [*self.variant_attributes.values()]
        every += [
            one[key] for one in self.measures.values() for key in MEASURE_SOURCES if key in one
        ]
        return {name for one in every if not self._named(one) for name in one.fields}

    def getter(self, source: Source) -> Getter:
        """Return a function from a row to the value of one of the sources of this mapping.

        A pattern on ``task``, ``id`` or ``condition`` is searched in the field of that name, or
        where the file has none in what the mapping makes the task, the item or the perturbation.
        """
        told = self._named(source)
        if told is None:
            return source.getter()
        name, get, tell = source.fields[0], source.getter(), told.getter()

        def named(row: Dict[str, Any]) -> Any:
            return get(row if look_up(row, name) is not None else {name: tell(row)})

        return named

    def _named(self, source: Source) -> Source | None:
        """Return where the task, item or perturbation comes from that a pattern is searched on."""
        if not source.pattern or len(source.fields) != 1 or source.fields[0] not in NAMED:
            return None
        told = self.sources.get(NAMED[source.fields[0]])
        if told is not None and told.pattern:
            told = Source(fields=told.fields)  # the text that pattern is searched on, too
        return told if told is not None and told.fields != source.fields else None

    def _order(self) -> list[str]:
        return [role for role in ROLES if role in self.sources]


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
    return str(value)


def _measure(name: str, written: Any) -> dict[str, Any]:
    if not isinstance(written, dict):
        written = {"from": written}
    _check_names(f"measures.{name}.", written, MEASURE_KEYS)
    if "from" not in written and name != "score":
        raise ReadError(f"measures.{name} must say where it comes from: `from = ...`. {HOW}")
    sources = {
        key: Source.parse(f"measures.{name}", written[key])
        for key in MEASURE_SOURCES
        if key in written
    }
    return {**written, **sources}


def _check_names(prefix: str, written: Dict[str, Any], known: Iterable[str]) -> None:
    for name in written:
        if name not in known:
            near = get_close_matches(name, list(known), n=3) or list(known)
            raise ReadError(
                f"A mapping has no key {prefix + name!r}. Did you mean: {', '.join(near)}?"
            )


def _compiled(key: str, pattern: str) -> str:
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


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

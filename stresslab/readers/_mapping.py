"""A mapping: which column, pattern or constant of an outside file fills which column of ours."""

import hashlib
import json
import re
import tomllib
from collections.abc import Collection
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers._source import HOW, Getter, Source, check_names, look_up, value_key
from stresslab.readers._wide import Wide

__all__ = ["Getter", "Mapping", "Source", "look_up", "value_key"]

ROLES = (
    "model", "revision", "run", "task", "items", "item", "domain", "group", "split",
    "perturbation", "axis", "tier", "strength", "unit", "seed", "trial",
    "original", "input", "messages", "choices", "reference",
    "output", "answer", "score", "explanation", "correct", "confidence", "probs", "status", "error",
    "latency_s", "tokens_in", "tokens_out",
)  # fmt: skip
"""What a row can say. `items` is the item set, `original` the untouched input of a variant.

`run` tells runs of one model on one task apart; `split` becomes ``item.split``; `messages` the
turns of the untouched input; `explanation` says why the score is what it is.
"""

NAMED = {"task": "task", "id": "item", "condition": "perturbation"}
"""What a pattern may be searched on beside the fields of a file, and the role that says it."""

GROUPS = ("attributes", "variant_attributes", "measures")
MEASURE_SOURCES = ("from", "explanation")
MEASURE_KEYS = (*MEASURE_SOURCES, "rate", "low", "high", "higher_is_better")
OPTIONS = ("reader", "table", "grade", "ignored", "wide")


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
        The reader it was made for; empty in a file that does not say: the one that claims a source.
    grade : str
        ``"exact"``: the score is 1 where the answer equals the reference, and 0 elsewhere.
    ignored : tuple of str
        Columns of the file nothing is made of.
    table : str
        Which table of a database file.
    wide : Wide or None
        Columns by model, of a table with one row per input.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    attributes: dict[str, Source] = field(default_factory=dict)
    variant_attributes: dict[str, Source] = field(default_factory=dict)
    measures: dict[str, dict[str, Any]] = field(default_factory=dict)
    reader: str = "table"
    grade: str = ""
    ignored: tuple[str, ...] = ()
    table: str = ""
    wide: Wide | None = None

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
        check_names("", written, [f"{role}_from" for role in ROLES] + list(GROUPS + OPTIONS))
        if written.get("grade", "") not in ("", "exact"):
            raise ReadError(f'grade must be "exact" or absent; got {written["grade"]!r}.')
        wide = Wide.parse(_table("wide", written)) if "wide" in written else None
        if wide and "model_from" in written:
            raise ReadError("A mapping has either model_from or a [wide] part with its own models.")
        parsed = {
            group: {name: Source.parse(f"{group}.{name}", one) for name, one in table.items()}
            for group, table in ((group, _table(group, written)) for group in GROUPS[:2])
        }
        return cls(
            sources={
                role: Source.parse(f"{role}_from", written[f"{role}_from"])
                for role in ROLES
                if f"{role}_from" in written
            },
            measures={
                name: _measure(name, one, wide.measures if wide else ())
                for name, one in _table("measures", written).items()
            },
            reader=str(written.get("reader", "")),
            grade=written.get("grade", ""),
            ignored=tuple(written.get("ignored", ())),
            table=str(written.get("table", "")),
            wide=wide,
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
        lines = [f"reader = {_toml(self.reader)}"] if self.reader else []
        lines += [f"table = {_toml(self.table)}"] if self.table else []
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
        lines += self._wide_lines() if self.wide else []
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
        found = {name for one in every if not self._named(one) for name in one.fields}
        return found | (self.wide.fields() if self.wide else set())

    def of_model(self, model: str, roles: Dict[str, str], measures: Dict[str, str]) -> "Mapping":
        """Return what a wide mapping says of one model, given its columns."""
        sources = {role: Source(fields=(column,)) for role, column in roles.items()}
        own = {
            name: {**self.measures.get(name, {}), "from": Source(fields=(column,))}
            for name, column in measures.items()
        }
        return replace(
            self,
            sources={**self.sources, "model": Source(const=model), **sources},
            measures={**self.measures, **own},
            wide=None,
        )

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

    def _wide_lines(self) -> list[str]:
        wide = self.wide or Wide()
        lines = ["", "[wide]"]
        lines += [f"{role}_from = {_toml(one.written())}" for role, one in wide.sources.items()]
        lines += ["", "[wide.measures]"] if wide.measures else []
        return lines + [f"{_key(name)} = {_toml(one.written())}"
                        for name, one in wide.measures.items()]  # fmt: skip


def _table(key: str, written: Dict[str, Any]) -> dict[str, Any]:
    found = written.get(key, {})
    if not isinstance(found, dict):
        raise ReadError(f"{key} must be a table of a mapping: `[{key}]`; got {found!r}.")
    return found


def _measure(name: str, written: Any, wide: Collection[str]) -> dict[str, Any]:
    if not isinstance(written, dict):
        written = {"from": written}
    check_names(f"measures.{name}.", written, MEASURE_KEYS)
    if "from" not in written and name != "score" and name not in wide:
        raise ReadError(f"measures.{name} must say where it comes from: `from = ...`. {HOW}")
    sources = {
        key: Source.parse(f"measures.{name}", written[key])
        for key in MEASURE_SOURCES
        if key in written
    }
    return {**written, **sources}


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

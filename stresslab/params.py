"""Settings of an analysis: one frozen dataclass, read alike from Python, `--set` and a link."""

import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from types import UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

from stresslab.errors import ParamError


def setting(default: Any, help: str, **more: Any) -> Any:
    """Return a dataclass field with a help text that the command line and the pages show."""
    return field(default=default, metadata={"help": help} | more)


@dataclass(frozen=True, kw_only=True)
class Params:
    """Settings every analysis knows (DESIGN.md, standard names)."""

    task: str | None = setting(None, "Task to look at; the workspace's default when empty.")
    models: tuple[str, ...] = setting((), "Models, in this order; all when empty.")
    metric: str = setting("score", "A metric, or a measure (its mean).")
    where: str = setting("", "Condition that rows must meet.")
    population: Literal["common", "each"] = setting(
        "common", "common: variants every chosen model answered; each: a model's own rows."
    )
    level: float = setting(0.95, "Level of every interval.", low=0.5, high=0.999)
    seed: int = setting(0, "Seed of everything random.")

    def __new__(cls, **settings: Any) -> Self:
        """Refuse a setting that does not exist, with the names near it."""
        for name in settings:
            _check_name(cls, name)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Check every value against its declared type and range."""
        hints = get_type_hints(type(self))
        for one in fields(self):
            value = _checked(one, hints[one.name], getattr(self, one.name))
            object.__setattr__(self, one.name, value)

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Self:
        """Return the Params described by texts (from ``--set`` or a query string).

        Raises
        ------
        ParamError
            If a name is unknown or a value cannot be read; the message lists near names.
        """
        hints = get_type_hints(cls)
        values = {}
        for name, text in settings.items():
            _check_name(cls, name)
            values[name] = _read(name, hints[name], text) if isinstance(text, str) else text
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-able values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class ByParams(Params):
    """Settings of an analysis that groups rows."""

    by: tuple[str, ...] = setting(
        (), "Group by task, domain, perturbation, tier, or an attribute such as item.length."
    )


@dataclass(frozen=True, kw_only=True)
class PairedParams(ByParams):
    """Settings of an analysis that compares models on the same items."""

    baseline: str | None = setting(
        None, "Model the others are compared with; all pairs when empty."
    )
    margin: float | None = setting(
        None, "Differences below it count as equal (0.02 for 0-1 scores).", low=0.0
    )
    power: float = setting(0.8, "Power behind `n_needed`.", low=0.05, high=0.999)
    correction: Literal["auto", "holm", "bh", "none"] = setting(
        "auto", "auto: holm up to 20 comparisons, else bh."
    )


def describe(params: type[Params]) -> list[dict[str, Any]]:
    """Return name, type, default, choices and help of every setting of `params`."""
    hints = get_type_hints(params)
    return [
        {
            "name": one.name,
            "type": _type_name(hints[one.name]),
            "default": None if one.default is MISSING else one.default,
            "choices": list(get_args(hints[one.name])) if _is_literal(hints[one.name]) else None,
            "help": one.metadata.get("help", ""),
        }
        for one in fields(params)
    ]


def _check_name(kind: type[Params], name: str) -> None:
    known = [one.name for one in fields(kind)]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3) or known
        raise ParamError(f"No setting is called {name!r}. Did you mean: {', '.join(near)}?")


def _checked(one: Field[Any], hint: Any, value: Any) -> Any:
    if value is None and type(None) in get_args(hint):
        return None
    kind = _plain_type(hint)
    if kind is tuple:
        return _names(one.name, value)
    if _is_literal(hint):
        if value not in get_args(hint):
            raise ParamError(f"{one.name} must be {_type_name(hint)}; got {value!r}.")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if (kind is int and isinstance(value, bool)) or not isinstance(value, kind):
        raise ParamError(f"{one.name} must be {_type_name(hint)}; got {value!r}.")
    if kind in (int, float):
        _check_range(one, value)
    return value


def _names(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, tuple | list):
        raise ParamError(f"{name} must be a list of names; got {value!r}.")
    for part in value:
        if not isinstance(part, str | int | float):
            raise ParamError(f"{name} must be a list of names; it holds {part!r}.")
    return tuple(dict.fromkeys(str(part) for part in value))


def _check_range(one: Field[Any], value: float) -> None:
    low, high = one.metadata.get("low", -math.inf), one.metadata.get("high", math.inf)
    if isinstance(value, float) and not math.isfinite(value):
        raise ParamError(f"{one.name} must be a finite number; got {value!r}.")
    if not low <= value <= high:
        limits = f"lie in [{low}, {high}]" if math.isfinite(high) else f"be at least {low}"
        raise ParamError(f"{one.name} must {limits}; got {value!r}.")


def _read(name: str, hint: Any, text: str) -> Any:
    kind = _plain_type(hint)
    if text[:1] in ("[", "{", '"'):
        return _read_json(name, kind, text)
    if text == "" and type(None) in get_args(hint):
        return None
    if kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ParamError(f"{name} must be true or false; got {text!r}.")
        return text.lower() == "true"
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            raise ParamError(f"{name} must be {_type_name(hint)}; got {text!r}.") from None
    return text


def _read_json(name: str, kind: Any, text: str) -> Any:
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        if kind is str:  # an id or a condition may begin like JSON
            return text
        raise ParamError(f"{name} starts like JSON and is not: {error}. Got {text!r}.") from error
    if kind is str and not isinstance(value, str):
        return text
    if kind is tuple and isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _plain_type(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    return get_origin(hint) or hint


def _is_literal(hint: Any) -> bool:
    return get_origin(hint) is Literal


def _type_name(hint: Any) -> str:
    if _is_literal(hint):
        return "one of " + ", ".join(map(str, get_args(hint)))
    names = {tuple: "a list", float: "a number", int: "a whole number", bool: "true or false"}
    return names.get(_plain_type(hint), "text")

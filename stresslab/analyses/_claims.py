"""Claims as text: what a paper or a colleague says, written down so that it can be checked."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from stresslab.errors import ParamError

KEYS = (
    "says", "task", "metric", "slice", "model", "value", "values", "order", "tolerance", "stderr",
    "source",
)  # fmt: skip
EXAMPLE = '[[claim]]\norder = "A > B"\n\n[[claim]]\nmodel = "A"\nvalue = "0.81"\n'


@dataclass(frozen=True)
class Claim:
    """One thing to check: a number of a model, or that one model is better than another.

    Parameters
    ----------
    number : int
        Place in the file, from 1; several claims may come from one entry.
    says : str
        The claim in words.
    model, model_b : str
        The model; the one it is said to be better than, or empty for a number.
    printed : float or None
        The number as printed.
    tolerance : float
        Half a unit of its last digit: what rounding may hide.
    stderr : float or None
        Standard error printed beside it: then it is an estimate, too.
    task, metric, where, source : str
        Where it holds; empty for the default task. Who says so.
    """

    number: int
    says: str
    model: str
    model_b: str = ""
    printed: float | None = None
    tolerance: float = 0.0
    stderr: float | None = None
    task: str = ""
    metric: str = "score"
    where: str = ""
    source: str = ""


def read(text: str) -> list[Claim]:
    """Return the claims of a TOML file, given by its path or its text.

    Each ``[[claim]]`` has ``value`` (with ``model``), ``values`` (a table of models, or of slices
    with ``model``), or ``order`` (``"A > B > C"``, the better one first), and any of ``task,
    metric, slice, says, source, tolerance, stderr``. A value in quotes keeps its last zeros.

    Raises
    ------
    ParamError
        If the text is no TOML, or an entry cannot be understood; the message names it.
    """
    if not text.strip():
        return []
    if "\n" not in text and "=" not in text:
        try:
            text = Path(text).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ParamError(f"claims must be TOML or the path of a TOML file; {error}.") from error
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ParamError(f"The claims are no TOML: {error}. Write, e.g.:\n{EXAMPLE}") from error
    entries = said.get("claim")
    if not isinstance(entries, list) or not entries or set(said) - {"claim"}:
        other = ", ".join(sorted(set(said) - {"claim"})) or "nothing"
        raise ParamError(f"Claims are written as [[claim]]; found {other}. E.g.:\n{EXAMPLE}")
    found = [one for number, entry in enumerate(entries, 1) for one in _claims(number, entry)]
    return found


def _claims(number: int, entry: Any) -> list[Claim]:
    if not isinstance(entry, Mapping):
        raise ParamError(f"Claim {number} must be a table; got {entry!r}.")
    unknown = sorted(set(entry) - set(KEYS))
    if unknown:
        raise ParamError(
            f"Claim {number} has no key {unknown[0]!r}. Its keys are: {', '.join(KEYS)}."
        )
    kinds = [name for name in ("value", "values", "order") if name in entry]
    if len(kinds) != 1:
        raise ParamError(
            f"Claim {number} needs one of value, values and order; it has "
            f"{' and '.join(kinds) or 'none'}."
        )
    texts: dict[str, Any] = {
        "task": _text(number, entry, "task"), "source": _text(number, entry, "source"),
        "metric": _text(number, entry, "metric") or "score",
        "where": _text(number, entry, "slice"),
    }  # fmt: skip
    if kinds == ["order"]:
        return _ordered(number, entry, texts)
    if kinds == ["value"]:
        return [_valued(number, entry, entry["value"], _model(number, entry), texts)]
    values = entry["values"]
    if not isinstance(values, Mapping) or not values:
        raise ParamError(f"values of claim {number} must be a table; got {values!r}.")
    model = _text(number, entry, "model")
    if model:  # then the keys are slices of it
        return [
            _valued(number, entry, value, model, texts | {"where": _both(texts["where"], where)})
            for where, value in values.items()
        ]
    return [_valued(number, entry, value, name, texts) for name, value in values.items()]


def _ordered(number: int, entry: Mapping[str, Any], texts: dict[str, Any]) -> list[Claim]:
    order = [part.strip() for part in _text(number, entry, "order").split(">")]
    if len(order) < 2 or not all(order):
        raise ParamError(f'order of claim {number} must be like "A > B"; got {entry["order"]!r}.')
    says = _text(number, entry, "says")
    return [
        Claim(number, says or f"{a} is better than {b}", a, b, **texts) for a, b in pairwise(order)
    ]


def _valued(
    number: int, entry: Mapping[str, Any], value: Any, model: str, texts: dict[str, Any]
) -> Claim:
    printed, tolerance = _printed(number, value)
    if "tolerance" in entry:
        tolerance = _number(number, entry, "tolerance")
    stderr = _number(number, entry, "stderr") if "stderr" in entry else None
    says = _text(number, entry, "says") or f"{model} has {texts['metric']} {value}"
    return Claim(number, says, model, printed=printed, tolerance=tolerance, stderr=stderr, **texts)


def _printed(number: int, value: Any) -> tuple[float, float]:
    """Return a printed number and half a unit of its last digit; percent become shares."""
    text = str(value).strip()
    share = text.endswith("%")
    digits = text.removesuffix("%").strip()
    try:
        found = float(digits)
    except ValueError:
        found = float("nan")
    if isinstance(value, bool) or found != found or abs(found) == float("inf"):
        raise ParamError(f"The value of claim {number} must be a number; got {value!r}.")
    places = len(digits.partition(".")[2]) if "e" not in digits.lower() else 0
    half = 0.5 * 10.0**-places if "e" not in digits.lower() else abs(found) * 1e-12
    return (found / 100, half / 100) if share else (found, half)


def _model(number: int, entry: Mapping[str, Any]) -> str:
    model = _text(number, entry, "model")
    if not model:
        raise ParamError(f"Claim {number} is about a value, so it must name a model.")
    return model


def _text(number: int, entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise ParamError(f"{name} of claim {number} must be text; got {value!r}.")
    return value.strip()


def _number(number: int, entry: Mapping[str, Any], name: str) -> float:
    value = entry[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ParamError(f"{name} of claim {number} must be a number from 0 on; got {value!r}.")
    return float(value)


def _both(first: str, second: str) -> str:
    return f"({first}) and ({second})" if first and second else first or second

"""Turn what a file says into the types of our columns, or say why that is not possible."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from stresslab import lenient
from stresslab.nouns import STATUSES

NULLS = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "-", "?"})
NO_DOMAIN = frozenset({"nan", "null", "none", "nil", "n/a"})
TRUE = frozenset({"true", "yes", "correct", "right", "pass", "passed", "t", "y"})
FALSE = frozenset({"false", "no", "incorrect", "wrong", "fail", "failed", "f", "n"})
UNTOUCHED = frozenset({"original", "none", "clean", "identity", "untouched", "baseline", "no"})
STATUS_WORDS = {
    "ok": "answered", "success": "answered", "completed": "answered", "done": "answered",
    "abstain": "abstained", "skipped": "abstained", "no answer": "abstained",
    "refusal": "refused", "blocked": "refused",
    "error": "errored", "failed": "errored", "failure": "errored", "timeout": "errored",
    "pending": "unscored", "ungraded": "unscored",
} | {status: status for status in STATUSES}  # fmt: skip

_QUOTED: Callable[[str], str] = json.encoder.encode_basestring
_WRITTEN = json.JSONEncoder(ensure_ascii=False, default=str, allow_nan=False).encode
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


class ValueProblem(Exception):
    """A value cannot be what its column needs; the text says why."""


def is_null(value: Any) -> bool:
    """Return whether a file means "not known" by `value`: empty, NaN, "null", "N/A" ..."""
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, str):
        return value.strip().lower() in NULLS
    return value is None


def is_empty(value: Any) -> bool:
    """Return whether nothing stands there; "none" and "NA" may be an answer, a name, a country."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def text(value: Any) -> str | None:
    """Return a value as text; tables and lists as JSON; an empty text stays empty."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dict | list):
        return as_json(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").replace("\x00", "�")
    return str(value)


def name(value: Any) -> str | None:
    """Return a value as a name: text without white space around it, or None."""
    return None if is_empty(value) else (text(value) or "").strip() or None


def label(value: Any) -> str | None:
    """Return a value as a name where a word such as "none" or "N/A" says that there is none."""
    return None if is_null(value) else name(value)


def domain(value: Any) -> str | None:
    """Return a value as a name; "NA" is a country to some, "none" and "null" are no domain."""
    return None if str(value).strip().lower() in NO_DOMAIN else name(value)


def problem(value: Any) -> str | None:
    """Return what went wrong; a flag that is false, 0 or "no" says that nothing did."""
    if is_null(value) or value is False or (isinstance(value, int | float) and value == 0):
        return None
    said = str(text(value)).strip()
    return None if said in ("", "0") or said.lower() in FALSE - {"fail", "failed"} else said


def number(value: Any) -> float | None:
    """Return a value as a finite number; true is 1 and false is 0."""
    if is_null(value):
        return None
    if isinstance(value, str):
        word = value.strip().lower()
        if word in TRUE or word in FALSE:
            return float(word in TRUE)
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise ValueProblem("must be a number") from None
    except OverflowError:
        raise ValueProblem("must be a finite number") from None
    if not math.isfinite(found):
        raise ValueProblem("must be a finite number")
    return found


def whole(value: Any, low: int, high: int) -> int | None:
    """Return a value as a whole number in ``[low, high]``."""
    found = number(value)
    if found is None:
        return None
    if not found.is_integer() or not low <= found <= high:
        raise ValueProblem(f"must be a whole number from {low} to {high}")
    return int(found)


def share(value: Any) -> float | None:
    """Return a value as a number in ``[0, 1]``."""
    found = number(value)
    if found is not None and not 0 <= found <= 1:
        raise ValueProblem("must lie in [0, 1]")
    return found


def right_or_wrong(value: Any) -> int | None:
    """Return 1 for right, 0 for wrong."""
    found = number(value)
    if found is not None and found not in (0, 1):
        raise ValueProblem("must be right or wrong: 1 or 0, true or false")
    return None if found is None else int(found)


def status(value: Any) -> str | None:
    """Return one of the five statuses."""
    if is_null(value):
        return None
    word = str(value).strip().lower()
    if word not in STATUS_WORDS:
        raise ValueProblem(f"must be one of {', '.join(STATUSES)}; map its values to these")
    return STATUS_WORDS[word]


def probabilities(value: Any) -> list[float] | None:
    """Return a list of class probabilities."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueProblem("must be a list of numbers") from None
    if is_null(value):
        return None
    if not isinstance(value, list):
        raise ValueProblem("must be a list of numbers")
    found = [share(one) for one in value]
    if any(one is None for one in found):
        return None
    return [float(one) for one in found if one is not None]


def as_json(value: Any) -> str | None:
    """Return a value as JSON text; NaN becomes null, what is nested too deeply a note of it."""
    if value is None:
        return None
    kind = type(value)
    if kind is str:
        return _QUOTED(value)
    if kind is int or (kind is float and math.isfinite(value)):
        return repr(value)  # as JSON writes it, without the way there
    try:
        text = _text_of(value)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, default=str)
    except RecursionError:
        return '"nested too deeply"'
    return text if text.isascii() else lenient.clean(text)


def _text_of(value: Any) -> str:
    if type(value) is list:
        try:
            return f"[{', '.join(map(_QUOTED, value))}]"
        except TypeError:
            pass  # not only texts
        try:
            return f"[{', '.join(map(_message, value))}]"
        except (TypeError, AttributeError):
            pass  # not only objects of texts
    return _WRITTEN(value)


def _message(value: dict[str, str]) -> str:
    return f"{{{', '.join([f'{_QUOTED(name)}: {_QUOTED(one)}' for name, one in value.items()])}}}"


def listed(value: Any) -> list[Any] | None:
    """Return a list; a text that is a JSON list is read as one."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
    if is_empty(value):
        return None
    return value if isinstance(value, list) else [value]


def scalar(value: Any) -> Any:
    """Return an attribute as JSON keeps it: text that is a number becomes one."""
    if isinstance(value, str) and len(value) < 20 and _NUMBER.fullmatch(value.strip()):
        found = float(value)
        is_int = found.is_integer() and "." not in value and "e" not in value.lower()
        return int(value) if is_int else found
    return None if isinstance(value, float) and not math.isfinite(value) else value


def untouched(value: str | None) -> bool:
    """Return whether the name of a perturbation says that there is none."""
    return value is None or value.lower() in UNTOUCHED


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [_finite(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _finite(one) for key, one in value.items()}
    return value

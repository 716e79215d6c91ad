"""Cells of a CSV file: no text is taken for a formula, and every value can be read back."""

import json
import re
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""

_MARKED = re.compile(r"'*(?:[=+\-@\t\r]|\Z)")
_BEGINS_JSON = frozenset('{["-0123456789tfnNI \t\r\n')
_encode = json.JSONEncoder(ensure_ascii=False).encode


def unformula(value: Any) -> Any:
    """Return a text with ' before it if a spreadsheet would take it for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def marked(value: Any) -> Any:
    """Return a text as `unformula` does, so that `unmarked` gives it back.

    An empty text is ' and so told from a missing one; what looks marked already gets one ' more.
    """
    if not isinstance(value, str) or value[:1].isalnum():
        return value
    return f"'{value}" if _MARKED.match(value) else value


def unmarked(value: Any) -> Any:
    """Return the text that `marked` was given."""
    is_marked = isinstance(value, str) and value.startswith("'") and _MARKED.match(value[1:])
    return value[1:] if is_marked else value


def cell(value: Any) -> str | None:
    """Return a value as text: texts as they are, unless they look like JSON; the rest as JSON."""
    if value is None:
        return None
    if isinstance(value, str) and not _is_json(value):
        return value
    return _encode(value)


def uncell(text: Any) -> Any:
    """Return the value that `cell` was given."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_json(text: str) -> bool:
    if text[:1] not in _BEGINS_JSON:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True

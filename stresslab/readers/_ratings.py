"""Items without an id of their own, and preferences of raters."""

import hashlib
from collections import Counter
from typing import Any

from stresslab import nouns
from stresslab.readers import _values as values
from stresslab.readers._kind import RunKey
from stresslab.readers._mapping import Mapping, Source

Rating = tuple[str, str, str, str, str | None, float | None, float | None]


class TextIds:
    """Names items by a hash of their text: the order of a file says nothing.

    The second of two equal texts has ``-2`` behind its name.
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, text: str) -> str:
        """Return the id of the next item with this text."""
        name = text_id(text)
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name}-{self._seen[name]}"


def text_id(text: str) -> str:
    """Return the name of an item with this text."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()[:16]


def item_of(mapping: Mapping, row: dict[str, Any], key: RunKey) -> str:
    """Return the id the rows of an item get by the mapping."""
    items, item = (
        values.name(mapping.sources.get(role, Source()).getter()(row)) for role in ("items", "item")
    )
    return nouns.item_id(items or key.task, item or "")


def share(value: float) -> float:
    """Return a number cut to ``[0, 1]``."""
    return min(max(value, 0.0), 1.0)

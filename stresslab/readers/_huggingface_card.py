"""What the head of a data set's README.md says: which files hold which split, what labels mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stresslab.readers._records import head_of

DEFAULT = "default"
MOST_DEEP = 40
_FRONT = re.compile(rb"\A(?:\xef\xbb\xbf)?---\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class DataFiles:
    """Files of one split of one part, as patterns relative to the folder."""

    config: str
    split: str
    pattern: str

    def holds(self, path: str) -> bool:
        """Return whether a relative path, with ``/`` between folders, is one of them."""
        return re.fullmatch(_as_regex(self.pattern), path) is not None


@dataclass(frozen=True)
class Card:
    """What the head of a README.md says.

    Parameters
    ----------
    files : tuple of DataFiles
        In the order given; empty where it names none.
    features : dict
        Column to its declaration, as ``dataset_info.json`` has it.
    """

    files: tuple[DataFiles, ...] = ()
    features: dict[str, Any] = field(default_factory=dict)


def card_of(path: Path) -> Card:
    """Return what the head of a README.md says; an empty card where it cannot be read.

    YAML anchors are not followed: a few lines of them can stand for gigabytes.
    """
    found = _FRONT.search(head_of(path)) if path.is_file() else None
    if found is None:
        return Card()
    import yaml

    class Plain(yaml.SafeLoader):  # type: ignore[misc]
        """Refuses anchors, and nesting that is deeper than any card."""

        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent) or self.depth > MOST_DEEP:
                raise yaml.YAMLError("anchors and deep nesting are not read")
            self.depth += 1
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

    try:
        said = yaml.load(found[1].decode("utf-8", "replace"), Plain)
    except (yaml.YAMLError, ValueError):
        return Card()
    if not isinstance(said, dict):
        return Card()
    return Card(tuple(_files(said)), _features(said))


def _files(said: dict[Any, Any]) -> Iterator[DataFiles]:
    for one in _list(said.get("configs")):
        if isinstance(one, dict):
            yield from _of_config(str(one.get("config_name") or DEFAULT), one.get("data_files"))


def _of_config(config: str, told: Any) -> Iterator[DataFiles]:
    """Yield the files of a part: a pattern, a list of them, or patterns by split."""
    if isinstance(told, dict):
        told = [{"split": split, "path": path} for split, path in told.items()]
    for one in _list(told):
        if isinstance(one, str):
            yield DataFiles(config, "train", one)
        elif isinstance(one, dict):
            for pattern in _list(one.get("path")):
                if isinstance(pattern, str):
                    yield DataFiles(config, str(one.get("split") or "train"), pattern)


def _features(said: dict[Any, Any]) -> dict[str, Any]:
    """Return the columns that hold class labels, of the first part that declares columns."""
    for info in _list(said.get("dataset_info")):
        columns = _list(info.get("features")) if isinstance(info, dict) else []
        found = {}
        for one in columns:
            kind = one.get("dtype") if isinstance(one, dict) else None
            names = kind.get("class_label", {}).get("names") if isinstance(kind, dict) \
                and isinstance(kind.get("class_label"), dict) else None  # fmt: skip
            if isinstance(names, dict):  # '0': negative, '1': positive
                names = [names[key] for key in sorted(names, key=_number)]
            if isinstance(names, list) and names:
                declared = {"_type": "ClassLabel", "names": [str(name) for name in names]}
                found[str(one.get("name"))] = declared
        if columns:
            return found
    return {}


def _number(key: Any) -> tuple[int, str]:
    text = str(key)
    return (int(text), "") if text.isdecimal() and len(text) < 10 else (2**31, text)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _as_regex(pattern: str) -> str:
    """Return a glob as a regular expression: ``**`` crosses folders, ``*`` and ``?`` do not."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.removeprefix("./"))
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(one, re.escape(one)) for one in parts)

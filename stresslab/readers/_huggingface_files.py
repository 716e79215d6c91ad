"""The files of a folder of the Hugging Face `datasets` package, and what its labels are called."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.errors import ReadError
from stresslab.readers._huggingface_card import Card, card_of
from stresslab.readers._records import head_of, small_object
from stresslab.store import scan

DICT, INFO, STATE, CARD = "dataset_dict.json", "dataset_info.json", "state.json", "README.md"
MOST_FILES = 10_000
MOST_LEVELS = 4

_SHARD = re.compile(r"(?P<split>[A-Za-z]\w*(?:\.\w+)*)-\d{5}-of-\d{5}(?:-[0-9a-f]+)?\.\w+")
"""How the package names the files of a split; a cache puts the name of the builder in front."""
_SPLITS = {
    "train": "train", "training": "train", "test": "test", "testing": "test", "eval": "test",
    "evaluation": "test", "validation": "validation", "valid": "validation", "val": "validation",
    "dev": "validation",
}  # fmt: skip
_CARD = re.compile(rb"^---\r?\n.*?^(?:dataset_info|configs|data_files):", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class DataFile:
    """A file with rows.

    Parameters
    ----------
    path : Path
        Where it lies.
    split : str
        Which rows it holds: train, test ...
    config : str
        The part of the data set; empty if there is only one.
    """

    path: Path
    split: str
    config: str = ""


@dataclass(frozen=True)
class Folder:
    """A data set on disk.

    Parameters
    ----------
    path : Path
        Its folder.
    files : tuple of DataFile
        In the order they are read.
    beside : tuple of Path
        What says something of them.
    info : dict
        What ``dataset_info.json`` says.
    """

    path: Path
    files: tuple[DataFile, ...]
    beside: tuple[Path, ...] = ()
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return what the data set is called."""
        return self.path.resolve().name

    @cached_property
    def features(self) -> dict[str, Any]:
        """Return what its columns are, as the package declares them."""
        declared = self.info.get("features")
        found = dict(declared) if isinstance(declared, dict) else {}
        for one in self.files[:1]:
            if scan.format_of(one.path) in ("parquet", "arrow"):
                found |= _noted(one.path)
        return found


def is_folder(path: Path) -> bool:
    """Return whether a folder is a data set, by the names in it."""
    if not path.is_dir():
        return False
    if (path / DICT).is_file() or ((path / STATE).is_file() and (path / INFO).is_file()):
        return True
    has_card = (path / CARD).is_file() and _CARD.search(head_of(path / CARD)) is not None
    if not has_card and not (path / INFO).is_file() and not (path / "data").is_dir():
        return False
    if has_card and any(_told(path, card_of(path / CARD))):
        return True
    is_described = has_card or (path / INFO).is_file()
    has_some = False
    for one in _tables(path):  # stops at the first that is none of it
        has_some = True
        is_described |= _SHARD.fullmatch(one.name) is not None
        if not _split_of(path, one):
            return False
    return has_some and is_described


def opened(path: Path) -> Folder:
    """Return the files of a data set.

    Raises
    ------
    ReadError
        If it has no file with rows, or keeps its rows in another order than its files.
    """
    if (path / DICT).is_file():
        said, _ = small_object(path / DICT)
        names = said.get("splits")
        splits = [str(one) for one in names] if isinstance(names, list) else []
        splits = [one for one in splits if _is_inside(path / one, path)]
        parts = [_saved(path / split, split) for split in splits]
        files = tuple(one for part in parts for one in part.files)
        beside = (path / DICT, *(one for part in parts for one in part.beside))
        found = Folder(path, files, beside, parts[0].info if parts else {})
    elif (path / STATE).is_file():
        found = _saved(path, "")
    else:
        found = _published(path)
    if not found.files:
        raise ReadError(f"{path} must hold files with rows, such as data-00000-of-00001.arrow.")
    return found


def _saved(path: Path, split: str) -> Folder:
    """Return what ``save_to_disk`` wrote of one split."""
    state, info = small_object(path / STATE)[0], small_object(path / INFO)[0]
    if any(state.get(key) for key in ("_indices_files", "_indices_data_files")):
        raise ReadError(
            f"{path} keeps a selection of rows beside its files. Save it anew with a newer version "
            "of datasets, or after `flatten_indices()`."
        )
    listed = state.get("_data_files")
    names = [one.get("filename") for one in listed if isinstance(one, dict)] \
        if isinstance(listed, list) else []  # fmt: skip
    paths = [path / one for one in names if isinstance(one, str)]
    paths = [one for one in paths if _is_inside(one, path)] or sorted(path.glob("*.arrow"))
    said = split or str(state.get("_split") or "")
    beside = tuple(one for one in (path / STATE, path / INFO) if one.is_file())
    return Folder(path, tuple(DataFile(one, said) for one in paths if one.is_file()), beside, info)


def _published(path: Path) -> Folder:
    """Return what lies in a repository of the Hub, or in the cache of the package."""
    info, _ = small_object(path / INFO) if (path / INFO).is_file() else ({}, [])
    card = card_of(path / CARD)
    if card.features and not isinstance(info.get("features"), dict):
        info = info | {"features": card.features}
    found = list(_told(path, card)) or [
        DataFile(one, _split_of(path, one), _config_of(path, one)) for one in _tables(path)
    ]
    several = len({one.config for one in found}) > 1
    order = {"train": 0, "validation": 1, "test": 2}
    files = sorted(
        (DataFile(one.path, one.split, one.config if several else "") for one in found),
        key=lambda one: (one.config, order.get(one.split, 3), one.split, str(one.path)),
    )
    beside = tuple(one for one in (path / CARD, path / INFO) if one.is_file())
    return Folder(path, tuple(files), beside, info)


def _told(path: Path, card: Card) -> Iterator[DataFile]:
    """Yield the tables that a card names; one that several parts share belongs to each."""
    if not card.files:
        return
    for one in _tables(path):
        name = one.relative_to(path).as_posix()
        seen = set()
        for told in card.files:
            if told.holds(name) and told.config not in seen:
                seen.add(told.config)
                yield DataFile(one, told.split, told.config)


def _tables(path: Path, levels: int = MOST_LEVELS) -> Iterator[Path]:
    """Yield the tables in a folder, without links, hidden files and folders far below."""
    try:
        entries = sorted(os.scandir(path), key=lambda one: one.name)[:MOST_FILES]
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink() or entry.name.startswith("."):
            continue
        if entry.is_dir() and levels:
            yield from _tables(Path(entry.path), levels - 1)
        elif entry.is_file() and Path(entry.name).suffix.lower() in scan.ENDINGS:
            yield Path(entry.path)


def _split_of(folder: Path, path: Path) -> str:
    """Return the split that the name of a file, or of a folder above it, says; empty if none."""
    shard = _SHARD.fullmatch(path.name)
    if shard:
        last = re.split(r"[-]", shard["split"])[-1]
        return _SPLITS.get(last.lower(), last)
    for word in (path.name.split(".")[0], *reversed(path.relative_to(folder).parts[:-1])):
        parts = [part for part in re.split(r"[-_.]", word.lower()) if part in _SPLITS]
        if parts:
            return _SPLITS[parts[-1]]
    return ""


def _config_of(folder: Path, path: Path) -> str:
    above = [one for one in path.relative_to(folder).parts[:-1]
             if one != "data" and one.lower() not in _SPLITS]  # fmt: skip
    return "/".join(above)


def _is_inside(path: Path, folder: Path) -> bool:
    return path.parent == folder and path.exists() and not path.is_symlink()


def _noted(path: Path) -> dict[str, Any]:
    """Return the features that the package notes inside of its files."""
    try:
        noted = lenient.loads(scan.notes_of(path).get("huggingface", "{}"))
        features = noted["info"]["features"]
    except (lenient.JsonProblem, ReadError, KeyError, TypeError):
        return {}
    return dict(features) if isinstance(features, dict) else {}

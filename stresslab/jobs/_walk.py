"""Find the sources in files and folders: what one reader reads as a whole."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path

from stresslab.errors import ReadError
from stresslab.readers import readers
from stresslab.readers._npz import OBJECTS, has_objects

PICKLES = (".pkl", ".pickle", ".pth", ".pt", ".joblib", ".dill", ".ckpt", ".pck")
"""Endings of files that run code when they are opened."""

NEVER = "a pickle can run code when it is opened; save the same as a table, .npz or JSON"
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".7z", ".rar")
PACKED = "an archive is not unpacked; unpack it and give its folder"
JUNK = ("__MACOSX", "__pycache__")


@dataclass(frozen=True)
class Found:
    """One source: all files that a reader reads together.

    Parameters
    ----------
    path : Path
        Its main file, or its folder.
    reader : str
        Name of the reader that claims it.
    parts : tuple of Path
        Every file of it.
    """

    path: Path
    reader: str
    parts: tuple[Path, ...]

    @property
    def bytes(self) -> int:
        """Return the size of all files together."""
        return sum(part.stat().st_size for part in self.parts)

    @property
    def ends(self) -> dict[Path, int]:
        """Return how many bytes lie behind one when each of the files was read."""
        sizes = accumulate(part.stat().st_size for part in self.parts)
        return dict(zip(self.parts, sizes, strict=True))


@dataclass
class Walked:
    """What a walk found.

    Parameters
    ----------
    sources : list of Found
        In the order of their paths.
    refused : dict of Path to str
        Files and folders that are not opened, and why.
    unclaimed : list of Path
        Files that no reader knows.
    """

    sources: list[Found] = field(default_factory=list)
    refused: dict[Path, str] = field(default_factory=dict)
    unclaimed: list[Path] = field(default_factory=list)


def walk(paths: Sequence[Path], reader: str | None = None, *, is_needed: bool = True) -> Walked:
    """Return the sources among files and folders.

    A folder that a reader claims is one source; every other folder is walked. Hidden files, links
    and workspaces inside of a folder are left out, and so is a file that is part of another source.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    reader : str, optional
        The only reader to ask; a file given by its own path is then taken as one of its own.
    is_needed : bool
        Whether it is an error if there is no source.

    Raises
    ------
    ReadError
        If a path does not exist, two readers are equally sure of one, or there is no source.
    """
    walked, found = Walked(), dict[Path, Found]()
    for path in paths:
        if not path.exists():
            raise ReadError(f"There must be a file or folder at {path}; there is none.")
        for one in _candidates(path, walked, partial(_claimed, reader=reader, given=path)):
            found.setdefault(one.path.resolve(), one)
    walked.sources = _whole(list(found.values()))
    within = {part.resolve() for one in walked.sources for part in one.parts}
    walked.unclaimed = [one for one in walked.unclaimed if one.resolve() not in within]
    if is_needed and not walked.sources:
        raise ReadError(_nothing(paths, walked))
    return walked


def surest(path: Path) -> str | None:
    """Return the name of the reader that is surest that a file or folder is its own.

    Raises
    ------
    ReadError
        If two are equally sure.
    """
    sure = sorted(((reader.sniff(path), name) for name, reader in readers), reverse=True)
    if not sure or sure[0][0] <= 0:
        return None
    if len(sure) > 1 and sure[0][0] == sure[1][0]:
        raise ReadError(
            f"{path} could be {sure[0][1]} or {sure[1][1]}. "
            'Give a mapping that starts with `reader = "..."`.'
        )
    return sure[0][1]


def _claimed(path: Path, *, reader: str | None, given: Path) -> Found | None:
    if reader is None:
        name = surest(path)
    elif readers.get(reader).sniff(path) > 0 or (path == given and path.is_file()):
        name = reader
    else:
        name = None
    return Found(path, name, tuple(readers.get(name).parts(path))) if name else None


def _candidates(path: Path, walked: Walked, claimed: "partial[Found | None]") -> Iterator[Found]:
    try:
        reason = _refusal(path)
        if reason:
            walked.refused[path] = reason
            return
        found = claimed(path)
        inside = sorted(os.scandir(path), key=lambda one: one.name) if path.is_dir() else []
    except OSError as error:
        walked.refused[path] = f"cannot be opened: {error.strerror or error}"
        return
    if found:
        yield found
        return
    if path.name.lower().endswith(ARCHIVES) and path.is_file():
        walked.refused[path] = PACKED
    elif not path.is_dir():
        walked.unclaimed.append(path)
    for entry in inside:
        below = path / entry.name
        if entry.name.startswith(".") or entry.name in JUNK:
            continue
        if entry.is_symlink():
            walked.refused[below] = "a link: links inside of a folder are not followed"
        elif entry.is_dir() or entry.is_file():
            yield from _candidates(below, walked, claimed)
        else:
            walked.refused[below] = "neither a file nor a folder"


def _refusal(path: Path) -> str:
    """Return why a path is never opened; empty if it may be."""
    name = path.name.lower()
    if path.is_dir():
        return "a workspace of stresslab" if (path / "workspace.toml").is_file() else ""
    if name.removesuffix(".gz").removesuffix(".bz2").endswith(PICKLES):
        return NEVER
    return OBJECTS if name.endswith((".npy", ".npz")) and has_objects(path) else ""


def _whole(found: list[Found]) -> list[Found]:
    """Return the sources without those that are a part of another."""
    parts = [{part.resolve() for part in one.parts} for one in found]
    owners = defaultdict[Path, list[int]](list)
    for n, below in enumerate(parts):
        for part in below:
            owners[part].append(n)
    kept = []
    for n, one in enumerate(found):
        others = [owner for owner in owners[one.path.resolve()] if owner != n]
        if all(found[other].path.resolve() in parts[n] and n < other for other in others):
            kept.append(one)  # of two that claim each other, the first
    return sorted(kept, key=lambda one: str(one.path))


def _nothing(paths: Sequence[Path], walked: Walked) -> str:
    named = ", ".join(map(str, paths))
    if walked.refused:
        path, reason = next(iter(walked.refused.items()))
        more = f" ({len(walked.refused) - 1} more)" if len(walked.refused) > 1 else ""
        return f"Nothing to read in {named}. {path}: {reason}{more}."
    is_one = len(paths) == 1 and paths[0].is_file()
    return (
        f"No reader knows {named if is_one else f'a file in {named}'}. There are: "
        f"{', '.join(readers.names())}; `stresslab describe readers NAME` says what each reads."
    )

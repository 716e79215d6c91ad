"""Keep what was uploaded: a folder per upload, named by its content, in the user's cache."""

import hashlib
import json
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from stresslab.errors import ReadError
from stresslab.places import cache_folder
from stresslab.store import durable

KEPT_DAYS = 30
BLOCK = 1 << 20
LONGEST = 150
"""Bytes of a name that is kept: file systems take 255, and a letter may have four."""
_NAME = re.compile(r"[0-9a-f]{32}")
_PATH = "typed"
_ODD = re.compile(r"[^\w.+=,@ -]")


def keep(files: Iterable[tuple[str, BinaryIO]]) -> str:
    """Write uploaded files into a folder of their own and return its name.

    The same files again give the same folder, which is not written again.

    Parameters
    ----------
    files : iterable of (name, file)
        Names as the sender gave them; nothing of a name becomes a path but letters, digits and a
        few signs of its last part.

    Raises
    ------
    ReadError
        If there is no file.
    """
    inbox = _inbox()
    aside = inbox / f".new-{uuid.uuid4().hex}"
    aside.mkdir(parents=True)
    try:
        marks = [_written(aside, name, file) for name, file in files]
        if not marks:
            raise ReadError("An upload must hold a file; it holds none. Choose files again.")
        name = hashlib.sha256("\n".join(sorted(marks)).encode()).hexdigest()[:32]
        if not (inbox / name).exists():
            aside.rename(inbox / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _tidy(inbox, name)
    return name


def folder_of(name: str) -> Path | None:
    """Return the folder of an upload, or None if there is none of that name (any more)."""
    path = _inbox() / name
    return path if _NAME.fullmatch(name) and path.is_dir() else None


def holds(path: Path) -> bool:
    """Return whether a file came by upload."""
    return path.resolve().is_relative_to(_inbox().resolve())


def name_of(path: Path) -> str | None:
    """Return the name of the upload a file came by, if it came by one that is still there."""
    if not holds(path) or not path.exists():
        return None
    return path.resolve().relative_to(_inbox().resolve()).parts[0]


def keep_mappings(texts: Mapping[str, str]) -> str:
    """Write the mappings of the sources of an upload, by their paths in it; return their name."""
    content = json.dumps(texts, sort_keys=True).encode()
    name = hashlib.sha256(content).hexdigest()[:32]
    path = _mappings() / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write_bytes(path, content)
        _tidy(path.parent, name)
    return name


def keep_path(path: str) -> str:
    """Write down a path that was typed and return the name a link may carry in its place."""
    return keep_mappings({_PATH: path})


def path_of(name: str) -> str | None:
    """Return a path that was typed at this computer by the name it was kept under."""
    return mappings_of(name).get(_PATH)


def mappings_of(name: str) -> dict[str, str]:
    """Return mappings by the name they were kept under; none if there are none (any more)."""
    path = _mappings() / name
    if not _NAME.fullmatch(name) or not path.is_file():
        return {}
    try:
        found: dict[str, str] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found


def plain_name(name: str) -> str:
    """Return the last part of a name without any sign that means something to a file system."""
    last = re.split(r"[\\/]", name)[-1]
    plain = _ODD.sub("_", last).lstrip(". ").rstrip(". ") or "file"
    if len(plain.encode()) <= LONGEST:
        return plain
    ending = "".join(Path(plain).suffixes[-2:])[-20:]
    room = LONGEST - len(ending.encode())
    return plain.encode()[:room].decode(errors="ignore") + ending


def _inbox() -> Path:
    return cache_folder() / "uploads"


def _mappings() -> Path:
    return cache_folder() / "mappings"


def _written(folder: Path, name: str, file: BinaryIO) -> str:
    plain = plain_name(name)
    path, number = folder / plain, 2
    while path.exists():
        path, number = folder / f"{number}_{plain}", number + 1
    digest = hashlib.sha256()
    with path.open("xb") as out:
        while block := file.read(BLOCK):
            digest.update(block)
            out.write(block)
    return f"{digest.hexdigest()} {path.name}"


def _tidy(inbox: Path, name: str) -> None:
    """Remove what nobody sent again for a month; what was imported of it stays."""
    (inbox / name).touch()
    old = time.time() - KEPT_DAYS * 86_400
    for one in inbox.iterdir():
        if one.stat().st_mtime < old:
            shutil.rmtree(one, ignore_errors=True) if one.is_dir() else one.unlink(missing_ok=True)

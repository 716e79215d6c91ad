"""The few ways anything reaches the disk: written aside, synced, renamed.

Every step passes `checkpoint`, so that a test can stop the process before and after each one.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

_hook: Callable[[str], None] | None = None


def set_hook(hook: Callable[[str], None] | None) -> None:
    """Call `hook(label)` at every checkpoint from now on; None stops that."""
    global _hook
    _hook = hook


def checkpoint(label: str) -> None:
    """Mark a point at which a process may die."""
    if _hook is not None:
        _hook(label)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a half."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    checkpoint(f"before write {path.name}")
    aside.write_bytes(content)
    checkpoint(f"after write {path.name}")
    sync(aside)
    replace(aside, path)


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    checkpoint(f"before fsync {path.name}")
    flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) if path.is_dir() else os.O_RDONLY
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    checkpoint(f"after fsync {path.name}")


def replace(source: Path, target: Path) -> None:
    """Rename in one step and make the new name durable."""
    checkpoint(f"before rename {target.name}")
    os.replace(source, target)
    checkpoint(f"after rename {target.name}")
    sync(target.parent)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

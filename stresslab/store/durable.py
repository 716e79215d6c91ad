"""The few ways anything reaches the disk: written aside, synced, renamed.

Every step passes `checkpoint`, so that a test can stop the process before and after each one.
"""

import hashlib
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stresslab.errors import WorkspaceError

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
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        checkpoint(f"before write {path.name}")
        aside.write_bytes(content)
        checkpoint(f"after write {path.name}")
        sync(aside)
        replace(aside, path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    checkpoint(f"before fsync {path.name}")
    if os.name != "nt":
        handle = os.open(path, os.O_RDONLY)
    elif path.is_dir():  # Windows keeps names without being asked
        return
    else:
        handle = os.open(path, os.O_RDWR)
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


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says when it cannot write into a sentence that names the file.

    Raises
    ------
    WorkspaceError
        In place of any OSError.
    """
    try:
        yield
    except OSError as error:
        named = error.filename or path
        raise WorkspaceError(
            f"{named} must be writable: {error.strerror or error}. "
            "Free some space, or copy the workspace to a folder of yours."
        ) from error

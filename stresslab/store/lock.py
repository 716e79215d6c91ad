"""One writer for one unfinished folder: a lock that dies with its process."""

import contextlib
import errno
import json
import os
import shutil
import socket
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from stresslab.errors import BusyError, WorkspaceError
from stresslab.store import durable

NAME = "lock"
DOOMED = ".doomed-"
"""Folders with this prefix are being deleted and are nobody's any more."""

_TAKEN = {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK}


class FolderLock:
    """An advisory lock on a folder, held by this process until `release` or its death.

    The operating system drops the lock of a process that is gone, however it went: a lock file
    left behind is never mistaken for a living writer, nor is another process that was given the
    same number since. The file names process and host for people.
    """

    def __init__(self, folder: Path, name: str = NAME) -> None:
        self.folder = folder
        self.path = folder / name
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release(tidy=True)

    def acquire(self, wait: float = 0.2) -> None:
        """Take the lock.

        Parameters
        ----------
        wait : float
            Seconds to try for: others hold a lock for a moment just to see whether it is free.

        Raises
        ------
        BusyError
            If another living process, or another writer of this one, holds it.
        WorkspaceError
            If the disk keeps no locks.
        """
        give_up = time.monotonic() + wait
        while True:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                file = self.path.open("a+", encoding="utf-8")
            except FileNotFoundError:  # the folder went away in between
                continue
            if _try_lock(file, self.path):
                if self._is_still_there(file):
                    break
                file.close()
            elif time.monotonic() < give_up:
                file.close()
                time.sleep(0.01)
            else:
                raise self._busy(file)
        file.seek(0)
        file.truncate()
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        file.flush()
        self._file = file

    def release(self, *, tidy: bool = False) -> None:
        """Give the lock up, and delete its file if `tidy`; harmless if it is not held."""
        if self._file is not None:
            if tidy:
                self.path.unlink(missing_ok=True)
            _unlock(self._file)  # also where a forked child still has the file open
            self._file.close()
            self._file = None

    def is_held_elsewhere(self) -> bool:
        """Tell whether a living process holds the lock."""
        try:
            with self.path.open("r+", encoding="utf-8") as file:
                free = _try_lock(file, self.path)
                if free:
                    _unlock(file)
                return not free
        except PermissionError:  # the file of another user: better not touched
            return True
        except OSError:
            return False

    def remove(self) -> None:
        """Delete the locked folder so that nobody can find it half deleted, and release."""
        doomed = self.folder.with_name(f"{DOOMED}{uuid.uuid4().hex[:12]}")
        try:
            durable.checkpoint(f"before rename {self.folder.name} to delete it")
            os.replace(self.folder, doomed)
            durable.checkpoint(f"after rename {self.folder.name} to delete it")
            shutil.rmtree(doomed, ignore_errors=True)
        finally:
            self.release()

    def _busy(self, file: IO[str]) -> BusyError:
        holder = "another process"
        with contextlib.suppress(OSError, ValueError):
            file.seek(0)
            said = json.loads(file.read())
            holder = f"process {said['pid']} on {said['host']}"
        file.close()
        return BusyError(
            f"Only one process at a time may write {self.folder}; "
            f"{holder} is writing it (pid and host in {self.path.name}). "
            "Wait for it, or stop it."
        )

    def _is_still_there(self, file: IO[str]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except OSError:
            return False


def _try_lock(file: IO[str], path: Path) -> bool:
    """Take the lock of an open file, or return False if somebody has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(1 << 20)  # a byte nobody reads
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise WorkspaceError(
            f"The disk of {path} must keep file locks: {error.strerror}. "
            "Put the workspace on a local disk."
        ) from error
    return True


def _unlock(file: IO[str]) -> None:
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)

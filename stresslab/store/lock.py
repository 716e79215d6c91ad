"""One writer for one unfinished run: a lock that dies with its process."""

import json
import os
import socket
from pathlib import Path
from typing import IO

from stresslab.errors import BusyError

NAME = "lock"


class FolderLock:
    """An advisory lock on a folder, held by this process until `release` or its death.

    The operating system drops the lock of a process that is gone, however it went, so a lock left
    behind is never mistaken for a living writer. The file names process and host for people.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        BusyError
            If another living process, or another writer of this one, holds it.
        """
        while True:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                file = (self.folder / NAME).open("a+", encoding="utf-8")
            except FileNotFoundError:  # the folder went away in between
                continue
            if not _try_lock(file):
                file.seek(0)
                holder = file.read().strip() or "an unnamed process"
                file.close()
                raise BusyError(
                    f"Only one process at a time may write {self.folder.name}; "
                    f"{holder} is writing it. Wait for it, or stop it."
                )
            if self._is_still_there(file):
                break
            file.close()
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock up; harmless if it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def is_held_elsewhere(self) -> bool:
        """Tell whether a living process holds the lock."""
        try:
            with (self.folder / NAME).open("r+", encoding="utf-8") as file:
                return not _try_lock(file)
        except OSError:
            return False

    def _is_still_there(self, file: IO[str]) -> bool:
        try:
            return os.fstat(file.fileno()).st_ino == (self.folder / NAME).stat().st_ino
        except OSError:
            return False


def _try_lock(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

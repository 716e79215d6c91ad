"""Import new logs as they appear in a folder."""

import time
from collections.abc import Iterator
from pathlib import Path

from stresslab.errors import BusyError, ReadError, RowError
from stresslab.jobs._events import Done, Event, Progress
from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers._mapping import Mapping

SECONDS = 2.0
Marks = dict[Path, tuple[tuple[str, int, int], ...]]


def watch_logs(
    workspace: Path, folder: Path, *, mapping: Path | None = None, every: float = SECONDS
) -> Iterator[Event]:
    """Yield events for ever: whatever appears or changes in a folder is imported once it rests.

    Parameters
    ----------
    workspace : Path
        A folder that does not exist yet becomes a workspace.
    folder : Path
        Where logs appear.
    mapping : Path, optional
        As for `import_logs`.
    every : float
        Seconds between two looks. A source whose files changed since the last look is still being
        written, and waits.

    Yields
    ------
    Event
        A `Done` for every source that was imported, or that could not be read.

    Raises
    ------
    ReadError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise ReadError(f"There must be a folder to watch at {folder}; there is none.")
    reader = Mapping.load(mapping).reader or None if mapping else None
    before, done = Marks(), Marks()
    while True:
        now = _marks(folder, reader)
        for path, mark in now.items():
            if before.get(path) != mark or done.get(path) == mark:
                continue
            try:
                yield from import_logs(workspace, [path], mapping=mapping)
            except BusyError:
                continue  # another process is importing it: look again
            except (ReadError, RowError, OSError) as error:
                yield Done(f"{path} could not be read: {error}", {"failed": 1})
            done[path] = mark
        before = now
        yield Progress(0, None, "looks", f"Watching {folder}; Ctrl-C ends it")
        time.sleep(every)


def _marks(folder: Path, reader: str | None) -> Marks:
    """Return by source what changes when one of its files does."""
    try:
        sources = walk([folder], reader, is_needed=False).sources
        return {
            one.path: tuple(
                (str(part), stat.st_size, stat.st_mtime_ns)
                for part in one.parts
                for stat in (part.stat(),)
            )
            for one in sources
        }
    except FileNotFoundError:  # a file went away while its folder was looked at
        return {}

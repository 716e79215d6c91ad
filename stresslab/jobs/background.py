"""Run a job beside the page that started it: it goes on when the page is drawn anew or closed."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from stresslab.errors import StresslabError
from stresslab.jobs._events import Done, Event, Progress

_works: dict[str, "Work"] = {}
_door = threading.Lock()


@dataclass
class Work:
    """A job that was started, and how far it is.

    Parameters
    ----------
    title : str
        What it does, for people.
    note : object
        What the one who started it wants to know later.
    progress : Progress or None
        The last one.
    done : Done or None
        How it ended, if well.
    error : str
        Why it could not go on; empty if nothing went wrong.
    stopped : bool
        Whether somebody asked it to stop.
    """

    title: str
    note: Any = None
    progress: Progress | None = None
    done: Done | None = None
    error: str = ""
    stopped: bool = False
    began: float = field(default_factory=time.monotonic)
    _thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Return whether it is still at work."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def share(self) -> float | None:
        """Return how much is done, from 0 to 1, if that is known."""
        one = self.progress
        return min(one.done / one.total, 1.0) if one and one.total else None

    @property
    def rows_a_second(self) -> float | None:
        """Return how fast rows come in, if the job counts them."""
        return self.progress.rows / self._seconds if self.progress and self.progress.rows else None

    @property
    def seconds_left(self) -> float | None:
        """Return how long the rest takes at the speed so far, once enough is known to say."""
        share = self.share
        if not share or share < 0.02 or self._seconds < 1:
            return None
        return self._seconds * (1 - share) / share

    def stop(self) -> None:
        """Ask the job to stop after its present step; what it wrote is kept by the job's rules."""
        self.stopped = True

    def wait(self, seconds: float | None = None) -> None:
        """Return when it has ended, or the time is over."""
        if self._thread is not None:
            self._thread.join(seconds)

    @property
    def _seconds(self) -> float:
        return max(time.monotonic() - self.began, 0.1)

    def _begin(self, events: Callable[[], Iterator[Event]]) -> None:
        self._thread = threading.Thread(target=self._follow, args=(events,), daemon=True)
        self._thread.start()

    def _follow(self, events: Callable[[], Iterator[Event]]) -> None:
        done = None
        try:
            source = events()
            for event in source:
                if isinstance(event, Done):
                    done = event
                else:
                    self.progress = event
                if self.stopped and done is None:
                    source.close()  # type: ignore[attr-defined]  # jobs are generators
                    return
            self.done = done
        except (StresslabError, OSError) as error:
            self.error = str(error)
        except Exception as error:  # a thread has nobody above it who could say so
            self.error = f"Something unforeseen happened ({type(error).__name__}): {error}"


def start(name: str, title: str, events: Callable[[], Iterator[Event]], note: Any = None) -> Work:
    """Start a job, unless one of that name is still at work; return the one that is.

    Parameters
    ----------
    name : str
        Tells works apart: a second press of a button starts nothing.
    title : str
        What it does, for people.
    events : callable
        Starts the job and returns its events; called in a thread of its own.
    note : object
        Is kept with it.
    """
    with _door:
        known = _works.get(name)
        if known is not None and known.is_running:
            return known
        _works[name] = work = Work(title, note)
        work._begin(events)
    return work


def find(name: str) -> Work | None:
    """Return the last job of that name, running or ended, until it is forgotten."""
    return _works.get(name)


def forget(name: str) -> None:
    """Forget a job that has ended."""
    with _door:
        known = _works.get(name)
        if known is not None and not known.is_running:
            del _works[name]

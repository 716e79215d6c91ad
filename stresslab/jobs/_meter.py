"""Follow a computation that says now and then how far it is, as events of a job."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from stresslab.jobs._events import Progress

T = TypeVar("T")
SECONDS = 0.25


class Stopped(Exception):
    """The one who follows has gone; raised inside the computation at its next report."""


class Followed(Generic[T]):
    """A computation in a thread of its own; iterate over `events`, then take `value`.

    Closing the iterator, as a Ctrl-C or a page's stop button does, ends the computation at its
    next report.
    """

    def __init__(self, work: Callable[[Callable[[int, int, str], None]], T]) -> None:
        self._work, self._gone = work, threading.Event()
        self._said: queue.Queue[Progress] = queue.Queue()
        self._error: BaseException | None = None
        self._value: Any = None

    @property
    def value(self) -> T:
        """Return what was computed."""
        found: T = self._value
        return found

    def events(self, unit: str, message: str = "") -> Iterator[Progress]:
        """Yield progress until the computation is done; raise what it raised."""
        thread = threading.Thread(target=self._run, args=(unit, message), daemon=True)
        thread.start()
        try:
            while thread.is_alive() or not self._said.empty():
                last = self._latest()
                if last is not None:
                    yield last
        finally:
            self._gone.set()
            thread.join()
        if self._error is not None:
            raise self._error

    def _latest(self) -> Progress | None:
        """Return the last report of a moment, if there was one."""
        last, until = None, time.monotonic() + SECONDS
        while (left := until - time.monotonic()) > 0:
            try:
                last = self._said.get(timeout=left)
            except queue.Empty:
                break
            if last.total is not None and last.done >= last.total:
                break
        return last

    def _run(self, unit: str, message: str) -> None:
        def report(done: int, total: int, what: str) -> None:
            if self._gone.is_set():
                raise Stopped
            self._said.put(Progress(done, total, unit, f"{message}: {what}" if message else what))

        try:
            self._value = self._work(report)
        except Stopped:
            pass
        except BaseException as error:
            self._error = error

"""What a benchmark declares, and how anything is timed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

BEST_OF = 5


@dataclass(frozen=True)
class Row:
    """One measured line: what, how large, how long, and against whom."""

    what: str
    n: int
    seconds: float
    opponent: str = ""
    opponent_seconds: float | None = None
    wanted: str = ""
    note: str = ""

    def text(self) -> str:
        """Return the line as it is printed."""
        line = f"{self.what:<58} {self.n:>11,} {_time(self.seconds):>10}"
        if self.opponent_seconds is not None:
            ratio = self.opponent_seconds / self.seconds
            line += f"  {self.opponent:<16} {_time(self.opponent_seconds):>10}  x{ratio:<8.2f}"
        elif self.n:
            line += f"  {self.n / self.seconds:>12,.0f} /s"
        return (
            line + (f"  [wanted {self.wanted}]" if self.wanted else "") + f"  {self.note}".rstrip()
        )


@dataclass(frozen=True)
class Bench:
    """One idea measured: `run(scale)` yields rows; scale 1 is the full size."""

    title: str
    run: Callable[[float], Iterator[Row]]


def best(work: Callable[[], Any], times: int = BEST_OF) -> float:
    """Return the seconds of the quickest of some runs, after one that is not counted."""
    work()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def once(work: Callable[[], Any]) -> float:
    """Return the seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 10 else f"{seconds:.1f} s"

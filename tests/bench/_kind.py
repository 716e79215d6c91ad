"""What a benchmark declares, and how anything is timed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

BEST_OF = 5


@dataclass(frozen=True)
class Asked:
    """What the command line asked for.

    Parameters
    ----------
    scale : float
        Share of the full size.
    opponents : tuple of str
        Who to measure beside ours: pandas, polars, sql.
    """

    scale: float
    opponents: tuple[str, ...] = ("pandas", "polars", "sql")

    def n(self, full: float) -> int:
        """Return the size that stands for `full` at this scale."""
        return int(full * self.scale)


@dataclass(frozen=True)
class Took:
    """Seconds by the clock on the wall, and of processor time in this process."""

    wall: float
    cpu: float | None = None


@dataclass(frozen=True)
class Row:
    """One measured line: what, how large, how long, and against whom."""

    what: str
    n: int
    took: Took
    opponent: str = ""
    against: Took | None = None
    wanted: str = ""
    note: str = ""

    def text(self) -> str:
        """Return the line as it is printed."""
        line = f"{self.what:<50} {self.n:>11,} {_time(self.took.wall)} {_time(self.took.cpu)}"
        if self.against is not None:
            ratio = self.against.wall / self.took.wall
            line += f"  {self.opponent:<15} {_time(self.against.wall)}  x {_short(ratio):>6}"
        else:
            line += f"  {_short(self.n / self.took.wall):>15} /s" + " " * 17
        return f"{line}  {self.wanted:<10}  {self.note}".rstrip()


HEAD = (
    f"{'':<50} {'outcomes':>11} {'wall':>10} {'cpu':>10}  "
    f"{'opponent, its wall, or ours per second':<37} wanted"
)


@dataclass(frozen=True)
class Bench:
    """One idea measured: `run(asked)` yields rows; scale 1 is the full size."""

    title: str
    run: Callable[[Asked], Iterator[Row]]


def best(
    work: Callable[[], Any], times: int = BEST_OF, before: Callable[[], Any] | None = None
) -> Took:
    """Return the quickest of some runs, after one that is not counted.

    Parameters
    ----------
    before : callable, optional
        Done before each run and not timed, e.g. to forget what was kept.
    """
    found = []
    for _ in range(times + 1):
        if before is not None:
            before()
        found.append(once(work))
    return min(found[1:], key=lambda took: took.wall)


def once(work: Callable[[], Any]) -> Took:
    """Return how long one run took."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - start, time.process_time() - cpu)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return " " * 10
    text = f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
    return f"{text:>10}"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"

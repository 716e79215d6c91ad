"""Mutate many files in a child process and sum up what came of it."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
WALL = 120
"""Seconds without a word after which a child counts as hanging, whatever it waits for."""


@dataclass
class Summary:
    """What a run found.

    Parameters
    ----------
    n : int
        Files that were read.
    problems : list of str
        One line each: seed, fixture, mutations and what does not hold.
    by_fixture, by_kind : Counter
        Files.
    seconds : list of float
        Processor time of each file.
    slowest : str
        The file that took longest.
    peak : int
        Bytes of resident memory of the largest child.
    wall : float
        Seconds by the clock.
    """

    n: int = 0
    problems: list[str] = field(default_factory=list)
    by_fixture: Counter[str] = field(default_factory=Counter)
    by_way: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    slowest: str = ""
    peak: int = 0
    wall: float = 0.0

    def text(self) -> str:
        """Return the summary in lines."""
        times = sorted(self.seconds) or [0.0]
        ways, fixtures = (
            ", ".join(f"{name} {n:,}" for name, n in sorted(one.items()))
            for one in (self.by_way, self.by_fixture)
        )
        lines = [
            f"{self.n:,} mutated files of {len(self.by_fixture)} fixtures in {self.wall:,.0f} s; "
            f"{len(self.problems)} problems",
            f"in {self.by_kind['header']:,} of them a header was touched: only no crash, hang or "
            "large memory is promised there",
            f"processor time of a file: median {1000 * times[len(times) // 2]:.0f} ms, "
            f"99 % below {1000 * times[len(times) * 99 // 100]:.0f} ms, longest "
            f"{times[-1]:.2f} s ({self.slowest}); peak memory {self.peak >> 20} MiB",
            f"mutations: {ways}",
            f"fixtures: {fixtures}",
            *self.problems,
        ]
        return "\n".join(lines)


def fuzz(n: int, *, seed: int = 0, only: str = "") -> Summary:
    """Return what became of `n` mutated files, the first of them of this seed."""
    found, start, at = Summary(), time.monotonic(), seed
    while at < seed + n:
        at = _child(found, at, seed + n, only)
    found.wall = time.monotonic() - start
    return found


def _child(found: Summary, first: int, last: int, only: str) -> int:
    """Read files until the child ends; return the seed to go on with."""
    command = [sys.executable, "-m", "tests.fuzz.child", str(first), str(last), only]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    at, doing = first, ""
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as child:
        watch = selectors.DefaultSelector()
        watch.register(child.stdout, selectors.EVENT_READ)
        while watch.select(WALL) and (line := child.stdout.readline()):
            told = json.loads(line)
            if "seed" in told:
                at, doing = told["seed"], f"{told['seed']} {told['name']} ({told['how']})"
                found.by_fixture[told["name"]] += 1
                found.by_way.update(told["how"].split(", "))
            else:
                _note(found, told, doing)
                at, doing = at + 1, ""
        child.kill()
    if doing:
        found.n += 1
        found.problems.append(f"{doing}: safe: the process ended with {child.returncode}")
        return at + 1
    if at == first:
        raise RuntimeError(f"The child that reads files ended at once: {' '.join(command)}")
    return at


def _note(found: Summary, told: dict, doing: str) -> None:
    found.n += 1
    found.problems += [f"{doing}: {one}" for one in told["problems"]]
    if told["seconds"] >= max(found.seconds, default=0):
        found.slowest = doing
    found.seconds.append(told["seconds"])
    found.peak = max(found.peak, told["peak"])
    found.by_kind[told["kept"]] += 1

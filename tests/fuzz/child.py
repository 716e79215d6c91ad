"""Read mutated files one by one in this process and print a line of JSON about each.

Started by `tests.fuzz.run` with the first and last seed, so that a crash, a hang or too much
memory ends this process and not the whole run.
"""

import json
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stresslab.readers import _blocks
from tests.fuzz.fixtures import fixtures
from tests.fuzz.importing import problems_of_import
from tests.fuzz.mutations import Mutated, mutate
from tests.fuzz.oracle import Oracle

SECONDS = 5
"""Of processor time for reading one file: the clock on the wall runs on when others work."""

MEMORY = 1 << 30
FEW = 4
"""Lines of one shape that are read by columns: fixtures are small."""
IMPORT_EVERY = 100


class TooLongError(Exception):
    """Reading one file took more processor time than promised."""


def main(first: int, last: int, only: str) -> None:
    """Print ``{"seed", "name", "how"}`` before and ``{"problems", "seconds"}`` after each file."""
    _blocks.FEW = FEW
    with tempfile.TemporaryDirectory() as folder:
        chosen = [one for one in fixtures(Path(folder)) if only in one.name]
        oracles = [Oracle(one) for one in chosen]
        _limit_memory()
        for seed in range(first, last):
            rng, oracle = random.Random(seed), oracles[seed % len(oracles)]
            mutated = mutate(oracle.units, rng)
            _say(seed=seed, name=oracle.fixture.name, how=mutated.how)
            start, problems = time.process_time(), []
            with _watched(problems):
                problems += oracle.problems(mutated)
            seconds = time.process_time() - start
            if seed % IMPORT_EVERY == 0:
                with _watched(problems, 4 * SECONDS):
                    problems += problems_of_import(oracle, Path(folder))
            oracle.restore()
            _say(problems=problems, seconds=round(seconds, 3), peak=_peak(), kept=_kind(mutated))
            if _peak() > MEMORY:
                return  # the peak never falls: the next file needs a fresh process


def _kind(mutated: Mutated) -> str:
    return "header" if mutated.header else "units"


def _say(**told: object) -> None:
    print(json.dumps(told), flush=True)


@contextmanager
def _watched(problems: list[str], seconds: float = SECONDS) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLongError(f"more than {seconds} s of processor time")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except Exception as error:  # whatever it is, it is what this looks for
        where = traceback.extract_tb(error.__traceback__)[-5:]
        places = ", ".join(f"{Path(one.filename).name}:{one.lineno}" for one in where)
        problems.append(f"safe: {error!r:.300} at {places}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if _peak() > MEMORY:
        problems.append(f"safe: {_peak() >> 20} MiB of memory")


def _limit_memory() -> None:
    """Let the address space grow by no more than twice what may be resident."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + 2 * MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _peak() -> int:
    status = Path("/proc/self/status").read_text().split()  # getrusage begins with the parent's
    return int(status[status.index("VmHWM:") + 1]) << 10


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])

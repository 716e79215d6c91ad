"""Run benchmarks: ``python -m tests.bench [name ...] [--scale s] [--opponent who]``."""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from tests.bench import benches
from tests.bench._kind import BEST_OF, HEAD, Asked

OPPONENTS = ("pandas", "polars", "sql")


def main() -> int:
    """Print the table of the named benchmarks, or of all."""
    told = arguments()
    opponents = tuple(told.opponent or OPPONENTS)
    asked = Asked(told.scale, () if "none" in opponents else opponents)
    print(machine())
    for name in told.names or benches.names():
        bench = benches.get(name)
        print(f"\n{name}: {bench.title} (scale {asked.scale:g})\n  {HEAD}", flush=True)
        for row in bench.run(asked):
            print(f"  {row.text()}", flush=True)
    print(f"\nload at the end: {load()}")
    return 0


def arguments() -> Any:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(benches.names())}; all when empty")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    parser.add_argument(
        "--opponent", action="append", choices=(*OPPONENTS, "none"), help="all when not given"
    )
    return parser.parse_args()


def machine() -> str:
    """Return what the figures are measured on, without naming the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("duckdb", "numpy", "pandas", "polars", "pyarrow", "narwhals", "streamlit")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {versions}\n"
        f"best of {BEST_OF} after one; opponents hold typed frames in memory; "
        f"load at the start: {load()}"
    )


def load() -> str:
    """Return how many processes wanted a core in the last minute: above 1 a core, times suffer."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    sys.exit(main())

"""Run benchmarks: ``python -m tests.bench [name ...] [--scale s]``."""

import argparse
import os
import platform
import sys
from importlib.metadata import version

from tests.bench import benches


def main() -> int:
    """Print the table of the named benchmarks, or of all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(benches.names())}")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    asked = parser.parse_args()
    print(machine())
    for name in asked.names or benches.names():
        bench = benches.get(name)
        print(f"\n{name}: {bench.title} (scale {asked.scale:g})", flush=True)
        for row in bench.run(asked.scale):
            print("  " + row.text(), flush=True)
    return 0


def machine() -> str:
    """Return what the figures were measured on, without naming the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("duckdb", "pandas", "polars", "numpy", "streamlit")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}; best of 5, opponents hold typed frames"
    )


if __name__ == "__main__":
    sys.exit(main())

"""Mutate files and read them: ``python -m tests.fuzz [--files n] [--seed s] [--only name]``."""

import argparse
import sys

from tests.fuzz.run import fuzz


def main() -> int:
    """Print the summary of a run; end with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=20_000, help="how many (20,000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first file (0)")
    parser.add_argument("--only", default="", help="fixtures with this in their name")
    told = parser.parse_args()
    found = fuzz(told.files, seed=told.seed, only=told.only)
    print(found.text())
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())

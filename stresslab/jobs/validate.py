"""Simulate every promise about printed numbers; nothing is kept, each run computes all again."""

from collections.abc import Iterator, Sequence

from stresslab import validity
from stresslab.errors import ParamError
from stresslab.jobs._events import Done, Event, Progress
from stresslab.validity._run import Row, judge

FEWEST = 100
"""Runs below which a Monte-Carlo error says nothing."""


def validate(only: Sequence[str] = (), *, runs: int = 4000, seed: int = 0) -> Iterator[Event]:
    """Yield progress while known truths are simulated; the last event reports every row.

    Parameters
    ----------
    only : sequence of str
        Keys of the checks; all when empty.
    runs : int
        Runs per case; checks that are slow to compute take a stated part of them.
    seed : int
        What all random numbers depend on.

    Raises
    ------
    UnknownPieceError
        If there is no such check.
    ParamError
        If there are fewer than 100 runs.
    """
    if runs < FEWEST:
        raise ParamError(f"At least {FEWEST} runs are needed; got {runs}.")
    chosen = [(name, validity.get(name)) for name in only or validity.names()]
    total, done = sum(len(check.cases) for _, check in chosen), 0
    rows: list[Row] = []
    for name, check in chosen:
        for case in check.cases:
            yield Progress(done, total, "cases", check.title)
            rows.append(judge(name, check, case, runs, seed))
            done += 1
    failed = sum(row.fails for row in rows)
    wide = sum(row.verdict.startswith("too wide") for row in rows)
    yield Done(
        f"{len(rows)} cases of {len(chosen)} promises at seed {seed}: {failed} fail, {wide} are "
        f"wider than they need be.",
        {"cases": len(rows), "failed": failed, "too_wide": wide},
        {"seed": seed, "rows": [row.as_dict() for row in rows]},
    )

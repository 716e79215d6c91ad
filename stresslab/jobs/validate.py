"""Simulate every promise about printed numbers; all is computed again unless a file keeps rows."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from time import process_time

from stresslab import validity
from stresslab.errors import ParamError
from stresslab.jobs._events import Done, Event, Progress
from stresslab.jobs._kept_rows import Kept
from stresslab.validity import Case
from stresslab.validity._run import Row, judge, measure

FEWEST = 100
"""Runs below which a Monte-Carlo error says nothing."""

PILOT = 20
"""Runs that tell how long a case takes."""

Task = tuple[str, Case, int, int]


def validate(
    only: Sequence[str] = (), *, runs: int = 4000, seed: int = 0, jobs: int = 1,
    keep: Path | None = None,
) -> Iterator[Event]:  # fmt: skip
    """Yield progress while known truths are simulated; the last event reports every row.

    The cheapest promises come first, and progress is in seconds of computing, as a few runs of
    every case foretell them.

    Parameters
    ----------
    only : sequence of str
        Keys of the checks; all when empty.
    runs : int
        Runs per case.
    seed : int
        What all random numbers depend on.
    jobs : int
        Processes that compute.
    keep : Path, optional
        File of JSON lines to which every row is added as it finishes. Rows in it of the same case,
        runs, seed and code are not computed again.

    Raises
    ------
    UnknownPieceError
        If there is no such check.
    ParamError
        If there are fewer than 100 runs or no process.
    """
    if runs < FEWEST:
        raise ParamError(f"At least {FEWEST} runs are needed; got {runs}.")
    if jobs < 1:
        raise ParamError(f"jobs must be at least 1; got {jobs}.")
    wanted = [
        (name, case, runs, seed)
        for name in only or validity.names()
        for case in validity.get(name).cases
    ]
    kept = Kept(keep, seed)
    rows: dict[tuple[str, Case], Row] = {}
    left = []
    for task in wanted:
        old = kept.get(*task[:3])
        if old is None:
            left.append(task)
        else:
            rows[task[:2]] = old
    yield Progress(0, None, "seconds", f"{len(rows)} of {len(wanted)} cases are known")
    seconds = {task: _seconds(task) for task in left}
    by_check = {name: sum(s for t, s in seconds.items() if t[0] == name) for name, *_ in left}
    left.sort(key=lambda task: by_check[task[0]])
    total, done = round(sum(seconds.values()) / jobs), 0.0
    with closing(_computed(left, jobs)) as found:
        for task, row in found:
            kept.add(row)
            rows[task[:2]] = row
            done += seconds[task] / jobs
            yield Progress(min(round(done), total), total, "seconds", _said(row))
    yield _done([rows[task[:2]] for task in wanted], seed)


def _seconds(task: Task) -> float:
    """Return how long a case will take, from a few of its runs."""
    name, case, runs, seed = task
    start = process_time()
    measure(name, validity.get(name), case, PILOT, seed)
    return (process_time() - start) * runs / PILOT


def _computed(tasks: Sequence[Task], jobs: int) -> Generator[tuple[Task, Row], None, None]:
    """Yield rows as they finish."""
    if jobs == 1:
        for task in tasks:
            yield task, _row(task)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        futures = {pool.submit(_row, task): task for task in tasks}
        for one in as_completed(futures):
            yield futures[one], one.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _row(task: Task) -> Row:
    name, case, runs, seed = task
    return judge(name, validity.get(name), case, runs, seed)


def _said(row: Row) -> str:
    case = row.case
    where = f"{case.n_clusters} x {case.rows}, p {case.share:g}"
    return f"{row.check} ({where}): {row.rate:.3f}, {row.verdict}"


def _done(rows: Sequence[Row], seed: int) -> Done:
    counts = {
        "cases": len(rows),
        "holds": sum(row.verdict == "holds" or row.verdict.startswith("above") for row in rows),
        "failed": sum(row.fails for row in rows),
        "too_wide": sum(row.verdict.startswith("too wide") for row in rows),
        "seldom": sum(row.verdict.startswith(("seldom", "undefined")) for row in rows),
    }
    return Done(
        f"{len(rows)} cases of {len({row.check for row in rows})} promises at seed {seed}: "
        f"{counts['holds']} hold, {counts['failed']} fail, {counts['too_wide']} are wider than "
        f"they need be, {counts['seldom']} are seldom or never printed.",
        counts,
        {"seed": seed, "rows": [row.as_dict() for row in rows]},
    )

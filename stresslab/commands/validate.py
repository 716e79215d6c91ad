"""Validate: simulate what is promised of printed numbers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stresslab.commands import _print
from stresslab.commands._options import JsonOption
from stresslab.errors import StresslabError

COLUMNS = ("check", "clusters", "rows", "ICC", "p", "effect", "note", "runs", "printed",
           "rate", "error", "promise", "limit", "verdict")  # fmt: skip


def validate(
    only: Annotated[
        str, typer.Option(help="Names of checks, with commas: `stresslab list validity`.")
    ] = "",
    runs: Annotated[int, typer.Option(help="Runs per known truth.")] = 4000,
    seed: Annotated[int, typer.Option(help="What the random numbers depend on.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes that compute.")] = 1,
    keep: Annotated[
        Path | None,
        typer.Option(help="File that keeps every row as it finishes; with it again: go on there."),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Simulate known truths: coverage, false verdicts and power; exit code 2 if a promise fails."""
    from stresslab.jobs.validate import validate as simulate

    chosen = [name.strip() for name in only.split(",") if name.strip()]
    done = _print.follow(simulate(chosen, runs=runs, seed=seed, jobs=jobs, keep=keep), quiet=json_)
    if done is None:
        return
    if json_:
        _print.done(done, json_wanted=True)
    else:
        _print.rows(COLUMNS, [_line(row) for row in done.report["rows"]])
        print(done.message)
    if done.counts["failed"]:
        raise StresslabError(f"{done.counts['failed']} cases fail.")


def _line(row: dict[str, Any]) -> list[Any]:
    shown = ("check", "n_clusters", "rows", "icc", "share", "effect", "note", "runs", "printed",
             "rate", "error", "promise", "limit", "verdict")  # fmt: skip
    numbers = {"icc", "share", "effect"}
    row = row | {"printed": 1 - row["undefined"]}
    return [f"{row[name]:g}" if name in numbers else row[name] for name in shown]

"""Print tables, progress and errors for a terminal or, with ``--json``, for a program."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.jobs._events import Done, Progress
    from stresslab.result import Result

MAX_ROWS = 40


def as_json(value: Any) -> None:
    """Print `value` as one line of JSON; what JSON does not know is printed as text."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False, default=str))


def error(message: str, kind: str, *, json_wanted: bool) -> None:
    """Print an error on the error stream."""
    if json_wanted:
        text = json.dumps({"error": {"type": kind, "message": message}}, ensure_ascii=False)
    else:
        text = f"error: {message}"
    print(text, file=sys.stderr)


def rows(columns: Sequence[str], lines: Iterable[Sequence[Any]], title: str = "") -> None:
    """Print a table; what does not fit the terminal is folded, numbers stand right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    listed = [list(line) for line in lines]
    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        is_number = any(isinstance(line[place], int | float) for line in listed)
        table.add_column(str(column), justify="right" if is_number else "left", overflow="fold")
    for line in listed:
        table.add_row(*map(_plain, line))
    width = None if sys.stdout.isatty() else max(120, 16 * len(columns))
    Console(markup=False, highlight=False, width=width).print(table)


def frame(table: "pd.DataFrame", title: str = "") -> None:
    """Print the first rows of a data frame and say how many were left out."""
    shown = table.head(MAX_ROWS)
    lines = shown.astype(object).where(shown.notna(), None).itertuples(index=False)
    rows([str(column) for column in table.columns], lines, title)
    if len(table) > MAX_ROWS:
        print(f"... {len(table) - MAX_ROWS:,} more rows; --json prints all of them.")


def result(found: "Result", table: str | None = None) -> None:
    """Print one table of a result, its warnings and how to get the rest."""
    name = table or found.analysis
    frame(found.tables[name], title=name)
    for warning in found.warnings:
        print(f"! {warning.message}")
    others = [other for other in found.tables if other != name]
    if others:
        print(f"Other tables: {', '.join(others)} (--table NAME).")
    print(f"Data version {found.data_version[:12]}.")


def follow(events: "Iterator[Progress | Done]", *, quiet: bool) -> "Done | None":
    """Run a job to its end, showing its progress on a terminal; return its last `Done`."""
    from time import monotonic

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from stresslab.jobs._events import Done

    done, start = None, monotonic()
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(compact=True),
    )  # fmt: skip
    console = Console(stderr=True)
    quiet = quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=quiet, transient=True) as bar:
        task = bar.add_task("", total=None)
        for event in events:
            if isinstance(event, Done):
                if done is not None and not quiet:
                    bar.console.print(done.message, markup=False, highlight=False)
                done = event
                continue
            text = event.message or f"{event.done:,} {event.unit}"
            if event.rows:
                text += f", {event.rows / max(monotonic() - start, 0.1):,.0f} rows/s"
            bar.update(task, completed=event.done, total=event.total, description=text)
    return done


def done(event: "Done | None", *, json_wanted: bool) -> None:
    """Print what a job did."""
    if event is None:
        return
    if json_wanted:
        as_json({"message": event.message, **event.counts, **event.report})
    else:
        print(event.message)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if 0 < abs(value) < 0.0005:  # which side of 0 it is on matters: 0.000 has none
            return "<0.001" if value > 0 else ">-0.001"
        return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return "".join(char if char.isprintable() else " " for char in str(value))

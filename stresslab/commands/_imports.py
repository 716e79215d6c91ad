"""Print what an import would add, and what it added."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stresslab.commands import _print

if TYPE_CHECKING:
    from stresslab.jobs._events import Done, Event

ODD = ("model", "task", "measure", "slice", "published", "recomputed", "explanation")
FIRST = ("item", "domain", "perturbation", "tier", "status", "score", "input", "output")


def plan(done: "Done | None", *, json_wanted: bool) -> None:
    """Print the plan of an import: runs, mapping, first rows, and what would be left out."""
    if done is None:
        return
    if json_wanted:
        return _print.as_json({"message": done.message, **done.counts, **done.report})
    for one in done.report["sources"]:
        _source(one)
    for path, why in done.report["files_refused"].items():
        print(f"! {path}: {why}")
    if unclaimed := done.report["files_unclaimed"]:
        print(f"! No reader knows {len(unclaimed):,} more: {', '.join(unclaimed[:20])}")
    print(done.message)
    return None


def watched(events: "Iterator[Event]", *, json_wanted: bool) -> None:
    """Print what was imported as it appeared, until the user stops it."""
    from contextlib import suppress

    from stresslab.jobs._events import Done

    with suppress(KeyboardInterrupt):
        for event in events:
            if isinstance(event, Done):
                ended(event, json_wanted=json_wanted)
                sys.stdout.flush()


def _source(one: dict[str, Any]) -> None:
    parts = f", {len(one['parts'])} files" if len(one["parts"]) > 1 else ""
    print(f"# {one['path']} ({one['reader']}{parts})")
    if one["error"]:
        print(f"! {one['error']}")
        return
    columns = ("model", "task", "outcomes", "items", "variants")
    lines = [
        [*(run[name] for name in columns), ", ".join(f"{n:,} {name}" for name, n in
                                                     run["by_status"].items())]
        for run in one["runs"]
    ]  # fmt: skip
    _print.rows([*columns, "status"], lines)
    print(f"domains: {', '.join(f'{name} {n:,}' for name, n in one['domains'].items()) or '-'}")
    tiers = [f"{t['perturbation'] or 'original'} {t['tier']} ({t['variants']:,})"
             for t in one["tiers"]]  # fmt: skip
    print(f"tiers: {', '.join(tiers)}\n\n{one['mapping']}")
    if one["first_rows"]:
        _print.rows(FIRST, [[row[name] for name in FIRST] for row in one["first_rows"]])
    for reason, n in list(one["rejects_by_reason"].items())[:10]:
        print(f"! {n:,} could not be read: {reason}")


def ended(done: "Done | None", *, json_wanted: bool) -> None:
    """Print what an import did, and every printed number the rows do not give as it is."""
    from rich.console import Console

    _print.done(done, json_wanted=json_wanted)
    if done is None or json_wanted:
        return
    odd = [
        row for row in done.report.get("parity", ()) if row["verdict"] in ("explained", "differs")
    ]
    for row in odd:
        said = ", ".join(f"{name} {row[name]}" for name in ODD if row[name] not in ("", None))
        style = "red" if row["verdict"] == "differs" else None
        Console(soft_wrap=True).print(f"{row['verdict']}: {said}", style=style, markup=False,
                                      highlight=False)  # fmt: skip

"""Bring in: import tables and logs into a workspace."""

from pathlib import Path
from typing import Annotated

import typer

from stresslab.commands import _imports, _print
from stresslab.commands._options import JsonOption, WorkspaceOption


def import_(
    workspace: WorkspaceOption,
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders to read.")] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="Mapping (TOML); proposed from column names without it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be added and how; add nothing.")
    ] = False,
    watch: Annotated[
        Path | None, typer.Option(help="Import new logs as they appear in a folder; Ctrl-C ends.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Import files; the workspace is made if it is missing. The same again adds nothing."""
    from stresslab.jobs.import_logs import import_logs
    from stresslab.jobs.plan_import import plan_import
    from stresslab.jobs.watch_logs import watch_logs
    from stresslab.places import workspace_path
    from stresslab.store.memory import hold_little

    hold_little()
    if bool(paths) == (watch is not None):
        raise typer.BadParameter("Name files or folders to import, or a folder with --watch.")
    if watch is not None:
        events = watch_logs(workspace_path(workspace), watch, mapping=mapping)
        return _imports.watched(events, json_wanted=json_)
    if dry_run:
        plan = _print.follow(plan_import(paths or [], mapping=mapping), quiet=json_)
        return _imports.plan(plan, json_wanted=json_)
    events = import_logs(workspace_path(workspace), paths or [], mapping=mapping)
    return _imports.ended(_print.follow(events, quiet=json_), json_wanted=json_)

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
        bool,
        typer.Option("--watch", help="Import new logs as they appear in the folder; Ctrl-C ends."),
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Import files; the workspace is made if it is missing. The same again adds nothing."""
    from stresslab.jobs.import_logs import import_logs
    from stresslab.jobs.plan_import import plan_import
    from stresslab.jobs.watch_logs import watch_logs
    from stresslab.places import workspace_path
    from stresslab.store.memory import hold_little

    hold_little()
    if not paths:
        raise typer.BadParameter("Name files or folders to import, or a folder with --watch.")
    if watch:
        _check_watched(paths, dry_run)
        events = watch_logs(workspace_path(workspace), paths[0], mapping=mapping)
        return _imports.watched(events, json_wanted=json_)
    if dry_run:
        plan = _print.follow(plan_import(paths, mapping=mapping), quiet=json_)
        return _imports.plan(plan, json_wanted=json_)
    events = import_logs(workspace_path(workspace), paths, mapping=mapping)
    return _imports.ended(_print.follow(events, quiet=json_), json_wanted=json_)


def _check_watched(paths: list[Path], dry_run: bool) -> None:
    if len(paths) > 1 or dry_run:
        raise typer.BadParameter(
            f"--watch takes one folder and no --dry-run; got {len(paths)} paths"
            f"{' and --dry-run' if dry_run else ''}. Start it once for each folder."
        )

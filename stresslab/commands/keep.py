"""Keep: look after the runs of a workspace."""

from typing import Annotated

import typer

from stresslab.commands import _print
from stresslab.commands._options import JsonOption, WorkspaceOption, open_workspace
from stresslab.errors import ParamError

app = typer.Typer(
    help="Look after a workspace: what is in it, is it whole, hide or remove runs.",
    invoke_without_command=True,
)

RunArgument = Annotated[str, typer.Argument(help="Id of the run, as `workspace info` lists it.")]


@app.callback()
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def info(workspace: WorkspaceOption, json_: JsonOption = False) -> None:
    """Say what a workspace holds."""
    found = open_workspace(workspace).info()
    if json_:
        return _print.as_json(found)
    print(
        f"{found['name']}: {found['n_outcomes']:,} outcomes, version {found['data_version'][:12]}"
    )
    columns = ["run_id", "model", "task", "n_outcomes", "state"]
    _print.rows(columns, [[run[column] for column in columns] for run in found["runs"]])
    if found["spaces"]:
        print(f"Spaces: {', '.join(found['spaces'])}.")
    if found["derived"]:
        stale = " (stale: an input changed)"
        named = [f"{one['derived_id']}{stale if one['stale'] else ''}" for one in found["derived"]]
        print(f"Derived: {', '.join(named)}.")
    return None


@app.command()
def verify(workspace: WorkspaceOption, json_: JsonOption = False) -> None:
    """Check every file against its checksum; exit with 1 if something is wrong."""
    problems = open_workspace(workspace).verify()
    columns = ["path", "rule", "seen", "next_step"]
    lines = [[str(getattr(problem, column)) for column in columns] for problem in problems]
    if json_:
        _print.as_json({"problems": [dict(zip(columns, line, strict=True)) for line in lines]})
    elif lines:
        _print.rows(columns, lines)
    else:
        print("Everything is as it was sealed.")
    raise typer.Exit(1 if problems else 0)


@app.command()
def clean(workspace: WorkspaceOption, json_: JsonOption = False) -> None:
    """Remove unfinished runs that no living process writes."""
    removed = open_workspace(workspace).clean()
    if json_:
        return _print.as_json({"removed": removed})
    return print(
        f"Removed {len(removed)} unfinished: {', '.join(removed)}" if removed else "Clean."
    )


@app.command()
def retire(run: RunArgument, workspace: WorkspaceOption, json_: JsonOption = False) -> None:
    """Hide a run from every question; `restore` brings it back."""
    open_workspace(workspace).retire(run)
    _say(f"{run} is retired; `stresslab workspace restore {run}` brings it back.", run, json_)


@app.command()
def restore(run: RunArgument, workspace: WorkspaceOption, json_: JsonOption = False) -> None:
    """Show a retired run again."""
    open_workspace(workspace).restore(run)
    _say(f"{run} counts again.", run, json_)


@app.command()
def purge(
    run: RunArgument,
    workspace: WorkspaceOption,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, delete it for good.")] = False,
    json_: JsonOption = False,
) -> None:
    """Delete a run for good."""
    if not yes:
        raise ParamError(f"purge deletes {run} for good. Say so with --yes, or retire it instead.")
    open_workspace(workspace).purge(run)
    _say(f"{run} is deleted.", run, json_)


def _say(message: str, run: str, json_wanted: bool) -> None:
    if json_wanted:
        _print.as_json({"run_id": run, "message": message})
    else:
        print(message)

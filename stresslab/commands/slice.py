"""Slice: keep conditions under a name, combine them, and share them as a text file."""

from pathlib import Path
from typing import Annotated

import typer

from stresslab.commands import _print
from stresslab.commands._options import JsonOption, WorkspaceOption, open_workspace

app = typer.Typer(help="Keep, list and share the slices of a workspace.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Name of the slice.")]


@app.command("list")
def list_(workspace: WorkspaceOption, json_: JsonOption = False) -> None:
    """List the saved slices."""
    saved = open_workspace(workspace).config.slices
    if json_:
        return _print.as_json(dict(saved))
    return _print.rows(["name", "condition"], saved.items())


@app.command()
def save(
    name: NameArgument,
    condition: Annotated[str, typer.Argument(help="Condition, as in --set where=...")],
    workspace: WorkspaceOption,
) -> None:
    """Keep a condition under a name; one of that name is replaced."""
    from stresslab.store.slice_file import from_toml, keep, to_toml

    from_toml(to_toml({name: condition}))  # refuses what cannot be read, and names it
    keep(open_workspace(workspace), {name: condition})
    print(f"{name} is kept.")


@app.command()
def remove(name: NameArgument, workspace: WorkspaceOption) -> None:
    """Forget a saved slice."""
    from stresslab.store.slice_file import forget

    forget(open_workspace(workspace), name)
    print(f"{name} is forgotten.")


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Text file to write.")], workspace: WorkspaceOption
) -> None:
    """Write the saved slices into a text file."""
    from stresslab.store.slice_file import to_toml

    saved = open_workspace(workspace).config.slices
    file.write_text(to_toml(saved), encoding="utf-8")
    print(f"{len(saved)} slices are in {file}.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Text file of slices.")], workspace: WorkspaceOption
) -> None:
    """Take the slices of a text file; those of the same name are replaced."""
    from stresslab.store.slice_file import from_toml, keep

    found = from_toml(file.read_text(encoding="utf-8"))
    keep(open_workspace(workspace), found)
    print(f"{len(found)} slices are kept.")

"""Options that several commands share."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

WorkspaceOption = Annotated[
    str,
    typer.Option(
        "--workspace",
        "-w",
        envvar="STRESSLAB_WORKSPACE",
        help="Folder of the workspace, or `demo`.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


def open_workspace(text: str) -> "Workspace":
    """Return the workspace meant by ``-w``."""
    from stresslab import Workspace
    from stresslab.places import workspace_path

    return Workspace.open(workspace_path(text))

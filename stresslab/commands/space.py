"""Spaces: draw, group and align the vectors of a workspace."""

from typing import Annotated

import typer

from stresslab.commands import _print
from stresslab.commands._options import JsonOption, WorkspaceOption, open_workspace
from stresslab.commands.ask import pairs_of

SpaceArgument = Annotated[
    str, typer.Argument(help="Name of the space: `stresslab workspace info`.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="A setting, key=value; may be repeated.")
]
SeedOption = Annotated[int, typer.Option(help="Seed: the same seed gives the same.")]


def project(
    space: SpaceArgument,
    workspace: WorkspaceOption,
    recipe: Annotated[str, typer.Argument(help="How: `stresslab list projections`.")] = "umap",
    beside: Annotated[
        str | None, typer.Option(help="Another space: two maps of the same inputs, aligned.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer, where the space has several.")] = None,
    set_: SetOption = None,
    seed: SeedOption = 0,
    json_: JsonOption = False,
) -> None:
    """Draw a map of a space, or find its clusters; kept until the vectors change."""
    from stresslab.jobs.project import align
    from stresslab.jobs.project import project as draw

    opened = open_workspace(workspace)
    if beside is not None:
        events = align(opened, space, beside, seed=seed)
    else:
        events = draw(opened, space, recipe, settings=pairs_of(set_ or []), seed=seed, layer=layer)
    _print.done(_print.follow(events, quiet=json_), json_wanted=json_)

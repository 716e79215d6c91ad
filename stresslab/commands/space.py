"""Spaces: make or bring in vectors, draw them, group them, align them."""

from pathlib import Path
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


ModelOption = Annotated[str, typer.Option(help="Model of the workspace they are the inside of.")]


def embed(
    encoder: Annotated[str, typer.Argument(help="How: `stresslab list encoders`.")],
    workspace: WorkspaceOption,
    space: Annotated[str, typer.Option(help="Name of the space; the encoder's when empty.")] = "",
    task: Annotated[str | None, typer.Option(help="Task; the default when empty.")] = None,
    where: Annotated[str, typer.Option(help="Condition that inputs must meet.")] = "",
    dtype: Annotated[str, typer.Option(help="float16 or float32.")] = "float16",
    model: ModelOption = "",
    set_: SetOption = None,
    json_: JsonOption = False,
) -> None:
    """Make vectors of inputs; a job that was killed goes on where it was."""
    from stresslab.jobs.embed import embed as encode

    events = encode(
        open_workspace(workspace), encoder, space=space, task=task, where=where,
        settings=pairs_of(set_ or []), dtype=dtype, model=model,
    )  # fmt: skip
    _print.done(_print.follow(events, quiet=json_), json_wanted=json_)


def import_vectors(
    path: Annotated[Path, typer.Argument(help=".npy, .npz or .parquet.")],
    space: Annotated[str, typer.Argument(help="Name of the space.")],
    workspace: WorkspaceOption,
    ids: Annotated[Path | None, typer.Option(help="Ids, one per line, or .npy.")] = None,
    kind: Annotated[str, typer.Option(help="features or logits.")] = "features",
    dtype: Annotated[str, typer.Option(help="float16 or float32.")] = "float32",
    layer: Annotated[str, typer.Option(help="Layer they are of.")] = "",
    model: ModelOption = "",
    json_: JsonOption = False,
) -> None:
    """Bring in vectors that were made elsewhere."""
    from stresslab.jobs.import_vectors import import_vectors as bring

    events = bring(
        open_workspace(workspace), path, space, ids=ids, kind=kind, dtype=dtype, layer=layer,
        model=model,
    )  # fmt: skip
    _print.done(_print.follow(events, quiet=json_), json_wanted=json_)


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


def detect(
    space: SpaceArgument,
    workspace: WorkspaceOption,
    detectors: Annotated[
        list[str] | None, typer.Argument(help="Which: `stresslab list detectors`; all if none.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Model whose answers count.")] = None,
    set_: SetOption = None,
    seed: SeedOption = 0,
    json_: JsonOption = False,
) -> None:
    """Score how far inputs lie outside of what is in distribution; kept as derived values."""
    from stresslab.analyses.detect import DetectParams
    from stresslab.jobs.detect import detect as score

    opened = open_workspace(workspace)
    given = pairs_of(set_ or []) | {"space": space, "detectors": ",".join(detectors or [])}
    given |= {"model": model} if model else {}
    params = DetectParams.parse({**given, "seed": str(seed)})
    _print.done(_print.follow(score(opened, params), quiet=json_), json_wanted=json_)


def estimate(
    workspace: WorkspaceOption,
    space: Annotated[
        str | None, typer.Option(help="Space whose vectors estimators may read.")
    ] = None,
    set_: SetOption = None,
    json_: JsonOption = False,
) -> None:
    """Compute the estimates without labels that take long, and keep them for the page."""
    from stresslab.jobs.estimate import estimate as compute

    settings = pairs_of(set_ or []) | ({"space": space} if space else {})
    events = compute(open_workspace(workspace), settings)
    _print.done(_print.follow(events, quiet=json_), json_wanted=json_)

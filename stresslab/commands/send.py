"""Send out: write what a workspace holds for other tools."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from stresslab.commands import _print
from stresslab.commands._options import JsonOption, WorkspaceOption, open_workspace

ToOption = Annotated[
    Literal["every-eval-ever", "llm-comparator", "parquet", "csv"],
    typer.Option(help="Format; Every Eval Ever makes a folder, the others one file."),
]
ModelsOption = Annotated[
    str, typer.Option(help="Models, with commas between; all, or the two LLM Comparator shows.")
]


def export(
    out: Annotated[Path, typer.Argument(help="File or folder to write; must not exist yet.")],
    workspace: WorkspaceOption,
    to: ToOption,
    task: Annotated[str | None, typer.Option(help="One task; all by default.")] = None,
    models: ModelsOption = "",
    where: Annotated[str, typer.Option(help="Condition on rows.")] = "",
    json_: JsonOption = False,
) -> None:
    """Export runs for other tools; importing the file again gives the same rows."""
    from stresslab.jobs.export import export as run

    chosen = tuple(name.strip() for name in models.split(",") if name.strip())
    events = run(open_workspace(workspace), out, to=to, task=task, models=chosen, where=where)
    return _print.done(_print.follow(events, quiet=json_), json_wanted=json_)

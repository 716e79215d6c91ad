"""Show: open the app on workspaces, or on the demo; rebuild the demo."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from stresslab.commands import _print, _server
from stresslab.commands._options import JsonOption
from stresslab.places import demo_workspace, workspace_path

demo = typer.Typer(
    help="Open the app on the demo: real models, where they break.", invoke_without_command=True
)

PortOption = Annotated[
    int | None,
    typer.Option(help="Port; the first free one from 8501 by default.", min=1, max=65535),
]
BrowserOption = Annotated[
    bool, typer.Option("--browser/--no-browser", help="Open the browser when the app is ready.")
]
HostOption = Annotated[str, typer.Option(help="Address to listen on.")]
InsecureOption = Annotated[
    bool, typer.Option("--insecure", help="Allow an address that other machines can reach.")
]


def serve(
    workspaces: Annotated[list[str], typer.Argument(help="Folders of workspaces, or `demo`.")],
    port: PortOption = None,
    host: HostOption = "127.0.0.1",
    browser: BrowserOption = True,
    insecure: InsecureOption = False,
) -> None:
    """Open the app on one or more workspaces."""
    folders = [workspace_path(text) for text in workspaces]
    _server.serve(folders, host=host, port=port, browser=browser, insecure=insecure)


@demo.callback()
def open_demo(
    context: typer.Context,
    port: PortOption = None,
    host: HostOption = "127.0.0.1",
    browser: BrowserOption = True,
    insecure: InsecureOption = False,
) -> None:
    """Open the app on the demo: real models, where they break."""
    if context.invoked_subcommand is None:
        folders = [demo_workspace()]
        _server.serve(folders, host=host, port=port, browser=browser, insecure=insecure)


@demo.command("build")
def build(
    only: Annotated[str | None, typer.Option(help="One task of the demo.")] = None,
    scale: Annotated[Literal["small", "full"], typer.Option(help="How much of it.")] = "full",
    out: Annotated[Path, typer.Option(help="Folder of the workspace to make.")] = Path("demo"),
    json_: JsonOption = False,
) -> None:
    """Make the demo again from the models and data inside ordinary packages."""
    from stresslab.jobs.build_demo import build_demo

    events = build_demo(out, only=only, scale=scale)
    _print.done(_print.follow(events, quiet=json_), json_wanted=json_)


@demo.command("text")
def text(json_: JsonOption = False) -> None:
    """Fetch the full texts of the demo, which ships only their first 40 characters."""
    from stresslab.jobs.demo_text import demo_text

    _print.done(_print.follow(demo_text(), quiet=json_), json_wanted=json_)

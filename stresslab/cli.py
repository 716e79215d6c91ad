"""The command line: every question the pages answer, without the pages."""

import os
import sys
import traceback
from typing import Annotated

import typer

import stresslab
from stresslab.commands import _print, ask, bring, keep, send, show, slice, space, study, validate
from stresslab.errors import StresslabError

app = typer.Typer(
    help="Where a model breaks, whether the difference is real, and what to say about it.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("analyze")(ask.analyze)
app.command("list")(ask.list_)
app.command("describe")(ask.describe)
app.command("import")(bring.import_)
app.command("export")(send.export)
app.command("embed")(space.embed)
app.command("import-vectors")(space.import_vectors)
app.command("project")(space.project)
app.command("detect")(space.detect)
app.command("estimate")(space.estimate)
app.command("validate")(validate.validate)
app.add_typer(keep.app, name="workspace")
app.command("serve")(show.serve)
app.add_typer(show.demo, name="demo")
app.add_typer(slice.app, name="slice")
app.add_typer(study.app, name="study")

VersionOption = Annotated[bool, typer.Option("--version", help="Print the version.")]


@app.callback(invoke_without_command=True)
def _top(context: typer.Context, version: VersionOption = False) -> None:
    if version:
        print(f"stresslab {stresslab.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        What stands after ``stresslab``; the command line's by default.

    Returns
    -------
    int
        0 when all is well, 2 for an error the user can repair, 1 for a fault of ours.
    """
    given = sys.argv[1:] if arguments is None else arguments
    json_wanted = "--json" in given
    try:
        code = app(given, standalone_mode=False, prog_name="stresslab")
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (StresslabError, typer.TyperException) as error:
        _print.error(_text_of(error), type(error).__name__, json_wanted=json_wanted)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if "STRESSLAB_TRACEBACK" in os.environ:
            traceback.print_exc()
        _print.error(
            f"{type(error).__name__}: {error}. This is a fault of stresslab, please report it "
            "with the text that STRESSLAB_TRACEBACK=1 prints.",
            type(error).__name__,
            json_wanted=json_wanted,
        )
        return 1


def _text_of(error: StresslabError | typer.TyperException) -> str:
    return str(error) if isinstance(error, StresslabError) else error.format_message()

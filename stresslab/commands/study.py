"""Study: build what a paper showed, look at what was found, check the known answers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stresslab.commands import _print
from stresslab.commands._options import JsonOption
from stresslab.errors import StresslabError

if TYPE_CHECKING:
    from stresslab.studies._kept import Checked, Kept

app = typer.Typer(help="Reproduce what a paper on stress-testing showed.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Name of the study: `stresslab study list`.")]
ScaleOption = Annotated[Literal["small", "full"], typer.Option(help="How much of it.")]


@app.command("list")
def list_(json_: JsonOption = False) -> None:
    """List the studies, and the verdicts of those that were built."""
    from stresslab import studies
    from stresslab.studies._kept import kept

    found = [(name, study, kept(name)) for name, study in studies.studies]
    rows = [
        [study.number, name, study.title, study.family, one.verdict if one else "not built"]
        for name, study, one in sorted(found, key=lambda row: row[1].number)
    ]
    columns = ["number", "name", "title", "family", "verdict"]
    if json_:
        return _print.as_json([dict(zip(columns, row, strict=True)) for row in rows])
    return _print.rows(columns, rows)


@app.command("run")
def run(
    name: NameArgument,
    scale: ScaleOption = "full",
    again: Annotated[bool, typer.Option("--again", help="Begin with nothing.")] = False,
    json_: JsonOption = False,
) -> None:
    """Build a study in a workspace of its own, in the cache folder, and say what it found."""
    from stresslab.jobs.build_study import build_study
    from stresslab.studies._kept import kept

    done = _print.follow(build_study(name, scale, again=again), quiet=json_)
    _show(name, kept(name, scale), json_wanted=json_, message=done.message if done else "")


@app.command("show")
def show(name: NameArgument, scale: ScaleOption = "full", json_: JsonOption = False) -> None:
    """Say what a study found when it was built."""
    from stresslab import studies
    from stresslab.studies._kept import kept

    studies.get(name)
    found = kept(name, scale)
    if found is None:
        raise StresslabError(f"{name} must be built first: `stresslab study run {name}`.")
    _show(name, found, json_wanted=json_)


@app.command("check")
def check(name: NameArgument, json_: JsonOption = False) -> None:
    """Compute the known answers of a study again; the exit code is 2 if one does not hold."""
    from stresslab import studies
    from stresslab.studies._kept import check as checked

    found = [checked(one) for one in studies.get(name).known_answers]
    if json_:
        _print.as_json([vars(one) for one in found])
    else:
        _print.rows(("holds", "known answer", "expected", "found"), map(_line, found))
    failed = [one.says for one in found if not one.holds]
    if failed:
        raise StresslabError(f"{len(failed)} of {len(found)} known answers do not hold.")


@app.command("export")
def export(
    name: NameArgument,
    folder: Annotated[Path, typer.Argument(help="Folder to write into; made if it is not there.")],
    json_: JsonOption = False,
) -> None:
    """Write what a study asks as files of JSON lines, to ask a model of your own."""
    from stresslab.jobs.export_study import export_study

    written = export_study(name, folder)
    if json_:
        return _print.as_json([{"file": str(path), "lines": n} for path, n in written])
    return _print.rows(("file", "lines"), written)


def _show(name: str, found: "Kept | None", *, json_wanted: bool, message: str = "") -> None:
    if found is None:
        return
    if json_wanted:
        answers = [vars(one) for one in found.checked]
        text: dict[str, Any] = found.result.to_dict()
        return _print.as_json(text | {"known_answers": answers, "workspace": str(found.folder)})
    for sentence in found.result.tables["headlines"]["text"]:
        print(sentence)
    _print.result(found.result, name)
    print(
        f"Verdict: {found.verdict}. {found.n_holding} of {len(found.checked)} known answers hold."
    )
    print(f"Its workspace: {found.folder}")
    return None


def _line(one: "Checked") -> list[Any]:
    return [one.holds, one.says, one.expected, one.found]

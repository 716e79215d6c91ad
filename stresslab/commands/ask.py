"""Ask: run an analysis, list and describe the pieces."""

import dataclasses
import importlib
import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stresslab.catalog import Catalog
from stresslab.commands import _print
from stresslab.commands._options import JsonOption, WorkspaceOption, open_workspace
from stresslab.errors import ParamError, UnknownPieceError

if TYPE_CHECKING:
    from stresslab.params import Params
    from stresslab.result import Result
    from stresslab.store.workspace import Workspace

KINDS = (
    "analyses",
    "encoders",
    "detectors",
    "estimators",
    "figures",
    "geometry",
    "metrics",
    "perturbations",
    "projections",
    "readers",
    "runners",
    "studies",
    "validity",
)

KindArgument = Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")]


def analyze(
    name: Annotated[str, typer.Argument(help="Name of the analysis: `stresslab list analyses`.")],
    workspace: WorkspaceOption,
    settings: Annotated[
        list[str] | None, typer.Argument(help="Settings, as in --set.", metavar="[KEY=VALUE]...")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A setting, key=value; may be repeated.")
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="Table to print; the answering one by default.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the result: pages show it until data change.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Answer a question: run one analysis on a workspace."""
    from stresslab import analyses

    piece = analyses.get(name)
    params = piece.params.parse(pairs_of([*(set_ or []), *(settings or [])]))
    opened = open_workspace(workspace)
    found = _kept(opened, name, params, json_) if keep else piece.run(opened, params)
    if json_:
        return print(found.to_json())
    if table is not None and table not in found.tables:
        raise ParamError(f"{name} has the tables {', '.join(found.tables)}; got {table!r}.")
    return _print.result(found, table)


def _kept(opened: "Workspace", name: str, params: "Params", json_wanted: bool) -> "Result":
    """Return the result of an analysis after it was kept for pages."""
    from stresslab import analyses
    from stresslab.jobs.keep import keep
    from stresslab.saved_slices import expand_params
    from stresslab.store.kept import kept_result

    params = expand_params(params, opened.config.slices)  # as pages ask
    done = _print.follow(keep(opened, name, params), quiet=json_wanted)
    if not json_wanted:
        _print.done(done, json_wanted=False)
    return kept_result(opened, name, params) or analyses.get(name).run(opened, params)


def list_(kind: KindArgument, json_: JsonOption = False) -> None:
    """List the pieces of one kind."""
    pieces = [(name, piece.title) for name, piece in catalog(kind)]
    if json_:
        _print.as_json([{"name": name, "title": title} for name, title in pieces])
    else:
        _print.rows(["name", "title"], pieces)


def describe(
    kind: KindArgument,
    name: Annotated[str, typer.Argument(help="Name of the piece.")],
    json_: JsonOption = False,
) -> None:
    """Say what one piece does, what it needs and which settings it takes."""
    described = description(kind, name)
    if json_:
        return _print.as_json(described)
    print(f"{name}: {described['title']}\n\n{described['text']}\n")
    for key, value in described["declares"].items():
        print(f"{key}: {', '.join(map(str, value)) if isinstance(value, tuple) else value}")
    if described["settings"]:
        columns = ["name", "type", "default", "help"]
        _print.rows(columns, [[one[key] for key in columns] for one in described["settings"]])
    return None


def catalog(kind: str) -> Catalog[Any]:
    """Return the catalog of one kind of piece.

    Raises
    ------
    UnknownPieceError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise UnknownPieceError(f"The kinds are {', '.join(KINDS)}; got {kind!r}.")
    module = importlib.import_module(f"stresslab.{kind}")
    found: Catalog[Any] = getattr(module, kind)
    return found


def description(kind: str, name: str) -> dict[str, Any]:
    """Return what is known of one piece as JSON-able values."""
    from stresslab.params import describe as describe_params

    piece = catalog(kind).get(name)
    values = {one.name: getattr(piece, one.name) for one in dataclasses.fields(piece)}
    params = values.pop("params", None)
    doing = [value for value in values.values() if inspect.isfunction(value) or _is_class(value)]
    settings = next((one for one in [params, values.get("settings")] if _is_class(one)), None)
    texts = [inspect.getdoc(one) for one in (*map(inspect.getmodule, doing[:1]), *doing)]
    return {
        "kind": kind,
        "name": name,
        "title": piece.title,
        "text": "\n\n".join(dict.fromkeys(text for text in texts if text)),
        "declares": {
            key: value
            for key, value in values.items()
            if key != "title" and not callable(value) and value not in ("", (), None)
        },
        "settings": describe_params(settings) if settings else [],
    }


def _is_class(value: Any) -> bool:
    return inspect.isclass(value) and dataclasses.is_dataclass(value)


def pairs_of(texts: list[str]) -> dict[str, str]:
    """Return settings written key=value."""
    pairs = [text.partition("=") for text in texts]
    for text, (_, equals, _) in zip(texts, pairs, strict=True):
        if not equals:
            raise ParamError(f"A setting is written key=value; got {text!r}.")
    return {key.strip(): value for key, _, value in pairs}

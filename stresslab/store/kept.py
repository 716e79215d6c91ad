"""Results that are slow to compute, kept among the derived values until an input changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.params import Params
from stresslab.result import Result
from stresslab.store.derived import RESULT, DerivedInfo, derived_of, inputs_of, seal
from stresslab.store.verify import difference

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

FILE = "result.json"


def keep_result(
    workspace: "Workspace",
    name: str,
    result: Result,
    *,
    asked: Params | None = None,
    inputs: Mapping[str, str] | None = None,
) -> DerivedInfo:
    """Keep a result that is slow to compute; `kept_result` finds it while its inputs last.

    Parameters
    ----------
    name : str
        Id among the derived values; a result of that name is replaced.
    asked : Params, optional
        The settings as given, where those of the result say more.
    inputs : mapping, optional
        From `inputs_of`; everything that is not derived by default.
    """
    given = inputs_of(workspace, data=True) if inputs is None else dict(inputs)
    settings = [json.loads(json.dumps(one, default=str)) for one in _asked(result, asked)]

    def write(folder: Path) -> dict[str, int | None]:
        result.save(folder / FILE)
        return {FILE: None}

    head: dict[str, Any] = {
        "kind": RESULT, "recipe": {"name": result.analysis, "asked": settings}, "inputs": given,
        "seed": result.params.get("seed"), "quality": {}, "n": 0, "columns": [], "by_run": False,
    }  # fmt: skip
    return seal(workspace, name, head, write)


def kept_result(
    workspace: "Workspace", analysis: str, params: Params | Mapping[str, Any]
) -> Result | None:
    """Return the kept result of an analysis with these settings, unless an input changed.

    It stands for the data as they are, so it bears their version.
    """
    given = params.to_dict() if isinstance(params, Params) else dict(params)
    wanted = json.loads(json.dumps(given, default=str))
    for info in derived_of(workspace):
        recipe = info.manifest.get("recipe") or {}
        if info.kind != RESULT or info.is_stale or recipe.get("name") != analysis:
            continue
        path = info.path / FILE
        if _means(wanted, recipe.get("asked", ())) and not difference(path, _entry(info)):
            return replace(Result.load(path), data_version=workspace.data_version)
    return None


def _means(wanted: Mapping[str, Any], asked: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether settings mean what was asked: each as it was given, or as it was understood.

    A page may name the space that a command left to the default; both ask the same.
    """
    return any(set(one) == set(wanted) for one in asked) and all(
        any(name in one and one[name] == value for one in asked) for name, value in wanted.items()
    )


def _entry(info: DerivedInfo) -> Mapping[str, Any]:
    found: Mapping[str, Any] = info.manifest["files"].get(FILE, {"bytes": -1, "sha256": ""})
    return found


def _asked(result: Result, asked: Params | None) -> list[dict[str, Any]]:
    return [result.params] + ([] if asked is None else [asked.to_dict()])

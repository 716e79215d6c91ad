"""Say whether a domain is one that a model was trained on, as workspace.toml tells it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.config import WorkspaceConfig
    from stresslab.store.workspace import Workspace

IN, OUT = "in", "out"
SIDES = {"model": "in_training", "model_a": "in_training_a", "model_b": "in_training_b"}
"""The column that says it, by the column that names the model."""


def in_training(workspace: "Workspace", model: str, domain: str) -> str | None:
    """Return ``in``, ``out`` or, where nobody said, None.

    ``[models.M] in_domains`` lists the domains of a model: all others are out. A model without the
    list has what ``[domains.D] default`` says, which is ``in`` or ``out``.
    """
    return sides(workspace, [(model, domain)])[model, domain]


def sides(
    workspace: "Workspace", pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str | None]:
    """Return `in_training` of many pairs of model and domain; workspace.toml is read once."""
    config = workspace.config
    return {(model, domain): _side(config, model, domain) for model, domain in pairs}


def marked(table: "pd.DataFrame", workspace: "Workspace") -> "pd.DataFrame":
    """Return a table by domain with a column ``in_training`` per model it names.

    A table without domains, or one that has none of a model, is returned as it is.
    """
    import pandas as pd

    if "domain" not in table:
        return table
    found = table.copy()
    for side in (name for name in reversed(SIDES) if name in found):
        named = set(zip(found[side], found["domain"], strict=True))
        known = sides(workspace, [key for key in named if isinstance(key[1], str)])
        said = [known.get(key) for key in zip(found[side], found["domain"], strict=True)]
        place = list(found.columns).index("domain") + 1
        found.insert(place, SIDES[side], pd.Series(said, index=found.index, dtype="str"))
    return found


def _side(config: "WorkspaceConfig", model: str, domain: str) -> str | None:
    told = _section(config.models, model).get("in_domains")
    if told is not None:
        return IN if domain in ([told] if isinstance(told, str) else list(told)) else OUT
    default = _section(config.domains, domain).get("default")
    return str(default) if default in (IN, OUT) else None


def _section(entries: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = (entries or {}).get(name)
    return found if isinstance(found, Mapping) else {}

"""Item sets of several names: which one they are joined under."""

from typing import Any

from stresslab.errors import WorkspaceError


def aliases_of(workspace: Any) -> dict[str, str]:
    """Return item set -> the item set it is joined with, from workspace.toml.

    Raises
    ------
    WorkspaceError
        If aliases go round in a circle.
    """
    found: dict[str, str] = {}
    for name, other in (workspace.config.item_sets.get("aliases") or {}).items():
        if isinstance(other, str):
            found[name] = other
        else:
            found.update({str(one): name for one in other})
    return {name: _last(name, found) for name in found}


def _last(name: str, aliases: dict[str, str]) -> str:
    """Return where a chain of aliases ends."""
    seen = [name]
    while (name := aliases[name]) in aliases:
        if name in seen:
            chain = " -> ".join([*seen, name])
            raise WorkspaceError(
                f"Aliases of item sets must end somewhere; workspace.toml says {chain}. "
                "Take one of them out."
            )
        seen.append(name)
    return name

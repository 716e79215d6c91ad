"""Saved slices as a text file: how they are shared between workspaces and people."""

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stresslab.errors import ConditionError, ParamError, ReadError
from stresslab.predicate import Named, parse
from stresslab.saved_slices import expand, users_of

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace


def to_toml(slices: Mapping[str, str]) -> str:
    """Return slices, conditions by name, as the TOML that `from_toml` reads."""
    import tomli_w

    return tomli_w.dumps({"slices": dict(slices)})


def from_toml(text: str) -> dict[str, str]:
    """Return the slices of a text.

    Raises
    ------
    ReadError
        If it is no TOML, has no section ``[slices]``, or a condition cannot be read: the message
        names it.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ReadError(
            f'Slices are kept as TOML; {error}. Write [slices] and name = "condition".'
        ) from error
    found = said.get("slices")
    if not isinstance(found, dict) or not found:
        raise ReadError('A file of slices has a section [slices] of lines name = "condition".')
    for name, condition in found.items():
        if not isinstance(condition, str):
            raise ReadError(f"Slice {name!r} must be a text; got {condition!r}.")
        try:
            tree = parse(condition)
        except ConditionError as error:
            raise ReadError(f"Slice {name!r} cannot be read: {error}") from error
        if tree is None:
            raise ReadError(f"Slice {name!r} needs a condition; it is empty.")
    return found


def keep(workspace: "Workspace", found: Mapping[str, str]) -> None:
    """Save conditions by name; those of the same name are replaced.

    Raises
    ------
    ConditionError
        If one cannot be read, or names a slice that is not there or names it back: nothing is kept.
    """
    together = {**workspace.config.slices, **found}
    for name, condition in found.items():
        if parse(condition) is None:
            raise ConditionError(f"Slice {name!r} needs a condition; it is empty.")
        expand(Named(name), together)
    for name, condition in found.items():
        workspace.set_config("slices", name, condition)


def forget(workspace: "Workspace", name: str) -> None:
    """Remove a saved slice.

    Raises
    ------
    ParamError
        If there is none of that name, or another slice names it.
    """
    saved = workspace.config.slices
    if name not in saved:
        raise ParamError(f"No slice is called {name!r}. There are: {', '.join(saved) or 'none'}.")
    users = users_of(name, saved)
    if users:
        raise ParamError(
            f"A slice that others name stays; {name!r} is part of {', '.join(users)}. "
            "Change or remove those first."
        )
    workspace.set_config("slices", name, None)

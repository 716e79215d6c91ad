"""Saved slices as a text file: how they are shared between workspaces and people."""

import tomllib
from collections.abc import Mapping

from stresslab.errors import ConditionError, ReadError
from stresslab.predicate import parse


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

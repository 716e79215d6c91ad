"""workspace.toml: the name of a workspace and what people say about its models and domains."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stresslab.errors import WorkspaceError
from stresslab.store import durable

FILE = "workspace.toml"
FORMAT = 1
SECTIONS = ("models", "domains", "item_sets", "tasks", "perturbations", "slices")
MEANING = ("models", "domains", "item_sets", "tasks")
"""Sections that change numbers or what they mean: part of the data version."""


@dataclass(frozen=True)
class WorkspaceConfig:
    """What workspace.toml says.

    Parameters
    ----------
    name : str
        Name of the workspace.
    title, provenance : str
        One line for people; ``shipped`` or ``rebuilt`` for the demo.
    default_task : str or None
        Task the pages open on.
    models, domains, item_sets, tasks, perturbations : dict
        Sections by name, e.g. ``models["m"]["family"]``.
    slices : dict of str to str
        Saved slices: conditions by name.
    """

    name: str
    title: str = ""
    provenance: str = ""
    default_task: str | None = None
    models: Mapping[str, Any] = field(default_factory=dict)
    domains: Mapping[str, Any] = field(default_factory=dict)
    item_sets: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, Any] = field(default_factory=dict)
    perturbations: Mapping[str, Any] = field(default_factory=dict)
    slices: Mapping[str, str] = field(default_factory=dict)


def read_raw(folder: Path) -> dict[str, Any]:
    """Return workspace.toml as nested dicts.

    Raises
    ------
    WorkspaceError
        If it is missing, is no TOML, or has a newer format.
    """
    path = folder / FILE
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkspaceError(
            f"A workspace is a folder with {FILE}; {folder} has none. "
            "Make one by importing into it: `stresslab import FILE -w FOLDER`."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkspaceError(f"{path} cannot be read: {error}. Repair it by hand.") from error
    if int(raw.get("format", FORMAT)) > FORMAT:
        raise WorkspaceError(
            f"{path} has format {raw['format']}; this stresslab reads up to {FORMAT}. Update it."
        )
    for section in SECTIONS:
        if not isinstance(raw.get(section, {}), dict):
            raise WorkspaceError(f"[{section}] in {path} must be a section; got a single value.")
    return raw


def write_raw(folder: Path, raw: Mapping[str, Any]) -> None:
    """Write workspace.toml in one step."""
    import tomli_w

    durable.write_bytes(folder / FILE, tomli_w.dumps(raw).encode())


def config_of(raw: Mapping[str, Any], folder: Path) -> WorkspaceConfig:
    """Return the typed form of what `read_raw` gave."""
    return WorkspaceConfig(
        name=str(raw.get("name") or folder.name),
        title=str(raw.get("title", "")),
        provenance=str(raw.get("provenance", "")),
        default_task=raw.get("default_task"),
        **{section: raw.get(section, {}) for section in SECTIONS},
    )

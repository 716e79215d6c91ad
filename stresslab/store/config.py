"""workspace.toml: the name of a workspace and what people say about its models and domains."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stresslab.errors import WorkspaceError
from stresslab.store import durable
from stresslab.store.lock import FolderLock

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
        Sections by name, e.g. ``models["m"]["family"]``; a model's ``caveat`` is repeated beside
        every number of it.
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


_read: dict[str, tuple[tuple[int, int, int], dict[str, Any]]] = {}


def read_raw(folder: Path) -> dict[str, Any]:
    """Return workspace.toml as nested dicts, read again only when it was written anew.

    Raises
    ------
    WorkspaceError
        If it is missing, is no TOML, or has a newer format.
    """
    path = folder / FILE
    try:
        stat = path.stat()
        seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = _read.get(str(path))
        if known is not None and known[0] == seen:
            return {name: _copied(one) for name, one in known[1].items()}
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkspaceError(
            f"A workspace is a folder with {FILE}; {folder} has none. "
            "Make one by importing into it: `stresslab import FILE -w FOLDER`."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkspaceError(f"{path} cannot be read: {error}. Repair it by hand.") from error
    check(raw, path)
    _read[str(path)] = (seen, raw)
    return {name: _copied(one) for name, one in raw.items()}


def _copied(value: Any) -> Any:
    """Return nested dicts and lists anew; a general copy takes several times as long."""
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return value


def check(raw: Mapping[str, Any], path: Path) -> None:
    """Raise WorkspaceError unless `raw` has the shape of workspace.toml."""
    version = raw.get("format", FORMAT)
    if not isinstance(version, int) or version > FORMAT:
        raise WorkspaceError(
            f"{path} has format {version!r}; this stresslab reads up to {FORMAT}. Update it."
        )
    for section in SECTIONS:
        entries = raw.get(section, {})
        if not isinstance(entries, dict):
            raise WorkspaceError(
                f"[{section}] in {path} must be a section; got {entries!r}. Repair it by hand."
            )
        kind, what = (str, "a text") if section == "slices" else (dict, "a section")
        for name, entry in entries.items():
            if not isinstance(entry, kind):
                raise WorkspaceError(
                    f"{section}.{name} in {path} must be {what}; got {entry!r}. Repair it by hand."
                )


def change(folder: Path, section: str, key: str, values: Any) -> None:
    """Set one entry of workspace.toml, or remove it if `values` is None.

    Two processes that change it at once wait for each other, so that no change is lost.
    """
    path = folder / FILE
    if section and section not in SECTIONS:
        raise WorkspaceError(
            f"workspace.toml has the sections {', '.join(SECTIONS)}; got {section!r}. "
            "Leave the section empty for an entry of the top level."
        )
    lock = FolderLock(folder, f".{FILE}.lock")
    with durable.writing(path):
        lock.acquire(wait=5.0)
    try:
        raw = read_raw(folder)
        place = raw.setdefault(section, {}) if section else raw
        place.pop(key, None)
        if values is not None:
            place[key] = values
        check(raw, path)
        write_raw(folder, raw)
    finally:
        lock.release(tidy=True)


def write_raw(folder: Path, raw: Mapping[str, Any]) -> None:
    """Write workspace.toml in one step."""
    import tomli_w

    try:
        text = tomli_w.dumps(raw)
    except TypeError as error:
        raise WorkspaceError(
            f"{FILE} holds texts, numbers, dates, lists and sections; {error}. "
            "Leave out what is not known."
        ) from error
    with durable.writing(folder / FILE):
        durable.write_bytes(folder / FILE, text.encode())


def config_of(raw: Mapping[str, Any], folder: Path) -> WorkspaceConfig:
    """Return the typed form of what `read_raw` gave."""
    return WorkspaceConfig(
        name=str(raw.get("name") or folder.name),
        title=str(raw.get("title", "")),
        provenance=str(raw.get("provenance", "")),
        default_task=raw.get("default_task"),
        **{section: raw.get(section, {}) for section in SECTIONS},
    )

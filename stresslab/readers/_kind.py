"""What a reader declares."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from stresslab.readers._mapping import Mapping as FileMapping


@dataclass(frozen=True)
class RunKey:
    """The run a row belongs to: one model on one task, and which where a source holds several.

    Parameters
    ----------
    model, task : str
        Names.
    revision : str, optional
        Version of the model.
    part : str
        Tells runs of one model on one task apart that lie in one source; mostly empty.
    """

    model: str
    task: str
    revision: str | None = None
    part: str = field(default="", repr=False)


@dataclass(frozen=True)
class Batch:
    """Some rows of one table of one run.

    Parameters
    ----------
    run : RunKey or None
        None for rejects that belong to no run because their model could not be read.
    table : str
        A key of `nouns.TABLES`.
    rows : pyarrow.Table
        Columns as in `nouns.TABLES`; may be empty, to report progress only.
    bytes_done : int
        How far the file was read.
    settings, measures, model_info : mapping
        What the manifest of the run shall say, as far as the file knows it.
    """

    run: RunKey | None
    table: str
    rows: "pa.Table"
    bytes_done: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    measures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    model_info: Mapping[str, Any] = field(default_factory=dict)


def all_files(path: Path) -> tuple[Path, ...]:
    """Return the file itself, or every file of a folder, without links and hidden ones."""
    if not path.is_dir():
        return (path,)
    inside = (one for one in path.rglob("*") if not one.is_symlink() and one.is_file())
    return tuple(sorted(one for one in inside if not one.name.startswith(".")))


@dataclass(frozen=True)
class About:
    """What the manifest of a run shall say beside its rows, as far as the file knows it."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    model_info: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """A way to read one outside format.

    Parameters
    ----------
    title : str
        Name of the format, for people.
    sniff : callable
        ``sniff(path) -> share in [0, 1]``: how sure the reader is that the file or folder is its
        own; the highest wins, a tie is an error. Reads the first kilobytes. A folder that no
        reader claims is walked.
    propose : callable
        ``propose(path) -> Mapping``: the mapping to use when the user gives none.
    read : callable
        ``read(path, mapping)`` yields `Batch` in constant memory.
    parts : callable
        ``parts(path)``: every file that belongs to the same source, its main file first.
    version : str
        Rises when the same file would give other rows; part of the identity of an import.
    example : str
        Text of a tiny file of the format; empty for a binary one.
    suffix : str
        How the name of such a file ends.
    source : str
        Where the format is defined.
    """

    title: str
    sniff: Callable[[Path], float]
    propose: Callable[[Path], "FileMapping"]
    read: Callable[[Path, "FileMapping"], Iterator[Batch]]
    version: str
    parts: Callable[[Path], tuple[Path, ...]] = all_files
    example: str = ""
    suffix: str = ""
    source: str = ""

"""Which files of lighteval belong together: the results of a run and the details of its tasks."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stresslab.readers._records import head_of, small_object
from stresslab.store.scan import Reject

DATE = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?"
_DETAILS = re.compile(rf"details_(?P<task>.+)_(?P<date>{DATE})\.(?:parquet|jsonl)")
_RESULTS = re.compile(rf"results_(?P<date>{DATE})\.json")
_IS_RESULTS = re.compile(rb'\s*\{\s*"config_general"\s*:')
LINES = ".jsonl"
"""Details somebody wrote again as JSON lines, the same names in every line."""

_LINE = (rb'"doc"\s*:\s*\{', rb'"model_response"\s*:', rb'"metric"\s*:')

Object = dict[str, Any]


@dataclass
class Files:
    """The files of one run of lighteval, and what its results file says.

    Parameters
    ----------
    results_path : Path or None
        None where only details are left.
    details : dict of str to Path
        By task.
    results : dict
        What the results file holds.
    rejects : list of Reject
        What of it could not be read.
    known : dict
        Metrics by task, once they were looked for.
    """

    results_path: Path | None
    details: dict[str, Path]
    results: Object = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    known: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    @property
    def config(self) -> Object:
        """Return the settings of the whole run."""
        return self.table_of("config_general")

    def table_of(self, *names: str) -> Object:
        """Return a table inside of the results; an empty one if there is none."""
        found: Any = self.results
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def of_task(self, table: str, task: str) -> Object:
        """Return what a table says of a task, whose key may lack the number of shots."""
        found = self.table_of(table)
        for name in (task, task.rpartition("|")[0], task.replace(":", "|")):
            if name and isinstance(found.get(name), dict):
                return dict(found[name])
        return {}

    @property
    def model(self) -> str:
        """Return the model the results name, or the folders."""
        told = [self.config.get("model_name"), self.table_of("config_general", "model_config")
                .get("model_name")]  # fmt: skip
        named = next((one for one in told if isinstance(one, str) and one.strip()), "")
        return named or self._from_folders()

    def _from_folders(self) -> str:
        path = next(iter(self.details.values()), self.results_path)
        folders = [] if path is None else list(path.resolve().parent.parts)
        if folders and re.fullmatch(DATE, folders[-1]):
            folders.pop()
        for top in ("details", "results"):
            if top in folders[:-1]:
                start = len(folders) - folders[::-1].index(top)
                return "/".join(folders[start:])
        last = str(folders[-1]) if folders else ""
        return last.removeprefix("details_").removesuffix("_private").replace("__", "/")


def sniff(path: Path) -> float:
    """Return how sure it is that a file holds results or details of lighteval."""
    if path.is_dir():
        return 0.0
    if path.suffix == ".json":
        return 0.9 if _IS_RESULTS.match(head_of(path).removeprefix(b"\xef\xbb\xbf")) else 0.0
    if path.suffix == LINES:
        head = head_of(path)
        return 0.9 if head[:1] == b"{" and all(re.search(one, head) for one in _LINE) else 0.0
    if path.suffix != ".parquet":
        return 0.0
    return 0.9 if _DETAILS.fullmatch(path.name) and head_of(path, 4) == b"PAR1" else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return a results file with all details of its run; details alone are one of their own."""
    return (path, *(_details_of(path).values() if path.suffix == ".json" else ()))


def opened(path: Path) -> Files:
    """Return the run a results file or a details file is of."""
    if path.suffix == ".json":
        results, rejects = small_object(path)
        return Files(path, _details_of(path), results, rejects)
    named = _DETAILS.fullmatch(path.name)
    beside = _results_of(path, named["date"]) if named else None
    results, rejects = small_object(beside) if beside else ({}, [])
    return Files(beside, {named["task"] if named else path.stem: path}, results, rejects)


def _details_of(path: Path) -> dict[str, Path]:
    """Return the details of the date of a results file, from the folders they may lie in."""
    dated = _RESULTS.fullmatch(path.name)
    if not dated:
        return {}
    found: dict[str, Path] = {}
    for folder in (*_twins(path.parent, "results", "details"), path.parent):
        for one in (folder / dated["date"], folder):
            for file in sorted(one.glob("details_*")) if one.is_dir() else ():
                named = _DETAILS.fullmatch(file.name)
                if named and named["date"] == dated["date"]:
                    found.setdefault(named["task"], file)
    return found


def _results_of(path: Path, date: str) -> Path | None:
    folder = path.parent.parent if path.parent.name == date else path.parent
    for one in (*_twins(folder, "details", "results"), folder, path.parent):
        file = one / f"results_{date}.json"
        if file.is_file():
            return file
    return None


def _twins(folder: Path, name: str, other: str) -> list[Path]:
    """Return the folder of the same model under the other of the two folders of a run."""
    names = folder.parts
    places = [place for place, one in enumerate(names) if one == name]
    return [Path(*names[:place], other, *names[place + 1 :]) for place in reversed(places)]

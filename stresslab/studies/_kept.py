"""Where a study keeps what it built, and what it found, between two calls."""

import hashlib
import importlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.errors import ReadError
from stresslab.places import cache_folder
from stresslab.result import Result
from stresslab.studies._kind import Found, KnownAnswer, Scale, Study

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace

RESULT, CHECKED = "result.json", "known_answers.json"


@dataclass(frozen=True)
class Checked:
    """A known answer beside what the code gave.

    Parameters
    ----------
    says, kind : str
        As in `KnownAnswer`.
    expected, found : list of float
        The numbers; None where undefined.
    tolerance : float
        Largest allowed distance.
    holds : bool
        Whether they agree.
    """

    says: str
    kind: str
    expected: list[float | None]
    found: list[float | None]
    tolerance: float
    holds: bool


@dataclass(frozen=True)
class Kept:
    """A study that was built.

    Parameters
    ----------
    folder : Path
        Its workspace.
    result : Result
        What it found.
    checked : tuple of Checked
        Its known answers.
    """

    folder: Path
    result: Result
    checked: tuple[Checked, ...]

    @property
    def verdict(self) -> str:
        """Return the verdict word."""
        return str(self.result.params["verdict"])

    @property
    def n_holding(self) -> int:
        """Return how many known answers hold."""
        return sum(one.holds for one in self.checked)


SHARED = ("_kind", "_read", "_record", "_kept")
"""Private modules that belong to no study."""
_PRIVATE = re.compile(r"^from stresslab\.studies\.(_\w+) import", re.MULTILINE)


def digest_of(name: str) -> str:
    """Return a mark of the code of a study: another text of its files is another study.

    Its files are its module and the private modules that this imports, directly or not, but for
    those that all studies share.
    """
    file = Path(str(importlib.import_module(f"stresslab.studies.{name}").__file__))
    files, waiting = [], [file]
    while waiting:
        one = waiting.pop(0)
        files.append(one)
        named = _PRIVATE.findall(one.read_text(encoding="utf-8"))
        found = [file.with_name(f"{other}.py") for other in named if other not in SHARED]
        waiting += [other for other in dict.fromkeys(found) if other not in (*files, *waiting)]
    return hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()[:8]


def folder_of(name: str, scale: Scale) -> Path:
    """Return the folder of a study's workspace: in the cache, never among the user's own."""
    return cache_folder() / "studies" / f"{scale}-{digest_of(name)}" / name


def kept(name: str, scale: Scale = "full") -> Kept | None:
    """Return what a study found when it was last built with today's code; None if it was not."""
    folder = folder_of(name, scale)
    try:
        said = json.loads((folder / CHECKED).read_text(encoding="utf-8"))
        return Kept(folder, Result.load(folder / RESULT), tuple(Checked(**one) for one in said))
    except (OSError, ReadError, ValueError, TypeError):
        return None


def keep(folder: Path, result: Result, checked: Sequence[Checked]) -> None:
    """Write what a study found beside its runs, the known answers last."""
    result.save(folder / RESULT)
    (folder / CHECKED).write_text(json.dumps([asdict(one) for one in checked]), encoding="utf-8")


def check(answer: KnownAnswer) -> Checked:
    """Return a known answer beside what the code gives."""
    found = answer.found()
    expected = np.atleast_1d(np.asarray(answer.expected, float))
    return Checked(
        answer.says, answer.kind, _numbers(expected), _numbers(found), answer.tolerance,
        answer.holds(found),
    )  # fmt: skip


def result_of(name: str, study: Study, found: Found, workspace: "Workspace", scale: str) -> Result:
    """Return what a study found as a Result; its first table has the name of the study."""
    import pandas as pd

    first, *rest = found.tables
    tables = {name: found.tables[first]} | {one: found.tables[one] for one in rest}
    n = len(found.sentences)
    tables["headlines"] = pd.DataFrame(
        {"order": range(1, n + 1), "text": list(found.sentences), "verdict": [""] * n}
    )
    if study.published:
        tables["published"] = pd.DataFrame(
            {
                "label": [one.label for one in study.published],
                "value": [float(one.value) for one in study.published],
                "at": [json.dumps(dict(one.at)) for one in study.published],
            }
        )
    settings: dict[str, Any] = {"study": name, "scale": scale, "verdict": found.verdict}
    return Result(
        analysis=name, params=settings | {"first": first}, tables=tables, warnings=found.warnings,
        data_version=workspace.data_version,
    )  # fmt: skip


def _numbers(values: Any) -> list[float | None]:
    return [float(one) if np.isfinite(one) else None for one in values]

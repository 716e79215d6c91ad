"""Look whether what is sealed is still what it was when it was sealed."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stresslab.store import durable
from stresslab.store.runs import MANIFEST, RunInfo, distrust, trust


@dataclass(frozen=True)
class Problem:
    """Something wrong on disk: the file, the rule, what was seen, what to do."""

    path: Path
    rule: str
    seen: str
    next_step: str


def check_run(run: RunInfo) -> list[Problem]:
    """Return what is wrong with a sealed run, hashing every file.

    What was found is noted beside the runs, so that a damaged run counts no more, and counts
    again once its files are whole.
    """
    problems = _problems(run)
    if not problems:
        with contextlib.suppress(OSError):
            trust(run.path)
    elif run.state != "damaged":
        distrust(run.path, f"{problems[0].path} is not what was sealed: {problems[0].seen}")
    return problems


def all_whole(runs: Iterable[RunInfo]) -> bool:
    """Tell whether all runs are what was sealed; those that are not count no more."""
    return not [problem for run in runs for problem in check_run(run)]


def _problems(run: RunInfo) -> list[Problem]:
    again = f"`stresslab workspace purge {run.path.name} --yes`, or just import the same again."
    if not run.manifest:
        return [Problem(run.path / MANIFEST, "a run has a readable manifest", run.reason, again)]
    problems = []
    for name, file in run.manifest["files"].items():
        path = run.path / name
        rule = "a sealed file has the checksum of its manifest"
        seen = difference(path, file)
        if seen:
            problems.append(Problem(path, rule, seen, again))
    return problems


def strays(run: RunInfo) -> list[Problem]:
    """Return the files of a run's folder that its manifest does not name."""
    rule = "a sealed folder holds the files of its manifest"
    return [
        Problem(path, rule, "an extra file", "Move it out of the workspace.")
        for path in (sorted(run.path.iterdir()) if run.manifest else ())
        if path.name not in (*run.manifest["files"], MANIFEST) and not path.name.startswith(".")
    ]


def difference(path: Path, file: Mapping[str, Any]) -> str:
    """Return how a file differs from what a manifest says of it, or an empty text."""
    try:
        size = path.stat().st_size
        if size != file["bytes"]:
            return f"{size} bytes; the manifest says {file['bytes']}"
        found = durable.sha256_of(path)
    except FileNotFoundError:
        return "the file is missing"
    except OSError as error:
        return f"the file cannot be read: {error.strerror or error}"
    said = file["sha256"]
    return "" if found == said else f"checksum {found[:12]}; the manifest says {str(said)[:12]}"

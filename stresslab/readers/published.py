"""Tables of published accuracies: the ImageNet testbed and RobustBench; no row per image."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.errors import ReadError
from stresslab.readers import _values as values
from stresslab.readers._kind import About, Batch, Reader
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._records import head_of
from stresslab.readers._rows import LongTable
from stresslab.store.scan import EXCERPT, Chunk, Reject

TESTBED, ROBUSTBENCH = "imagenet-testbed", "robustbench"
CORRUPTED = re.compile(r"^imagenet-c\.(?P<kind>.+)\.(?P<tier>\d+)_(?P<made>in-memory|on-disk)$")
CHANGED = re.compile(r"^(greyscale|pgd\..+)$")
TIERS = re.compile(r"^(,[1-5])+\r?$")
PROPOSED = {"model": "model", "task": "task", "item": "setting"}


def sniff(path: Path) -> float:
    """Return how sure it is that a file is one of the two tables."""
    if path.is_dir() or not path.name.lower().endswith(".csv"):
        return 0.0
    return 0.9 if _kind(path) else 0.0


def propose(path: Path) -> Mapping:
    """Return a mapping that only says model and task: there are no rows to map."""
    sources = {role: Source(fields=(name,)) for role, name in PROPOSED.items()}
    return Mapping(sources=sources, reader="published")


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the printed numbers of every model, each with the condition it was measured under.

    Raises
    ------
    ReadError
        If the first lines are not those of one of the two tables.
    """
    kind = _kind(path)
    table = LongTable(mapping, path.name, lambda key: About({"tool": kind}))
    task = kind if kind == TESTBED else f"{kind} {path.name.split('.')[0]}"
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = csv.reader(file)
        slices = _slices(path, kind, lines)
        for line, found in _lines(lines):
            if not isinstance(found, Reject):
                rows, rejects = _numbers(f"line {line}", found, slices)
                key = table.key_of({"model": found[0], "task": task})
                if key is not None and rows:
                    yield table.batch(key, "published", rows)
                elif key is None:
                    rejects.append(Reject(f"line {line}", "model", "must name a model", ""))
            else:
                rejects = [found]
            if rejects:
                yield from table.add(Chunk(rejects=rejects))
    yield from table.finish(path.stat().st_size)


def _kind(path: Path) -> str:
    """Return which of the tables a file is by its first lines; empty if none."""
    first, _, rest = head_of(path).decode("utf-8-sig", "replace").partition("\n")
    if first.startswith("model,") and ",imagenet-c." in first:
        return TESTBED
    second = rest.partition("\n")[0]
    is_pair = first.startswith(",") and first.count(",") == second.count(",")
    return ROBUSTBENCH if is_pair and TIERS.match(second) else ""


def _slices(path: Path, kind: str, lines: Any) -> list[str]:
    """Return the condition each column was measured under."""
    try:
        names: list[str] = next(lines, [])[1:]
        tiers: list[str] = next(lines, [])[1:] if kind == ROBUSTBENCH else []
    except csv.Error as error:
        raise ReadError(f"The first lines of {path} must be readable as CSV: {error}.") from error
    if not kind or (kind == ROBUSTBENCH and len(tiers) != len(names)):
        raise ReadError(
            f"{path} must begin with `model,` and names such as imagenet-c.fog.1_on-disk, or with "
            "a line of kinds above a line of tiers. Read another table with the reader `table`."
        )
    if kind == TESTBED:
        return [_setting(name) for name in names]
    pairs = zip(names, tiers, strict=True)
    return [f"perturbation = {_quoted(name)} and tier = {tier}" for name, tier in pairs]


def _setting(name: str) -> str:
    found = CORRUPTED.match(name)
    if found:
        kind = found["kind"] + (" in-memory" if found["made"] == "in-memory" else "")
        return f"perturbation = {_quoted(kind)} and tier = {found['tier']}"
    column = "perturbation" if CHANGED.match(name) else "domain"
    return f"{column} = {_quoted(name)}"


def _lines(lines: Any) -> Iterator[tuple[int, list[str] | Reject]]:
    while True:
        try:
            found = next(lines, None)
        except csv.Error as error:
            place = f"line {lines.line_num}"
            yield lines.line_num, Reject(place, "", f"not readable as CSV: {error}", "")
            continue
        if found is None:
            return
        if found:
            yield lines.line_num, found


def _numbers(
    place: str, line: list[str], slices: list[str]
) -> tuple[list[tuple[Any, ...]], list[Reject]]:
    """Return the rows of `published` a line makes; an empty field was not measured."""
    text = lenient.clean(",".join(line)[:EXCERPT])
    if len(line) != len(slices) + 1:
        why = f"has {len(line)} fields; the header has {len(slices) + 1}"
        return [], [Reject(place, "", why, text)]
    rows: list[tuple[Any, ...]] = []
    rejects: list[Reject] = []
    for where, written in zip(slices, line[1:], strict=True):
        try:
            value = values.number(written)
        except values.ValueProblem as problem:
            rejects.append(
                Reject(place, where, str(problem), written[:EXCERPT].replace("\x00", "�"))
            )
            continue
        if value is not None:
            rows.append(("score", where, value, None, None))
    return rows, rejects


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


PIECE = Reader(
    title="Published accuracies (ImageNet testbed, RobustBench)",
    sniff=sniff,
    propose=propose,
    read=read,
    version="1",
    suffix=".csv",
    example=",fog,fog,snow\n,1,2,1\nnet,0.9,0.8,0.7\nother,0.5,,0.6\n",
    source="modestyachts/imagenet-testbed, RobustBench/robustbench",
)

"""Predictions of OpenCompass: objects by index, split files put together in their order."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.errors import ReadError
from stresslab.lenient import Broken
from stresslab.readers._files import ManyFiles
from stresslab.readers._json_lines import is_deep
from stresslab.readers._kind import About, Batch, Reader
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._opencompass_rows import Object, Results, record
from stresslab.readers._propose import complete
from stresslab.readers._records import broken, head_of, in_chunks
from stresslab.readers._rows import LongTable
from stresslab.readers._values import as_json
from stresslab.store.scan import EXCERPT, Numbered, Reject

SAMPLE = 300
MOST_PARTS = 10_000
FOLDER = "predictions"
UNFINISHED = "tmp_"
_KEYS = (
    'origin_prompt|prediction|gold|in-context examples|testing input|prompt|choices|label: [^"]*'
)
_ROW = re.compile(rf'\s*\{{\s*"\d+"\s*:\s*\{{\s*"(?:{_KEYS})"\s*:'.encode())
_PART = re.compile(r"(?P<dataset>.+)_(?P<place>\d+)\.json")
_DATE = re.compile(r"\d{8}_\d{6}")

ROLES = {
    "model": "run.model", "task": "run.dataset", "items": "run.dataset", "item": "index",
    "input": "read.input", "messages": "read.messages", "choices": "read.choices",
    "reference": "read.reference", "output": "read.output", "answer": "read.answer",
    "score": "read.score", "correct": "read.correct", "confidence": "read.confidence",
    "probs": "read.probs", "tokens_in": "read.tokens_in", "tokens_out": "read.tokens_out",
}  # fmt: skip


def sniff(path: Path) -> float:
    """Return how sure it is that a file holds predictions of OpenCompass."""
    if path.is_dir() or path.suffix != ".json":
        return 0.0
    if path.name.startswith(UNFINISHED) and _finished(path).exists():
        return 0.0
    if _ROW.match(head_of(path).removeprefix(b"\xef\xbb\xbf")):
        return 0.9
    return 0.5 if path.parent.parent.name == FOLDER else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the file, of a split data set all parts, and the file with its results."""
    inside = _split(path)
    found = [path, *(one for one in inside if one != path)]
    beside = _results_path(path)
    return tuple([*found, beside] if beside else found)


def propose(path: Path) -> Mapping:
    """Return the mapping of predictions: index = item, data set = task.

    Raises
    ------
    ReadError
        If nothing of the file can be read.
    """
    results = _results(path)
    found = (one for one in _rows(path, results, []) if isinstance(one, tuple))
    rows = [row for _, row in islice(found, SAMPLE)]
    if not rows:
        raise ReadError(f"{path} must hold predictions by index; none of it can be read.")
    measures: dict[str, dict[str, Any]] = {}
    if any(row["read"].get("correct") is not None for row in rows):
        measures["score"] = {"rate": True, "low": 0.0, "high": 1.0}
    if any("confidence_norm" in row["read"] for row in rows):
        source = Source(fields=("read.confidence_norm",))
        measures["confidence_norm"] = {"from": source, "low": 0.0, "high": 1.0}
    mapping = Mapping(
        sources={role: Source(fields=(name,)) for role, name in ROLES.items()},
        measures=measures,
        reader="opencompass",
    )
    return complete(mapping, rows, under=("run",))


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the predictions of a data set, and what OpenCompass printed of it.

    Raises
    ------
    ReadError
        If the file cannot be opened.
    """
    results = _results(path)
    run = _run(path)
    kinds: list[str] = []

    def about(key: Any) -> About:
        found = {"tool": "OpenCompass", "date": run["date"], "inferencer": next(iter(kinds), None)}
        told = {name: value for name, value in found.items() if value}
        return About(told | ({"unfinished": True} if path.name.startswith(UNFINISHED) else {}))

    table = LongTable(mapping, path.name, about)
    many = ManyFiles(table)
    for part, rows in _files(path, results, kinds):
        many.open(part.name)
        for chunk in in_chunks(rows, partial(int, part.stat().st_size), "entry"):
            yield from many.add(chunk)
    yield from many.finish()
    key = table.key_of({"run": run})
    graded = "score" in mapping.sources and results.is_graded(kinds)
    lines = list(results.published(graded=graded))
    if key and lines:
        yield table.batch(key, "published", lines)


def _rows(path: Path, results: Results, kinds: list[str]) -> Iterator[Numbered | Reject]:
    for _, rows in _files(path, results, kinds):
        yield from rows


def _files(
    path: Path, results: Results, kinds: list[str]
) -> Iterator[tuple[Path, Iterator[Numbered | Reject]]]:
    """Yield every file with its rows, whose indices go on where those of the last one ended."""
    run, count = _run(path), [0]
    for part in _split(path):
        try:
            part.open("rb").close()
        except OSError as error:
            raise ReadError(f"{part} must be a readable file: {error}.") from error
        yield part, _of_file(part, run, results, kinds, count)


def _of_file(
    path: Path, run: Object, results: Results, kinds: list[str], count: list[int]
) -> Iterator[Numbered | Reject]:
    start = count[0]
    with path.open("rb") as file:
        for number, (name, value) in enumerate(lenient.walk(file), start=1):
            place, name = f"entry {number}", lenient.clean(name)
            if isinstance(value, Broken):
                yield broken(place, value, name)
            elif not isinstance(value, dict) or not name.isdecimal() or len(name) > 12:
                text = (as_json(value) or "")[:EXCERPT]
                yield Reject(place, name[:EXCERPT], "must be an object under its index", text)
            elif is_deep(value):
                yield Reject(place, name, "nested too deeply", "")
            else:
                index = start + int(name)
                count[0] = max(count[0], index + 1)
                row, kind = record(value, results.detail(index))
                if kind not in kinds:
                    kinds.append(kind)
                yield number, row | {"index": index, "run": run}


def _split(path: Path) -> list[Path]:
    """Return the files of a data set that was split, in order; else the file alone."""
    named = _PART.fullmatch(path.name)
    if not named or path.with_name(f"{named['dataset']}.json").exists():
        return [path]
    if not path.with_name(f"{named['dataset']}_0.json").exists():
        return [path]
    found = []
    for place in range(MOST_PARTS):
        one = path.with_name(f"{named['dataset']}_{place}.json")
        if not one.is_file():
            break
        found.append(one)
    return found if path in found and sniff(found[0]) > 0 else [path]


def _run(path: Path) -> Object:
    stem = _split(path)[0].stem if len(_split(path)) > 1 else path.stem
    dataset = stem.removesuffix("_0") if len(_split(path)) > 1 else stem
    above = path.resolve().parent
    date = next((one.name for one in above.parents if _DATE.fullmatch(one.name)), "")
    return {"model": above.name, "dataset": dataset.removeprefix(UNFINISHED), "date": date}


def _finished(path: Path) -> Path:
    return path.with_name(path.name.removeprefix(UNFINISHED))


def _results_path(path: Path) -> Path | None:
    """Return the file under ``results`` that has the name of the data set."""
    above = path.parent.parent
    if above.name != FOLDER:
        return None
    found = above.parent / "results" / path.parent.name / f"{_run(path)['dataset']}.json"
    return found if found.is_file() else None


def _results(path: Path) -> Results:
    beside = _results_path(path)
    return Results.load(beside) if beside else Results({})


EXAMPLE = (
    '{"0": {"origin_prompt": "2+2?", "prediction": "4", "gold": "4"},\n'
    ' "1": {"origin_prompt": "2+3?", "prediction": "6", "gold": "5"}}\n'
)

PIECE = Reader(
    title="Predictions of OpenCompass",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="1",
    suffix=".json",
    example=EXAMPLE,
    source="open-compass/opencompass: openicl/icl_inferencer/icl_base_inferencer.py",
)

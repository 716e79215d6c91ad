"""AlpacaEval: a model's outputs, and which of two outputs an annotator preferred."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.readers import _values as values
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._ratings import Rating, TextIds, item_of, share
from stresslab.readers._records import broken, head_of, in_chunks, tidied
from stresslab.readers._rows import LongTable
from stresslab.store.scan import EXCERPT, Numbered, Reject

OUTPUTS, ANNOTATIONS = "model_outputs.json", "annotations.json"
SAMPLE = 50


def sniff(path: Path) -> float:
    """Return how sure it is that a folder is a model of AlpacaEval, or a file a part of one."""
    if path.is_dir():
        outputs = path / OUTPUTS
        return 0.9 if outputs.is_file() and b'"instruction"' in head_of(outputs) else 0.0
    if not path.name.endswith(".json"):
        return 0.0
    head = head_of(path)
    if not head.lstrip().startswith(b"[") or b'"instruction"' not in head:
        return 0.0
    rated = b'"preference"' in head and b'"output_1"' in head
    return 0.9 if rated or b'"generator"' in head else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the outputs of a model and the annotations below."""
    if not path.is_dir():
        return (path,)
    below = sorted(path.glob(f"*/{ANNOTATIONS}")) + sorted(path.glob(ANNOTATIONS))
    return (path / OUTPUTS, *below)


def propose(path: Path) -> Mapping:
    """Return the mapping: the instruction is the item; winning against the baseline the score."""
    firsts = (islice(_rated(one, []), SAMPLE) for one in _annotations(path))
    annotators = dict.fromkeys(row["annotator"] for rows in firsts for _, row in rows)
    sources = {
        "model": "generator", "task": "read.task", "items": "read.items", "item": "read.item",
        "domain": "dataset", "input": "instruction", "output": "output", "score": "read.score",
    }  # fmt: skip
    measures: dict[str, dict[str, Any]] = {"score": {"low": 0.0, "high": 1.0}}
    for name in list(annotators)[1:]:
        measures[str(name)] = {"from": Source(fields=(f"read.wins.{name}",)), **measures["score"]}
    return Mapping(
        sources={role: Source(fields=(name,)) for role, name in sources.items()},
        measures=measures,
        reader="alpaca_eval",
    )


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the outputs of the model, each with whether it won, then every rating.

    A preference is 1 where the model's own output was preferred to the baseline's (model B).
    """
    rejects: list[Reject] = []
    wins: dict[str, dict[str, float]] = {}
    for one in _annotations(path):
        for _, row in _rated(one, rejects):
            if row["preference"] is not None:
                wins.setdefault(row["item"], {}).setdefault(row["annotator"], row["preference"])
    first = next(iter(next(iter(wins.values()), {})), "")
    kept = About({"tool": "alpaca_eval", "annotator": first})
    table = LongTable(mapping, path.name, lambda key: kept)
    main = _main(path)
    key: RunKey | None = None
    with main.open("rb") as file:
        found = _outputs(main, file, rejects, wins, first)
        for chunk in in_chunks(found, file.tell, "entry"):
            key = key or next((table.key_of(row) for _, row in chunk.rows), None)
            yield from table.add(chunk)
        yield from table.finish(file.tell())
    if key is None:
        return
    for one in _annotations(path):
        ratings: list[Rating] = []
        for _, row in _rated(one, []):
            item = item_of(mapping, {"read": {"items": "alpaca_eval", "item": row["item"]}}, key)
            pair = row["model"], row["baseline"]
            ratings.append((row["annotator"], item, *pair, None, row["preference"], None))
        if ratings:
            yield table.batch(key, "ratings", ratings)


def _main(path: Path) -> Path:
    return path / OUTPUTS if path.is_dir() else path


def _annotations(path: Path) -> list[Path]:
    if path.is_dir():
        return [one for one in parts(path) if one.name == ANNOTATIONS]
    return [path] if b'"preference"' in head_of(path) else []


def _outputs(
    path: Path, file: Any, rejects: list[Reject], wins: dict[str, dict[str, float]], first: str
) -> Iterator[Numbered | Reject]:
    """Yield an output of the model per instruction; of annotations that of the second."""
    yield from rejects
    rejects.clear()
    ids = TextIds()
    for number, entry in _entries(path, file, rejects):
        yield from rejects
        rejects.clear()
        text = values.text(entry.get("instruction")) or ""
        item = ids.of(text)
        won = wins.get(item, {})
        read = {
            "task": "alpaca_eval", "items": "alpaca_eval", "item": item, "wins": won,
            "score": won.get(first),
        }  # fmt: skip
        yield (
            number,
            {
                "instruction": text,
                "dataset": entry.get("dataset"),
                "output": entry.get("output", entry.get("output_2")),
                "generator": entry.get("generator", entry.get("generator_2")),
                "read": read,
            },
        )
    yield from rejects


def _rated(path: Path, rejects: list[Reject]) -> Iterator[Numbered]:
    """Yield what annotators preferred, as a share of model 2 having won."""
    ids: dict[str, TextIds] = {}
    with path.open("rb") as file:
        for number, entry in _entries(path, file, rejects):
            annotator = values.name(entry.get("annotator")) or path.parent.name
            text = values.text(entry.get("instruction")) or ""
            said, preference = entry.get("preference"), None
            try:
                preference = values.number(said)
            except values.ValueProblem as problem:
                place = f"{path.name} entry {number}"
                rejects.append(
                    Reject(place, "preference", str(problem), lenient.clean(str(said)[:EXCERPT]))
                )
            yield (
                number,
                {
                    "annotator": annotator,
                    "item": ids.setdefault(annotator, TextIds()).of(text),
                    "model": values.name(entry.get("generator_2")) or "model 2",
                    "baseline": values.name(entry.get("generator_1")) or "model 1",
                    "preference": None if preference is None else share(preference - 1),
                },
            )


def _entries(path: Path, file: Any, rejects: list[Reject]) -> Iterator[Numbered]:
    for number, (_, entry) in enumerate(lenient.walk(file), start=1):
        place = f"{path.name} entry {number}"
        if isinstance(entry, lenient.Broken):
            rejects.append(broken(place, entry))
        elif not isinstance(entry, dict):
            text = (values.as_json(entry) or "")[:EXCERPT]
            rejects.append(Reject(place, "", "must be a JSON object", text))
        else:
            rejects += tidied(entry, place)
            yield number, entry


PIECE = Reader(
    title="AlpacaEval outputs and annotations (ratings)",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="1",
    suffix=".json",
    example=(
        '[{"instruction": "Name a colour.", "output_1": "Red.", "generator_1": "base", "output_2": '
        '"Blue, like the sky.", "generator_2": "mine", "dataset": "helpful_base", "annotator": '
        '"judge", "preference": 2.0}]'
    ),
    source="tatsu-lab/alpaca_eval: results/<model>/model_outputs.json, annotations.json",
)

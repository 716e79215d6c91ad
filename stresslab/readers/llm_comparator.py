"""LLM Comparator: two models side by side, and which one raters preferred."""

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.readers import _values as values
from stresslab.readers._kind import Batch, Reader, RunKey
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._propose import complete
from stresslab.readers._ratings import Rating, TextIds, item_of, share
from stresslab.readers._records import broken, head_of, in_chunks, tidied, tidy
from stresslab.readers._rows import LongTable
from stresslab.store.scan import EXCERPT, Numbered, Reject

WIDEST = 1.5
"""Scores go from -1.5 (B is much better) to 1.5 (A is)."""

IDS = ("item_id", "id", "example_id", "prompt_id", "uid")
SAMPLE = 300
EVERYONE = "all raters"


def sniff(path: Path) -> float:
    """Return how sure it is that a file is of LLM Comparator."""
    if not path.is_file() or not path.name.endswith(".json"):
        return 0.0
    head = head_of(path)
    return 0.9 if b'"models"' in head and b'"output_text_a"' in head else 0.0


def propose(path: Path) -> Mapping:
    """Return the mapping: an example is an item, or a variant of one; no model has a score."""
    rows = [row for _, row in islice(_records(path, _models(path), []), SAMPLE)]
    sources = {
        "model": "read.model", "task": "read.task", "item": "read.item", "input": "read.input",
        "output": "read.output", "domain": "read.tag",
    }  # fmt: skip
    mapping = Mapping(
        sources={role: Source(fields=(name,)) for role, name in sources.items()},
        reader="llm_comparator",
    )
    return complete(mapping, rows, ("custom_fields",))


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield what both models put out, and the ratings, which stand with model A.

    A preference is 1 where A is better, 0 where B is, and one half for a tie.
    """
    table, models = LongTable(mapping, path.name), _models(path)
    rejects: list[Reject] = []
    key: RunKey | None = None
    with path.open("rb") as file:
        found = _with_rejects(_records(path, models, rejects, file), rejects)
        for chunk in in_chunks(found, file.tell, "example"):
            ratings: list[Rating] = []
            for _, row in chunk.rows:
                mine = table.key_of(row)
                if row["read"]["is_a"] and mine is not None:
                    key = key or mine
                    ratings += _ratings(row, item_of(mapping, row, mine), models)
            yield from table.add(chunk)
            if key is not None and ratings:
                yield table.batch(key, "ratings", ratings)
        yield from table.finish(file.tell())


def _models(path: Path) -> tuple[str, str]:
    """Return the names of A and B."""
    with path.open("rb") as file:
        for name, value in lenient.walk(file, ("examples",)):
            if name == "models":
                listed = tidy(value) if isinstance(value, list) else []
                said = [values.name(one.get("name")) for one in listed if isinstance(one, dict)]
                a, b = (*said, None, None)[:2]
                return (a or "A", b or "B") if a != b else (f"{a or 'A'} (A)", f"{b or 'B'} (B)")
    return "A", "B"


def _with_rejects(rows: Iterator[Numbered], rejects: list[Reject]) -> Iterator[Numbered | Reject]:
    for row in rows:
        yield from rejects
        rejects.clear()
        yield row
    yield from rejects


def _records(
    path: Path, models: tuple[str, str], rejects: list[Reject], given: Any = None
) -> Iterator[Numbered]:
    """Yield a record row per example and model."""
    file = given or path.open("rb")
    ids, number = TextIds(), 0
    try:
        for name, value in lenient.walk(file, ("examples",)):
            if name != "examples":
                if isinstance(value, lenient.Broken):
                    rejects.append(broken(f"{path.name} {name}".strip(), value))
                continue
            number += 1
            if isinstance(value, lenient.Broken):
                rejects.append(broken(f"example {number}", value))
            elif not isinstance(value, dict):
                text = (values.as_json(value) or "")[:EXCERPT]
                rejects.append(Reject(f"example {number}", "", "must be a JSON object", text))
            else:
                rejects += tidied(value, f"example {number}")
                yield from _sides(value, number, path, models, ids)
    finally:
        if given is None:
            file.close()


def _sides(
    example: dict[str, Any], number: int, path: Path, models: tuple[str, str], ids: TextIds
) -> Iterator[Numbered]:
    fields = example.get("custom_fields")
    fields = fields if isinstance(fields, dict) else {}
    text = _text(example.get("input_text"))
    named = next((one for one in map(values.name, map(fields.get, IDS)) if one), None)
    tags = example.get("tags")
    shared = {
        "task": path.name.removesuffix(".json"),
        "item": named or ids.of(text or ""),
        "input": text,
        "tag": tags[0] if isinstance(tags, list) and tags and isinstance(tags[0], str) else None,
    }
    for place, (model, side) in enumerate(zip(models, "ab", strict=True)):
        own = {
            name: value[place] if isinstance(value, list) and len(value) == 2 else value
            for name, value in fields.items()
            if name not in IDS
        }
        output = _text(example.get(f"output_text_{side}"))
        read = shared | {"model": model, "output": output, "is_a": side == "a"}
        rated = {name: example.get(name) for name in ("score", "individual_rater_scores")}
        yield number, {"read": read, "custom_fields": own, **rated}


def _ratings(row: dict[str, Any], item: str, models: tuple[str, str]) -> Iterator[Rating]:
    raters = row["individual_rater_scores"]
    listed = [one for one in raters if isinstance(one, dict)] if isinstance(raters, list) else []
    for number, one in enumerate(listed, start=1):
        score = _score(one.get("score"))
        fields = one.get("custom_fields")
        named = fields.get("rater") if isinstance(fields, dict) else None
        flipped = one.get("is_flipped")
        position = ("b first" if flipped else "a first") if isinstance(flipped, bool) else None
        if score is not None:
            rater = values.name(named) or f"rater {number}"
            yield (rater, item, *models, position, _preference(score), score)
    score = _score(row["score"])
    if score is not None and not listed:
        yield (EVERYONE, item, *models, None, _preference(score), score)


def _preference(score: float) -> float:
    return share(0.5 + score / (2 * WIDEST))


def _score(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _text(value: Any) -> str | None:
    if isinstance(value, list):  # parts: {type, data}
        parts = [one for one in value if isinstance(one, dict)]
        return "\n".join(
            values.text(one.get("data")) or ""
            if one.get("type") == "text"
            else f"({one.get('type')})"
            for one in parts
        )
    return values.text(value)


def _placeholder(part: dict[str, Any]) -> str:
    return f"({part.get('type')})"


PIECE = Reader(
    title="LLM Comparator JSON (two models, ratings)",
    sniff=sniff,
    propose=propose,
    read=read,
    version="1",
    suffix=".json",
    example=(
        '{"metadata": {"custom_fields_schema": []}, "models": [{"name": "a"}, {"name": "b"}], '
        '"examples": [{"input_text": "2+2?", "tags": ["math"], "output_text_a": "4", '
        '"output_text_b": "5", "score": 1.0, "individual_rater_scores": [{"score": 1.0, '
        '"is_flipped": false}], "custom_fields": {}}]}'
    ),
    source="PAIR-code/llm-comparator: the JSON data format of its readme",
)

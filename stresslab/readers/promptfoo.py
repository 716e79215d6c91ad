"""Results of promptfoo: JSON of versions 2 and 3, and JSON lines."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.readers import _values as values
from stresslab.readers._kind import About, Batch, Reader
from stresslab.readers._mapping import Mapping, Source, look_up
from stresslab.readers._promptfoo_rows import Records, Row, table_of
from stresslab.readers._propose import complete
from stresslab.readers._records import broken, head_of, in_chunks
from stresslab.readers._rows import LongTable
from stresslab.store import scan
from stresslab.store.scan import EXCERPT, Numbered, Reject

RESULTS = "results.results"
PROMPTS = ("results.prompts", "results.table.head.prompts")
ARRAYS = (RESULTS, *PROMPTS, "results.table.body")
SAMPLE = 500
TAIL = 1 << 18
LONG = 200
"""Variables longer than this are texts, no attributes."""

UNDER = ("vars", "testCase.metadata", "metadata")
WORDS = (b'"promptIdx"', b'"testIdx"', b'"testPassCount"', b'"namedScores"', b'"gradingResult"',
         b'"assertPassCount"', b'"promptId"', b'"latencyMs"')  # fmt: skip

ROLES = {
    "model": "read.model", "task": "read.task", "item": "read.item", "trial": "read.trial",
    "input": "read.input", "reference": "read.reference", "output": "read.output",
    "score": "read.score", "correct": "read.pass", "explanation": "read.reason",
    "status": "read.status", "error": "read.error", "latency_s": "read.seconds",
    "tokens_in": "read.tokens_in", "tokens_out": "read.tokens_out",
}  # fmt: skip


class _Course:
    """How far a file was read."""

    done = 0


def sniff(path: Path) -> float:
    """Return how sure it is that a file holds results of promptfoo."""
    if path.is_dir():
        return 0.0
    if scan.format_of(path) == "jsonl":
        lines = head_of(path).split(b"\n", 2)[:2]  # the first may be damaged
        return 0.9 if any(map(_is_result, lines)) else 0.0
    head = head_of(path)
    is_object = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    has_results = re.search(rb'"results"\s*:\s*\{', head) is not None
    return 0.9 if is_object and has_results and sum(word in head for word in WORDS) > 1 else 0.0


def propose(path: Path) -> Mapping:
    """Return the mapping: provider = model, variables = item, repeats = trials.

    Several prompts are variants of the same items, the first one as tier 0; where the variables or
    their metadata name tiers or kinds of change already, each prompt is a task of its own.
    """
    records = Records(_task(path))
    found = (one for one in _found(path, lambda file: None) if not isinstance(one, Reject))
    raw = [row for _, row in islice(found, SAMPLE)]
    rows = [records.row(row) for row in sorted(raw, key=_order)]
    sources = {role: Source(fields=(name,)) for role, name in ROLES.items()}
    for role, name in (("domain", "testCase.metadata.pluginId"), ("perturbation", "read.strategy")):
        if any(isinstance(look_up(row, name), str) for row in rows):
            sources[role] = Source(fields=(name,))
    kinds = dict.fromkeys(
        name for row in rows for name in table_of(row.get("namedScores")) if name.strip()
    )
    rate = {"rate": True, "low": 0.0, "high": 1.0}
    mapping = Mapping(
        sources=sources,
        measures={
            "score": {"low": 0.0, "high": 1.0},
            **{name: {"from": Source(fields=(f"namedScores.{name}",))} for name in kinds},
            "pass": {"from": Source(fields=("read.pass",)), **rate},
        },
        reader="promptfoo",
    )
    mapping = complete(mapping, rows, UNDER)
    names = list(dict.fromkeys(row["read"]["prompt"] for row in rows))
    return replace(
        mapping,
        sources=mapping.sources | _prompts_apart(mapping, names),
        attributes=_short_ones(mapping.attributes, rows),
        variant_attributes=_short_ones(mapping.variant_attributes, rows),
    )


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the results of an evaluation, then the pass rates promptfoo printed.

    Raises
    ------
    ReadError
        If the file cannot be opened.
    """
    records, printed = Records(_task(path)), list[Row]()
    about = About({"tool": "promptfoo", **_version(path)})
    table, done = LongTable(mapping, path.name, lambda key: about), 0

    unit = "line" if scan.format_of(path) == "jsonl" else "result"
    course = _Course()
    rows = (
        one if isinstance(one, Reject) else (one[0], records.row(one[1]))
        for one in _found(path, printed.append, course)
    )
    for chunk in in_chunks(rows, lambda: course.done, unit):
        done = chunk.bytes_done
        yield from table.add(chunk)
    for prompt in printed:
        row = records.row({"provider": prompt.get("provider"), "prompt": prompt})
        key, lines = table.key_of(row), _published(row, prompt, mapping)
        if key is not None and lines:
            yield table.batch(key, "published", lines)
    yield from table.finish(done)


def _found(
    path: Path, told: Callable[[Row], None], course: _Course | None = None
) -> Iterator[Numbered | Reject]:
    """Yield the results with their numbers; tell what was printed about a prompt."""
    course = course or _Course()
    if scan.format_of(path) == "jsonl":
        for chunk in scan.scan(path):
            course.done = chunk.bytes_done
            yield from chunk.rejects
            yield from chunk.rows
        return
    n = 0
    with path.open("rb") as file:
        for name, value in lenient.walk(file, ARRAYS):
            course.done = file.tell()
            n += name == RESULTS
            place = f"result {n}" if name == RESULTS else name or "file"
            if isinstance(value, lenient.Broken):
                yield broken(place, value)
            elif name == RESULTS and not isinstance(value, dict):
                yield Reject(place, "", "must be an object", lenient.clean(str(value)[:EXCERPT]))
            elif name == RESULTS:
                yield n, value
            elif name in PROMPTS:
                told(table_of(value))


def _prompts_apart(mapping: Mapping, names: list[str]) -> dict[str, Source]:
    """Return sources that keep several prompts apart."""
    if len(names) < 2:
        return {}
    if {"perturbation", "tier", "strength"} & set(mapping.sources):
        return {"task": Source(fields=("read.task_of_prompt",))}
    tiers = Source(fields=("read.prompt",), values=((names[0], 0),), default=1)
    return {"perturbation": Source(fields=("read.prompt",)), "tier": tiers}


def _order(row: Row) -> tuple[float, float]:
    """Return where a result stands in the table: lines are written as they are ready."""
    found = (row.get("testIdx"), row.get("promptIdx"))
    test, prompt = (float(one) if isinstance(one, int) else 0.0 for one in found)
    return test, prompt


def _short_ones(attributes: dict[str, Source], rows: list[Row]) -> dict[str, Source]:
    return {
        name: one
        for name, one in attributes.items()
        if all(len(values.text(one.getter()(row)) or "") <= LONG for row in rows)
    }


def _published(row: Row, prompt: Row, mapping: Mapping) -> list[tuple[Any, ...]]:
    """Return mean score and pass rate of a prompt: the printed sums by the printed counts."""
    printed = table_of(prompt.get("metrics"))
    counts = [printed.get(f"test{one}Count") for one in ("Pass", "Fail", "Error")]
    if not isinstance(counts[0], int) or not isinstance(counts[1], int):
        return []
    n = sum(one for one in counts if isinstance(one, int))
    if n <= 0:
        return []
    name, tier = row["read"]["prompt"], mapping.sources.get("tier")
    slice_ = ""
    if tier is not None and tier.fields == ("read.prompt",):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        is_first = dict(tier.values).get(name) == 0
        slice_ = "tier = 0" if is_first else f'perturbation = "{quoted}" and tier > 0'
    found = [("pass", slice_, counts[0] / n, None, n)]
    total = printed.get("score")
    if isinstance(total, int | float) and not isinstance(total, bool):
        found.insert(0, ("score", slice_, total / n, None, n))
    return found


def _version(path: Path) -> dict[str, Any]:
    """Return the version of promptfoo, which stands at the end of its files."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - TAIL, 0))
        found = re.findall(rb'"promptfooVersion"\s*:\s*"([\w.+-]{1,40})"', file.read())
    return {"version": found[-1].decode()} if found else {}


def _task(path: Path) -> str:
    return path.name.split(".")[0] or path.name


def _is_result(line: bytes) -> bool:
    return (
        line.lstrip(b"\xef\xbb\xbf ").startswith(b"{")
        and b'"provider"' in line
        and b'"prompt"' in line
        and sum(word in line for word in WORDS) > 1
    )


PIECE = Reader(
    title="Results of promptfoo (JSON, JSON lines)",
    sniff=sniff,
    propose=propose,
    read=read,
    version="1",
    suffix=".jsonl",
    example=(
        '{"promptIdx": 0, "testIdx": 0, "provider": {"id": "mock:a"}, "prompt": {"raw": "2+2?", '
        '"label": "{{q}}"}, "vars": {"q": "2+2?"}, "response": {"output": "4"}, "success": true, '
        '"failureReason": 0, "score": 1, "latencyMs": 12, "namedScores": {}}\n'
        '{"promptIdx": 0, "testIdx": 1, "provider": {"id": "mock:a"}, "prompt": {"raw": "3+3?", '
        '"label": "{{q}}"}, "vars": {"q": "3+3?"}, "error": "timeout", "success": false, '
        '"failureReason": 2, "score": 0, "latencyMs": 12, "namedScores": {}}\n'
    ),
    source="promptfoo/promptfoo: types, output writer; versions 2 and 3 of the results",
)

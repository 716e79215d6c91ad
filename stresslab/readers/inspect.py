"""Logs of Inspect AI: `.eval` (a zip file) and `.json`, read without inspect-ai."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers import _inspect_about as whole_log
from stresslab.readers._inspect_eval import HEADER, START, EvalLog
from stresslab.readers._inspect_log import JsonLog, opened
from stresslab.readers._inspect_sample import (
    Records,
    needs_whole,
    resolved,
)
from stresslab.readers._inspect_scores import (
    JsonObject,
    is_letter,
    number,
    of_today,
    table,
    values_of,
)
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._propose import complete
from stresslab.readers._records import batches_of, head_of
from stresslab.readers._rows import LongTable
from stresslab.readers._zip import Zip
from stresslab.store.scan import Chunk, Reject

ROWS = 1_000
"""Samples handed on at once."""

PROPOSE_FROM = 20_000
GUESS_FROM = 1_000
SMALL_SAMPLES, SMALL_BYTES = 2_000, 64 << 20
"""Whole samples are opened for their outputs without being asked for where they are no more."""

MEASURES = "read.measures."

ROLES = {
    "model": "eval.model", "task": "eval.task", "items": "eval.dataset.name", "item": "id",
    "trial": "read.trial", "input": "read.input", "messages": "read.messages",
    "choices": "choices", "reference": "target", "answer": "read.answer",
    "explanation": "read.explanation", "status": "read.status", "error": "read.error",
    "latency_s": "read.seconds", "tokens_in": "read.tokens_in", "tokens_out": "read.tokens_out",
}  # fmt: skip
"""Where every log says what."""

_JSON_LOG = (rb'"version"\s*:\s*\d', rb'"status"\s*:\s*"\w+"', rb'"eval"\s*:\s*\{')


def sniff(path: Path) -> float:
    """Return how sure it is that a file is a log of Inspect."""
    if path.is_dir():
        return 0.0
    head = head_of(path)
    if head.startswith(b"PK\x03\x04"):
        return _sniff_zip(path)
    is_object = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return 0.9 if is_object and all(re.search(one, head) for one in _JSON_LOG) else 0.0


def _sniff_zip(path: Path) -> float:
    by_name = 0.5 if path.suffix == ".eval" else 0.0
    try:
        with Zip(path) as found:
            names = found.names
    except (ReadError, OSError):
        return by_name
    has_samples = any(name.startswith(("samples/", "_journal/", "summaries")) for name in names)
    return 0.9 if START in names or (HEADER in names and has_samples) else by_name


def propose(path: Path) -> Mapping:
    """Return the mapping of the format, with axes guessed from the metadata of the samples.

    Outputs are read of a small log, and where samples are opened for their log-probabilities; of
    a larger one only the summaries are: ``output_from = "field:read.output"`` opens all samples.

    Raises
    ------
    ReadError
        If it is neither a readable zip file nor JSON, or nothing in it says model and task.
    """
    with opened(path) as log:
        samples = _first(log)
        raws = [values_of(one.get("scores")) for one in samples]
        seen = dict.fromkeys(name for one in raws for name in one)
        names = whole_log.measure_names(log.header, seen)
        primary = names[0] if names else "score"
        roles = ROLES | {"score": f"{MEASURES}{primary}"} | _from_whole_samples(log)
        records = Records(log.header, {*roles.values(), "metadata", "task_args"}, primary)
        rows = [records.row(one)[0] for one in _some(samples)]
    measures = {name: _measure(name, raws) for name in names}
    raw = [one.get(primary) for one in raws]
    if len(names) > 1:
        del roles["explanation"]  # stands with the measure itself
    if measures.get(primary, {}).get("rate") or any(is_letter(one) for one in raw):
        roles |= {"correct": "read.correct"}
    told = measures.get(primary, {}).items()
    bounds = {key: one for key, one in told if key not in ("from", "explanation")}
    mapping = Mapping(
        sources={role: Source(fields=(name,)) for role, name in roles.items()},
        measures={"score": bounds} | (measures if len(measures) > 1 else {}),
        reader="inspect",
    )
    return complete(mapping, rows, under=("metadata", "task_args"))


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the samples of a log as items, variants, outcomes and scores, and what it printed.

    Raises
    ------
    ReadError
        If it is neither a readable zip file nor JSON, or nothing in it says model and task.
    """
    score = mapping.sources.get("score", Source()).fields
    primary = score[0].removeprefix(MEASURES) if score else "score"
    with opened(path) as log:
        records = Records(log.header, mapping.fields(), primary)
        about = About(
            whole_log.settings(log.header, is_partial=log.is_partial, primary=primary),
        )
        longs, keys = LongTable(mapping, path.name, lambda key: about), dict[RunKey, None]()
        chunks = _chunks(log, records, is_whole=needs_whole(mapping.fields()))
        for batch in batches_of(chunks, longs.add):
            keys |= {batch.run: None} if batch.run else {}
            yield batch
        key = next(iter(keys), None) or longs.key_of(records.common)
        printed = whole_log.published(log.header, primary, mapping.measures)
        if key and printed and len(keys) < 2:
            yield longs.batch(key, "published", printed)
        yield from longs.finish(path.stat().st_size)


def one_sample(path: Path, item: str, epoch: int = 1) -> JsonObject:
    """Return one whole sample of a log: messages, output, events, its attachments in their places.

    Raises
    ------
    ReadError
        If the log cannot be read or has no such sample.
    """
    with opened(path) as log:
        sample = log.sample(item, epoch)
    kept_apart = sample.get("attachments") or table(sample.get("transcript")).get("content")
    try:
        return {key: resolved(one, table(kept_apart)) for key, one in sample.items()}
    except RecursionError:
        return sample


def _chunks(log: EvalLog | JsonLog, records: Records, *, is_whole: bool) -> Iterator[Chunk]:
    """Yield record rows; what cannot be read goes into the rejects."""
    n, size = 0, log.path.stat().st_size
    chunk = Chunk(rejects=list(log.rejects), unit="sample")
    for found in log.samples(whole=is_whole):
        if isinstance(found, Reject):
            chunk.rejects.append(found)
            continue
        n += 1
        row, lost = records.row(found[0])
        chunk.rejects += [Reject(f"sample {n}", one, "nested too deeply", "") for one in lost]
        chunk.rows.append((n, row))
        chunk.bytes_done = int(size * min(found[1], 1.0))
        if len(chunk.rows) >= ROWS:
            yield chunk
            chunk = Chunk(unit="sample", bytes_done=chunk.bytes_done)
    yield chunk


def _first(log: EvalLog | JsonLog) -> list[JsonObject]:
    """Return the first samples."""
    found = (one[0] for one in log.samples(whole=False) if isinstance(one, tuple))
    most = PROPOSE_FROM if isinstance(log, EvalLog) else ROWS
    return [of_today(one, log.header) for one in islice(found, most)]


def _some(samples: list[JsonObject]) -> list[JsonObject]:
    """Return the first samples, where the variants of an item may follow each other, and others.

    Those are spread evenly: samples may also be sorted by what makes them harder.
    """
    few, many = samples[:GUESS_FROM], samples[GUESS_FROM:]
    return few + many[:: max(1, len(many) // GUESS_FROM)]


def _from_whole_samples(log: EvalLog | JsonLog) -> dict[str, str]:
    """Return what is read of whole samples, if they are opened."""
    told = log.header["eval"], table(log.header.get("plan"))
    asked = (table(told[0].get("model_generate_config")), table(told[1].get("config")))
    found: dict[str, str] = {}
    if any(one.get("logprobs") for one in asked):
        found = {"confidence": "read.confidence", "probs": "read.probs"}
    if found or (log.n_samples <= SMALL_SAMPLES and log.n_bytes <= SMALL_BYTES):
        found |= {"output": "read.output"}
    return found


def _measure(name: str, raws: Sequence[JsonObject]) -> dict[str, Any]:
    """Return what the first samples say of a measure."""
    scorer = name.rpartition("@")[2]
    said = (number(one.get(name)) for one in raws)
    seen = {one for one in said if isinstance(one, float)}
    measure: dict[str, Any] = {
        "from": Source(fields=(f"{MEASURES}{name}",)),
        "explanation": Source(fields=(f"read.explanations.{scorer}",)),
    }
    if seen and seen <= {0.0, 1.0}:
        measure |= {"rate": True, "low": 0.0, "high": 1.0}
    elif seen and seen <= {0.0, 0.5, 1.0}:
        measure |= {"low": 0.0, "high": 1.0}
    return measure


EXAMPLE = """{"version": 2, "status": "success", "eval": {"eval_id": "E1", "run_id": "R1",
 "created": "2026-01-02T03:04:05+00:00", "task": "sums", "task_id": "T1", "task_version": 0,
 "task_args": {}, "dataset": {"name": "sums", "samples": 2, "sample_ids": ["q1", "q2"]},
 "model": "mock/a", "config": {"epochs": 1}, "packages": {"inspect_ai": "0.3.285"}},
 "plan": {"name": "plan", "steps": [{"solver": "generate", "params": {}}], "config": {}},
 "results": {"total_samples": 2, "completed_samples": 2, "scores": [{"name": "match",
  "scorer": "match", "scored_samples": 2, "params": {}, "metrics": {"accuracy":
  {"name": "accuracy", "value": 0.5, "params": {}}}}]},
 "stats": {"started_at": "", "completed_at": "", "model_usage": {}},
 "samples": [
  {"id": "q1", "epoch": 1, "input": "2+2?", "target": "4", "output": {"completion": "4"},
   "scores": {"match": {"value": "C", "answer": "4"}}, "metadata": {"domain": "small"}},
  {"id": "q2", "epoch": 1, "input": "20+2?", "target": "22", "output": {"completion": "24"},
   "scores": {"match": {"value": "I", "answer": "24"}}, "metadata": {"domain": "large"}}]}
"""

PIECE = Reader(
    title="Logs of Inspect AI (.eval, .json)",
    sniff=sniff,
    propose=propose,
    read=read,
    version="1",
    suffix=".json",
    example=EXAMPLE,
    source="UKGovernmentBEIS/inspect_ai 499e615 (2026-08), log format 2",
)

"""Write tiny logs of Inspect AI in every layout the reader knows, and read them."""

import json
from collections import defaultdict
from pathlib import Path

from stresslab.readers import inspect
from tests.readers.zips import write_zip

ZSTD, FRAMES = 93, [93, 64]
"""Methods of an entry: one Zstandard frame, or one every 64 bytes."""

Row = dict


def sample(name="q1", value="C", *, epoch=1, scorer="match", **more) -> Row:
    """Return one sample as a log keeps it whole."""
    return {
        "id": name, "epoch": epoch, "input": f"What is {name}?", "target": "4",
        "messages": [{"role": "user", "content": f"What is {name}?"}],
        "output": {
            "model": "a", "completion": f"It is {name}.",
            "choices": [{"message": {"role": "assistant", "content": f"It is {name}."}}],
        },
        "scores": {scorer: {"value": value, "answer": "4", "explanation": "as it stands"}},
        "metadata": {}, "store": {}, "events": [], "attachments": {},
        "model_usage": {"mock/a": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}},
        "total_time": 2.0, "working_time": 1.5, "started_at": "2026-01-02T03:04:06+00:00",
    } | more  # fmt: skip


def summary(whole: Row) -> Row:
    """Return what the summaries of a log keep of a sample."""
    kept = {
        key: whole[key]
        for key in (
            "id", "epoch", "input", "choices", "target", "scores", "model_usage", "total_time",
            "working_time", "started_at", "metadata",
        )
        if key in whole
    }  # fmt: skip
    if isinstance(kept["input"], str) and len(kept["input"]) > 5120:
        kept["input"] = kept["input"][:5120] + "...\n(content truncated)"
    error, limit = whole.get("error"), whole.get("limit")
    kept |= {"error": error["message"] if isinstance(error, dict) else error} if error else {}
    kept |= {"limit": limit["type"] if isinstance(limit, dict) else limit} if limit else {}
    return kept | {"completed": True}


def header(samples, *, accuracy=None, scorer="match", results=None, told=None, **more) -> Row:
    """Return a log without its samples."""
    metrics = {"accuracy": {"name": "accuracy", "value": accuracy, "params": {}}}
    entry = {"name": scorer, "scorer": scorer, "params": {}, "metrics": metrics}
    ids = sorted({one["id"] for one in samples}, key=str)
    return {
        "version": 2, "status": "success",
        "eval": {
            "eval_id": "E1", "run_id": "R1", "created": "2026-01-02T03:04:05+00:00",
            "task": "sums", "task_id": "T1", "task_version": 3, "task_args": {},
            "dataset": {"name": "numbers", "samples": len(ids), "sample_ids": ids},
            "model": "mock/a", "config": {"epochs": 1}, "packages": {"inspect_ai": "0.3.285"},
        } | (told or {}),
        "plan": {"name": "plan", "steps": [{"solver": "generate", "params": {}}], "config": {}},
        "results": results if results is not None else {
            "total_samples": len(samples), "completed_samples": len(samples),
            "scores": [entry | {"scored_samples": len(samples)}] if accuracy is not None else [],
        },
        "stats": {"started_at": "2026-01-02T03:04:05+00:00", "completed_at": "", "model_usage": {}},
    } | more  # fmt: skip


def packed(value) -> bytes:
    """Return a value as JSON, NaN as Inspect writes it."""
    return json.dumps(value).encode()


def entries(head: Row, samples) -> dict[str, bytes]:
    """Return the entries of a finished log, in the order Inspect writes them."""
    start = {"version": 2, "eval": head["eval"], "plan": head["plan"]}
    found = {"_journal/start.json": packed(start)}
    found |= {entry_of(one): packed(one) for one in samples}
    for n in range(0, len(samples), 2):
        rows = [summary(one) for one in samples[n : n + 2]]
        found[f"_journal/summaries/{n // 2 + 1}.json"] = packed(rows)
    found["summaries.json"] = packed([summary(one) for one in samples])
    return found | {"reductions.json": b"[]", "header.json": packed(head)}


def entry_of(one: Row) -> str:
    """Return the name of the entry of a sample."""
    return f"samples/{one['id']}_epoch_{one['epoch']}.json"


def write_eval(path: Path, samples, *, method=8, without=(), extra=None, **told) -> Path:
    """Write a log as Inspect's zip, all entries packed by one method."""
    found = entries(header(samples, **told), samples) | (extra or {})
    found = {name: one for name, one in found.items() if not name.startswith(tuple(without))}
    return write_zip(path, found, dict.fromkeys(found, method))


def write_json(path: Path, samples, **told) -> Path:
    """Write a log as one JSON text."""
    path.write_text(json.dumps(header(samples, **told) | {"samples": samples}), encoding="utf-8")
    return path


def chunked(whole: Row) -> dict[str, bytes]:
    """Return the entries of one sample in the chunked layout: a shell and sequences."""
    prefix = entry_of(whole).removesuffix(".json")
    apart = ("messages", "events", "attachments", "metadata", "events_data")
    shell = {key: one for key, one in whole.items() if key not in apart}
    shell |= {"input": "attachment://1", "message_refs": [[1, 3], [0, 1]]}
    turns = [{"role": "user", "content": f"turn {n}"} for n in range(3)]
    return {
        f"{prefix}/sample.json": packed(shell),
        f"{prefix}/metadata.json": packed(whole["metadata"]),
        f"{prefix}/messages/0.json": packed(turns[:2]),
        f"{prefix}/messages/2.json": packed(turns[2:]),
        f"{prefix}/attachments/0.json": packed(["unused"]),
        f"{prefix}/attachments/1.json": packed([whole["input"]]),
        f"{prefix}/events/stats.json": b"{}",
    }


def choice(name="q1", answer="B", logprobs=(-2.0, -0.2, -3.0), letters="ABC", **more) -> Row:
    """Return a sample of a multiple choice with the log-probability of each letter."""
    listed = [
        {"token": f" {letter}", "logprob": one}
        for letter, one in zip(letters, logprobs, strict=True)
    ]
    token = next(one for one in listed if one["token"].strip() == answer)
    content = [{"token": "ANSWER:", "logprob": -0.1}, {**token, "top_logprobs": listed}]
    said = {"message": {"content": f"ANSWER: {answer}"}, "logprobs": {"content": content}}
    output = {"completion": f"ANSWER: {answer}", "choices": [said]}
    scores = {"choice": {"value": "C", "answer": answer}}
    return sample(name) | {
        "choices": ["x", "y", "z"], "target": "B", "output": output, "scores": scores,
    } | more  # fmt: skip


def imported(path, mapping=None):
    """Return the rows of a log by table, and the settings of its run."""
    batches = list(inspect.read(path, mapping or inspect.propose(path)))
    rows = defaultdict(list)
    for batch in batches:
        rows[batch.table] += batch.rows.to_pylist()
    return rows, next((dict(one.settings) for one in batches if one.run), {})


def outcomes(path, mapping=None):
    """Return the outcomes of a log."""
    return imported(path, mapping)[0]["outcomes"]

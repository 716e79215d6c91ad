"""Write a run as Every Eval Ever: an aggregate and its samples, with what their schema lacks.

The samples keep our axes in ``metadata``, every value a text: see
`stresslab.readers._eee_rows.EXTENSION`.
"""

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import stresslab
from stresslab.jobs._export_rows import Plan, described, placed
from stresslab.readers._eee_rows import EXTENSION, PLAIN, SCHEMA, SPOKEN
from stresslab.store.outgoing import Outgoing, rows_of, table_of

RESULT = "score"


def write(one: Outgoing, part: Path, plan: Plan) -> Iterator[int]:
    """Write the two files of one run to a folder; yield the number of rows so far."""
    part.mkdir()
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"stresslab:{one.run.run_id}"))
    done, total, n_scored = 0, 0.0, 0
    digest = hashlib.sha256()
    with (part / f"{name}_samples.jsonl").open("wb") as file:
        for rows in rows_of(one, plan.spill):
            for row in rows:
                line = json.dumps(sample(row, one), ensure_ascii=False).encode() + b"\n"
                file.write(line)
                digest.update(line)
                total += row["score"] or 0.0
                n_scored += row["score"] is not None
            done += len(rows)
            yield done
    samples = {
        "format": "jsonl",
        "file_path": f"{name}_samples.jsonl",
        "hash_algorithm": "sha256",
        "checksum": digest.hexdigest(),
        "total_rows": done,
    }
    found = aggregate(one, total / n_scored if n_scored else None, n_scored, plan)
    found |= {"detailed_evaluation_results": samples}
    text = json.dumps(found, ensure_ascii=False, indent=1, default=str)
    (part / f"{name}.json").write_text(text, encoding="utf-8")


def join(parts: Sequence[Path], whole: Path, plan: Plan) -> None:
    """Lay all files where the community's collection has them."""
    for part, one in zip(parts, plan.chosen, strict=True):
        developer, _, model = one.run.model.rpartition("/")
        names = (one.run.task, developer or "unknown", model)
        folder = whole.joinpath("data", *map(_slug, names))
        folder.mkdir(parents=True, exist_ok=True)
        for file in part.iterdir():
            _linked(file, folder / file.name)


def sample(row: dict[str, Any], one: Outgoing) -> dict[str, Any]:
    """Return one line of the samples."""
    known = placed(row)
    is_copy = known["tier"] > 0 and known["axis"] == "paired"
    seen = known["input"]
    raw = seen if seen is not None else known["original"]
    reference = _texts(known["reference"])
    status = known["status"]
    metadata: dict[str, str | None] = {"extension": EXTENSION}
    metadata["input_is"] = _input_is(known, is_copy)
    metadata |= {name: _text(known.get(name)) for name in PLAIN}
    metadata |= {
        name: json.dumps(known[name], ensure_ascii=False)
        for name in SPOKEN
        if known.get(name) not in (None, {})
    }
    metadata |= {
        "revision": one.run.revision,
        "measures": _text({m["measure"]: m["value"] for m in known["measures"]} or None),
        "explanations": _text(
            {m["measure"]: m["explanation"] for m in known["measures"] if m["explanation"]} or None
        ),
    }
    line: dict[str, Any] = {
        "schema_version": SCHEMA,
        "evaluation_id": _evaluation_id(one),
        "model_id": one.run.model,
        "evaluation_name": one.run.task,
        "evaluation_result_id": RESULT,
        "sample_id": known["variant_id"].removeprefix(f"{known['item_set']}/"),
        "sample_hash": hashlib.sha256(((raw or "") + "".join(reference)).encode()).hexdigest(),
        "interaction_type": "single_turn",
        "input": {"raw": raw or "", "reference": reference},
        "output": {"raw": [] if known["output"] is None else [known["output"]]},
        "answer_attribution": [],
        "evaluation": {"score": known["score"] or 0.0, "is_correct": known["correct"] == 1},
        "error": known["error"] or (None if status == "answered" else status),
        "metadata": {name: value for name, value in metadata.items() if value is not None},
    }
    if known["choices"]:
        line["input"]["choices"] = _texts(known["choices"])
    if known["answer"] is not None:
        line["answer_attribution"].append(
            {"turn_idx": 0, "source": "output.raw", "extracted_value": known["answer"],
             "extraction_method": "custom", "is_terminal": True}
        )  # fmt: skip
    counts = known["tokens_in"], known["tokens_out"]
    if None not in counts:
        line["token_usage"] = dict(
            zip(("input_tokens", "output_tokens", "total_tokens"), (*counts, sum(counts)))
        )
    if known["latency_s"] is not None:
        line["performance"] = {"latency_ms": known["latency_s"] * 1000}
    return line


def aggregate(one: Outgoing, mean: float | None, n: int, plan: Plan) -> dict[str, Any]:
    """Return the aggregate file of a run: its mean score, and what it came with."""
    run, published = one.run, table_of(one.run, "published")
    kind = dict(run.measures.get("score", {}))
    results = [_result(one, RESULT, mean, n, None, kind)] if mean is not None else []
    for number, row in enumerate(published):
        if row["value"] is not None:
            name = f"published {number}: {row['measure']}"
            details = {"measure": row["measure"], "slice": row["slice"] or ""}
            made = _result(one, name, row["value"], row["n"], row["stderr"], {})
            made["score_details"]["details"] = details
            results.append(made)
    about = described(one, published) | {
        "names": {kind: list(plan.names[kind]) for kind in ("items", "variants", "scores", "why")}
    }
    return {
        "schema_version": SCHEMA,
        "evaluation_id": _evaluation_id(one),
        "evaluation_timestamp": run.created,
        "retrieved_timestamp": run.created,
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "other",
            "additional_details": {"exported_by": f"stresslab {stresslab.__version__}"},
        },
        "eval_library": {
            "name": str(run.settings.get("tool") or run.source.get("format") or "unknown"),
            "version": str(run.settings.get("version") or "unknown"),
            "additional_details": {
                "extension": EXTENSION,
                "stresslab": json.dumps(about, ensure_ascii=False, default=str),
            },
        },
        "model_info": {"name": run.model.rpartition("/")[2], "id": run.model},
        "evaluation_results": results,
    }


def _result(
    one: Outgoing, name: str, value: float, n: int | None, stderr: float | None,
    kind: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    low, high = kind.get("low"), kind.get("high")
    config: dict[str, Any] = {"metric_id": name, "lower_is_better": False}
    if kind.get("rate"):
        config |= {"score_type": "binary"}
    elif low is not None and high is not None:
        config |= {"score_type": "continuous", "min_score": low, "max_score": high}
    uncertainty: dict[str, Any] = {} if n is None else {"num_samples": n}
    if stderr is not None:
        uncertainty["standard_error"] = {"value": stderr}
    return {
        "evaluation_result_id": name,
        "evaluation_name": one.run.task,
        "source_data": {"dataset_name": one.run.task, "source_type": "other"},
        "metric_config": config,
        "score_details": {"score": value, **({"uncertainty": uncertainty} if uncertainty else {})},
    }


def _linked(file: Path, target: Path) -> None:
    """Have a file under another name, and leave the first for an export that takes up again."""
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)


def _input_is(known: dict[str, Any], is_copy: bool) -> str:
    """Return what ``input.raw`` is: what the model saw, the original of it, or nothing known."""
    if known["input"] is not None:
        return "seen"
    return "original" if is_copy and known["original"] is not None else "unknown"


def _evaluation_id(one: Outgoing) -> str:
    return f"{one.run.task}/{one.run.model}/{one.run.created}"


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return [one if isinstance(one, str) else str(_text(one)) for one in listed]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:80] or "x"

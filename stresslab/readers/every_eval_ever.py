"""Every Eval Ever: an aggregate with its samples, from any of the tools it is made of."""

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.readers import _values as values
from stresslab.readers._eee_rows import PLAIN, is_ours, listed, of_any, of_ours, table_of
from stresslab.readers._exact import BESIDE, Exact, known
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._propose import complete
from stresslab.readers._records import has_line, head_of, in_chunks, small_object
from stresslab.readers._rows import LongTable
from stresslab.store import scan
from stresslab.store.scan import Chunk, Numbered, Reject

SAMPLES = "_samples.jsonl"
SAMPLE = 500
ANY = (
    "input", "choices", "reference", "output", "answer", "score", "correct", "error", "latency_s",
    "tokens_in", "tokens_out",
)  # fmt: skip
OURS = (
    *(one for one in PLAIN if one not in BESIDE), "revision", "input", "output", "answer", "score",
    "probs", "messages", "choices", "reference",
)  # fmt: skip
ROLES = {"item_set": "items", "group_id": "group"}
PERCENT = ("percent", "percentage", "%")

Result = dict[str, Any]


def sniff(path: Path) -> float:
    """Return how sure it is that a file is an aggregate, or the samples of one."""
    if not path.is_file() or not path.name.endswith((".json", ".jsonl")):
        return 0.0
    head = head_of(path)
    if path.name.endswith(".jsonl"):
        return 0.9 if _is_sample(head) else 0.0
    wanted = (b'"evaluation_id"', b'"schema_version"', b'"retrieved_timestamp"')
    return 0.9 if all(one in head for one in wanted) and b'"model_info"' in head else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the aggregate and its samples, or the samples alone."""
    aggregate, samples = _files(path)
    files = [one for one in (aggregate, samples) if one is not None]
    return tuple(sorted(files, key=lambda one: one != path))


def propose(path: Path) -> Mapping:
    """Return the mapping: sample = item; how it was made harder is guessed from its metadata.

    Samples with our extension (`stresslab export`) say all of it.
    """
    aggregate, samples = _files(path)
    about = small_object(aggregate)[0] if aggregate else {}
    found = islice(_rows(samples, about), SAMPLE) if samples else ()
    rows = [one[1] for one in found if not isinstance(one, Reject)]
    sources = {"model": "model_id", "task": "evaluation_name"}
    if rows and is_ours(rows[0]):
        return _mapping_of_ours(sources, about, rows)
    sources |= {"items": "read.item_set", "item": "read.item"}
    sources |= {role: f"read.{role}" for role in ANY}
    extra = sorted({name for row in rows for name in row["read"].get("measures", {})})
    measures: dict[str, dict[str, Any]] = {"score": _kind(_primary(about))}
    measures |= {name: {"from": Source(fields=(f"read.measures.{name}",))} for name in extra}
    mapping = Mapping(
        sources={role: Source(fields=(name,)) for role, name in sources.items()},
        attributes={"sample_hash": Source(fields=("sample_hash",))} if _hashed(rows) else {},
        measures=measures,
        reader="every_eval_ever",
    )
    return complete(mapping, rows, ("metadata",))


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the rows of the samples, then what the aggregate publishes.

    An aggregate without samples is a run of published values alone.
    """
    aggregate, samples = _files(path)
    about, rejects = small_object(aggregate) if aggregate else ({}, [])
    kept = About(_settings(about, samples), _model_info(about))
    table = LongTable(mapping, (samples or path).name, lambda key: kept)
    exact, done = Exact(), aggregate.stat().st_size if aggregate else 0
    yield from table.add(Chunk(rejects=rejects, bytes_done=done))
    if samples:
        course = [done]
        rows = _rows(samples, about, course)
        for chunk in in_chunks(rows, lambda: course[0], "line"):
            for _, row in chunk.rows:
                own = (
                    table_of(row["read"].get(f"{one}_attributes")) for one in ("item", "variant")
                )
                exact.see(row["read"], row.get("evaluation_name"), *own)
            yield from map(exact.put_back, table.add(chunk))
        done = course[0]
    yield from map(exact.put_back, table.finish(done))
    by_run: dict[RunKey, list[tuple[Any, ...]]] = {}
    for row, said in _published(about, samples is not None):
        key = table.key_of(row)
        if key is not None:
            by_run.setdefault(key, []).append(said)
    for key, found in by_run.items():
        yield table.batch(key, "published", found)


def _files(path: Path) -> tuple[Path | None, Path | None]:
    """Return aggregate and samples that belong to a file; None for what is not there."""
    if path.name.endswith(".jsonl"):
        beside = path.with_name(f"{path.name.removesuffix(SAMPLES)}.json")
        is_one = path.name.endswith(SAMPLES) and beside.is_file() and sniff(beside) > 0
        return (beside if is_one else None), path
    named = table_of(small_object(path)[0].get("detailed_evaluation_results")).get("file_path")
    names = [f"{path.name.removesuffix('.json')}{SAMPLES}"]
    names += [Path(named).name] if isinstance(named, str) and named.endswith(".jsonl") else []
    there = (path.with_name(name) for name in names)
    return path, next((one for one in there if one.is_file()), None)


def _is_sample(head: bytes) -> bool:
    return has_line(head, (b'"evaluation_id"', b'"sample_id"', b'"model_id"'))


def _rows(
    samples: Path, about: dict[str, Any], course: list[int] | None = None
) -> Iterator[Numbered | Reject]:
    """Yield record rows; samples of a further metric are measures of the first one's rows."""
    primary = {name: one.get("evaluation_result_id") for name, one in _primaries(about).items()}
    sets = {name: _item_set(one) for name, one in _primaries(about).items()}
    further = _further(samples, about, primary)
    before = course[0] if course else 0
    for chunk in scan.scan(samples):
        yield from chunk.rejects
        for number, line in chunk.rows:
            name = values.text(line.get("evaluation_name")) or ""
            if further and _is_further(line, name, primary):
                continue
            read = of_ours(line) if is_ours(line) else of_any(line)
            if not is_ours(line):
                read["item_set"] = sets.get(name) or name
                if further:
                    read["measures"] = further.get(_key(line, name), {})
            yield number, line | {"read": read, "input": None, "output": None, "messages": None}
        if course:
            course[0] = before + chunk.bytes_done


def _primaries(about: dict[str, Any]) -> dict[str, Result]:
    """Return the first result of each evaluation: its score is the score of a row."""
    found: dict[str, Result] = {}
    for one in listed(about.get("evaluation_results")):
        if isinstance(one, dict):
            found.setdefault(values.text(one.get("evaluation_name")) or "", one)
    return found


def _further(
    samples: Path, about: dict[str, Any], primary: dict[str, Any]
) -> dict[int, dict[str, float]]:
    """Return scores of further metrics by row: a few numbers each; none where there is one."""
    results = [one for one in listed(about.get("evaluation_results")) if isinstance(one, dict)]
    ids = {one.get("evaluation_result_id"): _metric(one) for one in results
           if isinstance(one.get("evaluation_result_id"), str)}  # fmt: skip
    if len(results) <= len(primary) or is_exported(about):
        return {}
    found: dict[int, dict[str, float]] = {}
    for chunk in scan.scan(samples):
        for _, line in chunk.rows:
            name = values.text(line.get("evaluation_name")) or ""
            score = table_of(line.get("evaluation")).get("score")
            result = line.get("evaluation_result_id")
            if _is_further(line, name, primary) and isinstance(score, int | float):
                metric = ids.get(result) if isinstance(result, str) else None
                found.setdefault(_key(line, name), {})[metric or str(result)] = float(score)
    return found


def _is_further(line: dict[str, Any], name: str, primary: dict[str, Any]) -> bool:
    mine = line.get("evaluation_result_id")
    return mine is not None and primary.get(name) is not None and mine != primary[name]


def _key(line: dict[str, Any], name: str) -> int:
    return hash((values.text(line.get("model_id")), name, values.text(line.get("sample_id"))))


def _metric(result: Result) -> str:
    config = table_of(result.get("metric_config"))
    named = (config.get("metric_name"), config.get("metric_id"), result.get("evaluation_result_id"))
    return next((one for one in named if isinstance(one, str) and one), "score")


def _item_set(result: Result) -> str | None:
    source = table_of(result.get("source_data"))
    return values.name(source.get("hf_repo")) or values.name(source.get("dataset_name"))


def _primary(about: dict[str, Any]) -> Result:
    return next(iter(_primaries(about).values()), {})


def _kind(result: Result) -> dict[str, Any]:
    config = table_of(result.get("metric_config"))
    kind: dict[str, Any] = {"higher_is_better": False} if config.get("lower_is_better") else {}
    if config.get("score_type") == "binary":
        kind |= {"rate": True, "low": 0.0, "high": 1.0}
    for name, key in (("low", "min_score"), ("high", "max_score")):
        value = config.get(key)
        if isinstance(value, int | float) and config.get("metric_unit") not in PERCENT:
            kind |= {} if name in kind or not math.isfinite(value) else {name: float(value)}
    return kind


def _published(
    about: dict[str, Any], has_samples: bool
) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    """Yield the run an aggregated value belongs to, and the value."""
    model = table_of(about.get("model_info")).get("id")
    if is_exported(about):
        own = _exported(about)
        for one in listed(own.get("published")):
            said = table_of(one)
            row = {"model_id": own.get("model"), "evaluation_name": own.get("task")}
            row["read"] = {"revision": own.get("revision")}
            columns = ("measure", "slice", "value", "stderr", "n")
            yield row, tuple(said.get(name) for name in columns)
        return
    first = _primaries(about)
    for result in listed(about.get("evaluation_results")):
        if not isinstance(result, dict):
            continue
        details = table_of(result.get("score_details"))
        try:
            value = values.number(details.get("score"))
        except values.ValueProblem:
            continue
        if value is None:
            continue
        name = values.text(result.get("evaluation_name")) or ""
        config, unsure = table_of(result.get("metric_config")), table_of(details.get("uncertainty"))
        measure = "score" if result is first[name] else _metric(result)
        if has_samples and config.get("metric_unit") in PERCENT:
            measure = f"{_metric(result)} (percent)"
        error, n = table_of(unsure.get("standard_error")).get("value"), unsure.get("num_samples")
        row = {"model_id": model, "evaluation_name": name, "read": {}}
        stderr = float(error) if isinstance(error, int | float) else None
        yield row, (measure, "", value, stderr, n if isinstance(n, int) else None)


def is_exported(about: dict[str, Any]) -> bool:
    """Return whether an aggregate was written by `stresslab export`."""
    return bool(_exported(about))


def _exported(about: dict[str, Any]) -> dict[str, Any]:
    library = table_of(about.get("eval_library"))
    text = table_of(library.get("additional_details")).get("stresslab")
    try:
        return table_of(lenient.loads(text)) if isinstance(text, str) else {}
    except lenient.JsonProblem:
        return {}


def _mapping_of_ours(
    sources: dict[str, str], about: dict[str, Any], rows: list[dict[str, Any]]
) -> Mapping:
    own = _exported(about)
    told = table_of(own.get("names"))
    names = {
        kind: [one for one in listed(told.get(key)) if isinstance(one, str)]
        or list(dict.fromkeys(name for row in rows for name in table_of(row["read"].get(kind))))
        for kind, key in (("item_attributes", "items"), ("variant_attributes", "variants"),
                          ("measures", "scores"), ("explanations", "why"))
    }  # fmt: skip
    sources |= {ROLES.get(name, name): f"read.{name}" for name in OURS}
    if "score" in names["explanations"]:
        sources["explanation"] = "read.explanations.score"
    found = table_of(own.get("measures"))
    measures: dict[str, dict[str, Any]] = {"score": known(found.get("score"))}
    for name in names["measures"]:
        if name != "score":
            measures[name] = {"from": Source(fields=(f"read.measures.{name}",))}
            if name in names["explanations"]:
                measures[name]["explanation"] = Source(fields=(f"read.explanations.{name}",))
            measures[name] |= known(found.get(name))
    item, variant = (
        {name: Source(fields=(f"read.{kind}.{name}",)) for name in names[kind]}
        for kind in ("item_attributes", "variant_attributes")
    )
    return Mapping(
        sources={role: Source(fields=(name,)) for role, name in sources.items()},
        attributes=item,
        variant_attributes=variant,
        measures=measures,
        reader="every_eval_ever",
    )


def _hashed(rows: list[dict[str, Any]]) -> bool:
    return any(row.get("sample_hash") is not None for row in rows)


def _settings(about: dict[str, Any], samples: Path | None) -> dict[str, Any]:
    if is_exported(about):
        return table_of(_exported(about).get("settings"))
    library = table_of(about.get("eval_library"))
    first = _primary(about)
    return {
        "tool": values.text(library.get("name")) or "every_eval_ever",
        "version": values.text(library.get("version")),
        "evaluation_id": values.text(about.get("evaluation_id")),
        "source": values.as_json(about.get("source_metadata")),
        "generation": values.as_json(first.get("generation_config")),
        **({} if samples else {"missing_files": "samples"}),
    }


def _model_info(about: dict[str, Any]) -> dict[str, Any]:
    if is_exported(about):
        return table_of(_exported(about).get("model_info"))
    info = table_of(about.get("model_info"))
    details = values.as_json(info.get("additional_details"))
    return {"name": values.text(info.get("name"))} | ({"details": details} if details else {})


PIECE = Reader(
    title="Every Eval Ever (aggregate and samples)",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="2",
    suffix="_samples.jsonl",
    example=(
        '{"schema_version": "0.3.0", "evaluation_id": "demo/org_a/1", "model_id": "org/a", '
        '"evaluation_name": "demo", "sample_id": "q1", "sample_hash": "h1", "interaction_type": '
        '"single_turn", "input": {"raw": "2+2?", "reference": ["4"]}, "output": {"raw": ["4"]}, '
        '"answer_attribution": [{"turn_idx": 0, "source": "output.raw", "extracted_value": "4", '
        '"extraction_method": "exact_match", "is_terminal": true}], "evaluation": {"score": 1.0, '
        '"is_correct": true}, "metadata": {"subject": "math", "tier": "1"}}\n'
    ),
    source="evaleval/every_eval_ever: schemas/eval.schema.json, instance_level_eval.schema.json",
)

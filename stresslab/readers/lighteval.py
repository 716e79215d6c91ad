"""Results and details of lighteval: one source, a run per task."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers import _lighteval_files as files_of
from stresslab.readers._files import ManyFiles
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._lighteval_files import Files, Object
from stresslab.readers._lighteval_rows import Details, numbers_of
from stresslab.readers._likelihoods import number
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._propose import complete
from stresslab.readers._records import in_chunks
from stresslab.readers._rows import LongTable
from stresslab.store.scan import Chunk, Reject

SAMPLE = 200
MEASURES = "read.measures."
STDERR = "_stderr"
TOTALS = ("all", "_average")

ROLES = {
    "model": "run.model", "task": "run.task", "items": "run.items", "item": "read.id",
    "input": "read.input", "choices": "read.choices", "reference": "read.reference",
    "output": "read.output", "answer": "read.answer", "score": "read.score",
    "correct": "read.correct", "confidence": "read.confidence", "probs": "read.probs",
    "tokens_in": "read.tokens_in", "tokens_out": "read.tokens_out",
}  # fmt: skip

RUN_SETTINGS = ("lighteval_sha", "num_fewshot_seeds", "max_samples", "generation_parameters")


def propose(path: Path) -> Mapping:
    """Return the mapping of a run: doc = item, axes guessed from what a task says of its docs.

    Raises
    ------
    ReadError
        If nothing of it can be read.
    """
    files = _opened(path)
    rows, metrics, binary = [], dict[str, set[float]](), list[bool]()
    for task in files.details:
        primary, names = _metrics(files, task)
        head = _head(files, task, primary)
        for name in names:
            numbers = [numbers_of(row["metric"]) for row in head]
            metrics.setdefault(name, set()).update(one[name] for one in numbers if name in one)
        binary.append(metrics.get(primary, {2.0}) <= {0.0, 1.0})
        rows += head
    rate = {"rate": True, "low": 0.0, "high": 1.0}
    measures: dict[str, dict[str, Any]] = {"score": dict(rate) if binary and all(binary) else {}}
    for name, seen in metrics.items() if len(metrics) > 1 else ():
        bounds = rate if seen and seen <= {0.0, 1.0} else {}
        measures[name] = {"from": Source(fields=(MEASURES + name,)), **bounds}
    mapping = Mapping(
        sources={role: Source(fields=(name,)) for role, name in ROLES.items()},
        measures=measures,
        reader="lighteval",
    )
    return complete(mapping, rows, under=("doc.specific",))


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the docs of every task, and what lighteval printed.

    Raises
    ------
    ReadError
        If nothing of it can be read.
    """
    files = _opened(path)
    tasks: dict[RunKey, str] = {}
    current = [""]

    def about(key: RunKey) -> About:
        return About(_settings(files, tasks.get(key, current[-1])), _model_info(files))

    many = ManyFiles(LongTable(mapping, path.name, about))
    if files.results_path == path:
        many.open(path.name)
        size = path.stat().st_size
        yield from many.add(Chunk(rejects=files.rejects, bytes_done=size, unit="entry"))
    for task, file in files.details.items():
        current.append(task)
        many.open(file.name)
        details, unit = Details(file), "line" if file.suffix == files_of.LINES else "row"
        try:
            primary, _ = _metrics(files, task)
            rows = details.rows(_run(files, task), primary)
            for chunk in in_chunks(rows, details.reached, unit):
                for batch in many.add(chunk):
                    if batch.run:
                        tasks.setdefault(batch.run, task)
                    yield batch
        except ReadError as error:
            reject = Reject(file.name, "", str(error), "")
            yield from many.add(Chunk(rejects=[reject], bytes_done=file.stat().st_size, unit="row"))
    yield from many.finish()
    printed = files.table_of("results")
    alone = [one for one in printed if one not in files.details and one not in TOTALS]
    for task in [*files.details, *(alone if files.results_path == path else ())]:
        key = many.table.key_of({"run": _run(files, task)})
        lines = list(_published(files, task))
        if key and lines:
            tasks.setdefault(key, task)
            yield many.table.batch(key, "published", lines)


def _opened(path: Path) -> Files:
    files = files_of.opened(path)
    if not files.details and not files.results:
        why = f": {files.rejects[0].reason}" if files.rejects else ""
        raise ReadError(f"{path} must be results or details of lighteval; none can be read{why}.")
    return files


def _run(files: Files, task: str) -> Object:
    names = task.split("|")
    config = files.of_task("config_tasks", task)
    told = (config.get("hf_repo"), config.get("hf_subset"))
    plain = names[1] if len(names) > 2 else names[0]
    parts = [one for one in told if isinstance(one, str) and one and one != "default"]
    return {"model": files.model, "task": plain, "items": "/".join(parts) if told[0] else plain}


def _metrics(files: Files, task: str) -> tuple[str, list[str]]:
    """Return the metric that is the score, and all that rows have numbers of."""
    if task in files.known:
        return files.known[task]
    there: dict[str, bool] = {}
    if task in files.details:
        for row in _head(files, task, None):
            numbers = numbers_of(row["metric"])
            there |= {name: there.get(name, False) or name in numbers for name in row["metric"]}
    seen = [name for name, has_numbers in there.items() if has_numbers]
    printed = [one for one in files.of_task("results", task) if not one.endswith(STDERR)]
    names = [*(one for one in printed if one in seen), *(one for one in seen if one not in printed)]
    files.known[task] = (names[0] if names else ""), names
    return files.known[task]


def _head(files: Files, task: str, primary: str | None) -> list[Object]:
    """Return the first rows of a task; none where its details cannot be read."""
    found = Details(files.details[task]).rows(_run(files, task), primary)
    try:
        return [one[1] for one in islice(found, SAMPLE) if isinstance(one, tuple)]
    except ReadError:
        return []


def _published(
    files: Files, task: str
) -> Iterator[tuple[str, str, float, float | None, int | None]]:
    primary, names = _metrics(files, task)
    said = files.of_task("results", task)
    n = files.of_task("config_tasks", task).get("effective_num_docs")
    count = n if isinstance(n, int) and n > 0 else None
    for name, value in said.items():
        found = None if isinstance(value, str | bool) else number(value)
        if found is not None and not name.endswith(STDERR):
            stderr = number(said.get(f"{name}{STDERR}"))
            is_ours = name == primary and name in names
            yield "score" if is_ours else name, "", found, stderr, count


def _settings(files: Files, task: str) -> Object:
    config, shots = files.of_task("config_tasks", task), task.split("|")
    hashes = files.of_task("summary_tasks", task).get("hashes")
    found = {
        "tool": "lighteval",
        "task": task,
        "n_shot": next((int(one) for one in shots[2:3] if one.isdecimal()), None),
        "prompt_hash": hashes.get("hash_full_prompts") if isinstance(hashes, dict) else None,
        "task_version": files.table_of("versions").get(task, config.get("version")),
        "score": _metrics(files, task)[0],
        **{name: files.config.get(name) for name in RUN_SETTINGS},
        **{name: config.get(name) for name in ("hf_repo", "hf_subset", "evaluation_splits")},
    }
    return {name: value for name, value in found.items() if value not in (None, "", {}, [])}


def _model_info(files: Files) -> Object:
    found = {one: files.config.get(f"model_{one}") for one in ("name", "sha", "dtype", "size")}
    return {name: value for name, value in found.items() if value not in (None, "")}


EXAMPLE = (
    '{"doc": {"query": "2+2?", "choices": ["3", "4"], "gold_index": 1, "id": "0"}, '
    '"model_response": {"text": [], "logprobs": [-4.0, -0.5]}, "metric": {"acc": 1.0}}\n'
)

PIECE = Reader(
    title="Results and details of lighteval",
    sniff=files_of.sniff,
    propose=propose,
    read=read,
    parts=files_of.parts,
    version="1",
    suffix=".jsonl",
    example=EXAMPLE,
    source="huggingface/lighteval: logging/evaluation_tracker.py, tasks/requests.py",
)

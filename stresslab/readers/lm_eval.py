"""Results and samples of lm-evaluation-harness: one source, a run per task."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers import _lm_eval_files as files_of
from stresslab.readers._files import ManyFiles
from stresslab.readers._json_lines import Objects
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._lm_eval_files import Files, Object
from stresslab.readers._lm_eval_filters import MEASURES
from stresslab.readers._lm_eval_published import published
from stresslab.readers._lm_eval_rows import Rows
from stresslab.readers._lm_eval_task import Task, model_info, settings, task_of
from stresslab.readers._mapping import Mapping, Source, look_up
from stresslab.readers._propose import complete
from stresslab.readers._records import batches_of
from stresslab.readers._rows import LongTable
from stresslab.store.scan import Chunk

MOST_ROWS = 5_000
LEAST_ROWS = 20
LONG = 200
"""Characters of a text that is no attribute of an item."""

ROLES = {
    "model": "run.model", "revision": "run.revision", "task": "run.task", "items": "run.items",
    "item": "doc_id", "input": "read.input", "messages": "read.messages",
    "choices": "read.choices", "reference": "read.reference", "output": "read.output",
    "answer": "read.answer", "score": "read.score", "correct": "read.correct",
    "confidence": "read.confidence", "probs": "read.probs",
}  # fmt: skip

RATE = {"rate": True, "low": 0.0, "high": 1.0}


def propose(path: Path) -> Mapping:
    """Return the mapping of a run of the harness: doc = item, axes guessed from the docs.

    Raises
    ------
    ReadError
        If neither results nor samples can be read.
    """
    files = _opened(path)
    tasks, rows = [], list[Object]()
    most = max(MOST_ROWS // max(len(files.samples), 1), LEAST_ROWS)
    for name in _names(files):
        task, head = task_of(files, name)
        tasks.append(task)
        if name in files.samples:
            made = Rows(Objects(files.samples[name]), task, _run(files, task))
            first = [one for _, one in head if one.get("filter", "") in ("", task.filters[0])]
            rows += [made.row(one) for one in first[:most]]
    mapping = Mapping(
        sources={role: Source(fields=(name,)) for role, name in ROLES.items()},
        measures=_measures(tasks),
        reader="lm_eval",
    )
    texts = {f"doc.{one}" for task in tasks for one in task.texts}
    return _without_texts(complete(mapping, rows, under=("doc",)), rows, texts)


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the docs of every task as items, outcomes and scores, and what the harness printed.

    Raises
    ------
    ReadError
        If neither results nor samples can be read.
    """
    files = _opened(path)
    tasks: dict[str, tuple[Task, Object]] = {}
    keys: dict[RunKey, Task] = {}
    current: list[Task] = []
    info = model_info(files)

    def about(key: RunKey) -> About:
        return About(settings(files, keys.get(key, current[-1])), info)

    table = LongTable(mapping, path.name, about)
    many = ManyFiles(table)
    if files.results_path == path:
        many.open(path.name)
        size = path.stat().st_size
        yield from many.add(Chunk(rejects=files.rejects, bytes_done=size, unit="entry"))
    for name in _names(files):
        task, head = task_of(files, name)
        current.append(task)
        run = _run(files, task)
        tasks[name] = task, run | {"doc": head[0][1].get("doc") if head else None}
        if name in files.samples:
            many.open(files.samples[name].name)
            chunks = Rows(Objects(files.samples[name]), task, run).chunks(mapping.fields())
            for batch in batches_of(chunks, many.add):
                if batch.run:
                    keys.setdefault(batch.run, task)
                yield _own(batch, keys, mapping)
    for batch in many.finish():
        yield _own(batch, keys, mapping)
    for key, lines in published(files, tasks, mapping, table.key_of):
        keys.setdefault(key, next(task for task, _ in tasks.values()))
        yield table.batch(key, "published", lines)


def _opened(path: Path) -> Files:
    files = files_of.opened(path)
    if not files.samples and not files.results:
        why = f": {files.rejects[0].reason}" if files.rejects else ""
        raise ReadError(
            f"{path} must be results or samples of lm-evaluation-harness; nothing of it can be "
            f"read{why}."
        )
    if not files.model:
        raise ReadError(
            f"{path} must name the model in `config.model_args`, or lie in a folder of its name."
        )
    return files


def _names(files: Files) -> list[str]:
    """Return the tasks with samples, and those of which only results are there."""
    groups = files.table_of("group_subtasks")
    alone = [
        name for name in files.table_of("results")
        if not groups.get(name) and name not in files.table_of("groups")
    ]  # fmt: skip
    is_whole = files.results_path is not None and not files.is_part
    return [*files.samples, *(one for one in alone if is_whole and one not in files.samples)]


def _run(files: Files, task: Task) -> Object:
    revision = files.model_args.get("revision")
    return {
        "run.model": files.model,
        "run.revision": None if revision in ("", "main") else revision,
        "run.task": task.name,
        "run.items": task.item_set,
    }


def _measures(tasks: list[Task]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    scored = [task for task in tasks if task.primary]
    found["score"] = dict(RATE) if scored and all(task.is_binary for task in scored) else {}
    for task in tasks:
        for name, number in task.declared.items():
            one: dict[str, Any] = {"from": Source(fields=(MEASURES + name,))}
            if name == "confidence_norm":
                why = Source(fields=("read.answer_norm",))
                one |= {"explanation": why, "low": 0.0, "high": 1.0}
            elif not task.measures[number]:
                one["higher_is_better"] = False
            found.setdefault(name, one)
    return found


def _own(batch: Batch, keys: dict[RunKey, Task], mapping: Mapping) -> Batch:
    """Return a batch that declares of the proposed measures only those of its own task."""
    task = keys.get(batch.run) if batch.run else None
    if task is None or not batch.measures:
        return batch
    declared = {
        name: one
        for name, one in batch.measures.items()
        if name in task.declared
        or name == "score"
        or mapping.measures.get(name, {}).get("from") != Source(fields=(MEASURES + name,))
    }
    if task.is_binary and mapping.sources.get("score") == Source(fields=(ROLES["score"],)):
        declared["score"] = RATE | dict(declared["score"])
    return replace(batch, measures=declared)


def _without_texts(mapping: Mapping, rows: list[Object], texts: set[str]) -> Mapping:
    """Return a mapping without attributes that are long, or are the input already."""

    def is_text(field: str) -> bool:
        said = (look_up(row, field) for row in rows)
        return field in texts or any(isinstance(one, str) and len(one) > LONG for one in said)

    def kept(attributes: dict[str, Source]) -> dict[str, Source]:
        return {name: one for name, one in attributes.items() if not is_text(one.fields[0])}

    return replace(
        mapping,
        attributes=kept(mapping.attributes),
        variant_attributes=kept(mapping.variant_attributes),
    )


EXAMPLE = (
    '{"doc_id": 0, "doc": {"q": "2+2?", "choices": ["3", "4"], "answer": 1}, "target": "1", '
    '"arguments": {"gen_args_0": {"arg_0": "Q: 2+2?\\nA:", "arg_1": " 3"}, "gen_args_1": '
    '{"arg_0": "Q: 2+2?\\nA:", "arg_1": " 4"}}, "resps": [[["-4.1", "False"]], '
    '[["-0.2", "True"]]], "filtered_resps": [["-4.1", "False"], ["-0.2", "True"]], '
    '"filter": "none", "metrics": ["acc", "acc_norm"], "doc_hash": "a", "prompt_hash": "b", '
    '"target_hash": "c", "acc": 1.0, "acc_norm": 1.0}\n'
)

PIECE = Reader(
    title="Results and samples of lm-evaluation-harness",
    sniff=files_of.sniff,
    propose=propose,
    read=read,
    parts=files_of.parts,
    version="1",
    suffix=".jsonl",
    example=EXAMPLE,
    source="EleutherAI/lm-evaluation-harness 4e7e0d4 (2026-08), v0.4.0 to v0.4.13",
)

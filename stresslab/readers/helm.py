"""A run folder of HELM: every perturbed copy is a variant of the instance it was made from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from stresslab.readers import _values as values
from stresslab.readers._helm_rows import Requests, displayed, leftover
from stresslab.readers._helm_run import (
    DISPLAY,
    EACH,
    NOT_TASK,
    SHOWN,
    STATE,
    STATS,
    WHOLE,
    Run,
    files_of,
    named,
    opened,
    settings_of,
    table_of,
)
from stresslab.readers._helm_stats import (
    PRIMARY,
    InstanceStats,
    described,
    entries,
    is_measure,
    key_of,
    name_of,
    numbers,
    published,
)
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._propose import complete
from stresslab.readers._records import head_of, in_chunks
from stresslab.readers._rows import LongTable
from stresslab.store.scan import Chunk, Numbered, Reject

SAMPLE = 300
MOST_SIBLINGS = 2_000
SMALLER = re.compile(r"loss|error|perplexity|toxic|bias|_ter$|_wer$|_cer$|(^|_)[wtcm]er_score")
BINARY = re.compile(r"(quasi_)?(prefix_)?(leave_articles_)?exact_match|math_equiv|.*_correctness$")


@dataclass
class _Course:
    """How far the files of a run were read."""

    done: int = 0
    file: BinaryIO | None = None

    def bytes_done(self) -> int:
        return self.done + (self.file.tell() if self.file and not self.file.closed else 0)


def sniff(path: Path) -> float:
    """Return how sure it is that a folder is a run of HELM, or a file a part of one."""
    if path.is_dir():
        there = [name for name in (*WHOLE, DISPLAY) if (path / name).is_file()]
        enough = {STATE, EACH, DISPLAY} & set(there)
        if "run_spec.json" in there and len(there) > 1:
            return 0.9
        return 0.9 if enough and len(there) > 1 else 0.0
    if path.name in (*WHOLE, *SHOWN) and sniff(path.parent) > 0:
        return 0.9
    head = head_of(path)
    return 0.9 if b'"request_states"' in head and b'"adapter_spec"' in head else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the files of the run; those HELM makes from them for its pages count too."""
    files = files_of(path)
    return tuple(sorted(files.values(), key=lambda one: (one != path, one.name)))


def propose(path: Path) -> Mapping:
    """Return the mapping of a run: instance = item, prob = strength, train trial = trial.

    Raises
    ------
    ReadError
        If the folder has no file with instances or statistics.
    """
    run = opened(path)
    names = _stat_names(run)
    rows = [row for _, row in islice(_sample(run), SAMPLE)]
    main = _main(run.spec, names)
    sources = {role: Source(fields=(name,)) for role, name in ROLES.items()}
    levels = _levels(path, run, rows)
    if levels:
        sources["tier"] = Source(fields=("read.level",), values=tuple(levels.items()))
    if not any(row["instance"].get("sub_split") for row in rows):
        sources["domain"] = Source(fields=("run.subject",))
    attributes = {"sub_split": Source(fields=("instance.sub_split",))}
    measures: dict[str, dict[str, Any]] = {
        name: {"from": Source(fields=(f"stats.{name}",)), **_kind(name)}
        for name in names
        if is_measure(name) and name != main
    }
    if main:
        sources["score"] = Source(fields=(f"stats.{main}",))
        measures["score"] = _kind(main)
        if BINARY.fullmatch(main):
            sources["correct"] = sources["score"]
    seeded = {row["read"].get("seed") for row in rows} - {None}
    own = {"seed": Source(fields=("read.seed",))} if len(seeded) > 1 else {}
    mapping = Mapping(
        sources=sources,
        attributes=attributes if "instance.sub_split" in sources["domain"].fields else {},
        variant_attributes=own,
        measures=measures,
        reader="helm",
    )
    found = complete(mapping, rows, ("instance.extra_data",))
    if any(row["read"].get("perturbation") for row in rows):
        return replace(found, sources=sources)
    return found


ROLES = {
    "model": "run.model", "task": "run.task", "items": "run.scenario", "item": "instance.id",
    "domain": "instance.sub_split", "split": "instance.split",
    "perturbation": "read.perturbation", "strength": "read.strength", "unit": "read.unit",
    "seed": "read.seed", "trial": "train_trial_index", "original": "read.original",
    "input": "read.input", "choices": "read.choices", "reference": "read.reference",
    "output": "read.output", "answer": "read.answer", "confidence": "read.confidence",
    "error": "read.error", "latency_s": "result.request_time", "tokens_in": "read.tokens_in",
    "tokens_out": "read.tokens_out",
}  # fmt: skip


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the rows of a run: instances with their statistics, then what HELM published.

    Raises
    ------
    ReadError
        If it is not a run folder.
    """
    run, course, stats = opened(path), _Course(), InstanceStats()
    about = cache(lambda: About(settings_of(run)))
    table = LongTable(mapping, path.name, lambda key: about())
    yield from table.add(Chunk(rejects=run.rejects, unit="entry"))
    found = chain(_own_stats(run, stats, course), _rows(run, stats, course))
    key: RunKey | None = None
    for chunk in in_chunks(found, course.bytes_done, "entry"):
        key = key or next((table.key_of(row) for _, row in chunk.rows), None)
        yield from table.add(chunk)
    yield from table.finish(course.bytes_done())
    aggregates, rejects = _aggregates(run)
    yield from table.add(Chunk(rejects=rejects, bytes_done=course.bytes_done(), unit="entry"))
    score = mapping.sources["score"].fields[0] if "score" in mapping.sources else ""
    rows = list(published(aggregates, mapping, score.removeprefix("stats.")))
    key = key or table.key_of({"run": run.about})
    if rows and key is not None:
        yield table.batch(key, "published", rows)


def _own_stats(run: Run, stats: InstanceStats, course: _Course) -> Iterator[Reject]:
    """Read the numbers of every instance; yield what could not be read."""
    if EACH not in run.files:
        return
    with run.files[EACH].open("rb") as file:
        course.file = file
        for one in entries(file, EACH):
            if isinstance(one, Reject):
                yield one
                continue
            _, entry = one
            trial = entry.get("train_trial_index")
            if entry.get("instance_id") is None:
                text = (values.as_json(entry) or "")[:200]
                yield Reject(f"{EACH} entry {one[0]}", "instance_id", "is missing", text)
                continue
            key = key_of(entry["instance_id"], entry.get("perturbation"), trial)
            stats.add(key, entry.get("stats"))
    course.done += run.files[EACH].stat().st_size


def _rows(run: Run, stats: InstanceStats, course: _Course) -> Iterator[Numbered | Reject]:
    if STATE in run.files:
        with run.files[STATE].open("rb") as file:
            course.file = file
            yield from Requests(stats, run.about).read(file, STATE)
        course.done += run.files[STATE].stat().st_size
    elif DISPLAY in run.files:
        yield from displayed(run.files, stats, run.about)
    if len(stats) and EACH in run.files:
        with run.files[EACH].open("rb") as file:
            yield from leftover(file, EACH, stats, run.about)


def _sample(run: Run) -> Iterator[Numbered]:
    """Yield the first rows, with the statistics of the first entries."""
    stats = InstanceStats()
    if EACH in run.files:
        with run.files[EACH].open("rb") as file:
            for one in islice(entries(file, EACH), SAMPLE):
                if not isinstance(one, Reject):
                    trial = one[1].get("train_trial_index")
                    key = key_of(one[1].get("instance_id"), one[1].get("perturbation"), trial)
                    stats.add(key, one[1].get("stats"))
    for one in _rows(run, stats, _Course()):
        if not isinstance(one, Reject):
            yield one


def _stat_names(run: Run) -> list[str]:
    """Return the statistics of instances in the order the run declares or lists them."""
    declared = _declared(run.spec)
    seen: dict[str, None] = {}
    for name in (EACH, DISPLAY):
        if name in run.files:
            with run.files[name].open("rb") as file:
                for one in islice(entries(file, name), SAMPLE):
                    if not isinstance(one, Reject):
                        seen |= {stat: None for stat, _ in numbers(one[1].get("stats"))}
    return [*(one for one in declared if one in seen),
            *(one for one in seen if one not in declared)]  # fmt: skip


def _declared(spec: dict[str, Any]) -> list[str]:
    """Return the statistics the metrics of a run are told to compute."""
    specs = spec.get("metric_specs")
    lists = (
        table_of(table_of(one).get("args")).get("names")
        for one in (specs if isinstance(specs, list) else ())
    )
    names = (name for one in lists for name in (one if isinstance(one, list) else ()))
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _main(spec: dict[str, Any], names: list[str]) -> str:
    """Return the main metric of a run: the first declared one, else the usual one."""
    found = [name for name in names if is_measure(name)]
    declared = _declared(spec)
    first = next((name for name in found if name in declared), None)
    usual = next((name for name in PRIMARY if name in found), None)
    return first or usual or next(iter(found), "")


def _kind(name: str) -> dict[str, Any]:
    kind: dict[str, Any] = {"rate": True, "low": 0.0, "high": 1.0} if BINARY.fullmatch(name) else {}
    return kind | ({"higher_is_better": False} if SMALLER.search(name) else {})


def _levels(path: Path, run: Run, rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return tiers of the strengths of each kind that has several, in this task."""
    found = {row["read"]["level"]: row["read"] for row in rows if row["read"].get("level")}
    for stat in _siblings(path, run):
        kind = described(name_of(stat).get("perturbation"))
        if kind:
            found.setdefault(kind["level"], kind)
    kinds: dict[str, dict[float, str]] = {}
    for kind in found.values():
        if isinstance(kind["strength"], int | float):
            kinds.setdefault(kind["perturbation"], {})[kind["strength"]] = kind["level"]
    return {
        strengths[one]: tier
        for strengths in kinds.values()
        if len(strengths) > 1
        for tier, one in enumerate(sorted(strengths), start=1)
    }


def _siblings(path: Path, run: Run) -> Iterator[dict[str, Any]]:
    """Yield the published statistics of the task: of this run and of other models beside it."""
    folders = [path if path.is_dir() else path.parent]
    if path.is_dir():
        beside = islice(sorted(path.parent.iterdir()), MOST_SIBLINGS)
        folders += [one for one in beside if one != path and _task(one.name) == _task(path.name)]
    for folder in folders if STATS in run.files else ():
        if (folder / STATS).is_file():
            with (folder / STATS).open("rb") as file:
                yield from (one[1] for one in entries(file, STATS) if not isinstance(one, Reject))


def _task(folder: str) -> tuple[str, dict[str, str]]:
    head, arguments = named(folder)
    return head, {one: text for one, text in arguments.items() if one not in NOT_TASK}


def _aggregates(run: Run) -> tuple[list[dict[str, Any]], list[Reject]]:
    if STATS not in run.files:
        return [], []
    with run.files[STATS].open("rb") as file:
        found = list(entries(file, STATS))
    return [one[1] for one in found if not isinstance(one, Reject)], [
        one for one in found if isinstance(one, Reject)
    ]


PIECE = Reader(
    title="HELM run folder",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="1",
    suffix="-scenario_state.json",
    example=(
        '{"adapter_spec": {"method": "generation", "model": "org/a"}, "request_states": ['
        '{"instance": {"id": "id1", "split": "test", "input": {"text": "2+2?"}, "references": '
        '[{"output": {"text": "4"}, "tags": ["correct"]}]}, "train_trial_index": 0, '
        '"result": {"success": true, "completions": [{"text": " 4"}]}}]}'
    ),
    source="stanford-crfm/helm: benchmark/adaptation/request_state.py, metrics/statistic.py",
)

"""What the results file of lm-evaluation-harness prints, as published rows of the runs."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stresslab.nouns import DEFAULT_PERTURBATION
from stresslab.predicate import Compare, Field, all_of, to_text
from stresslab.readers import _values as values
from stresslab.readers._kind import RunKey
from stresslab.readers._likelihoods import number
from stresslab.readers._lm_eval_files import Files, Object, table
from stresslab.readers._lm_eval_task import Task
from stresslab.readers._lm_eval_values import NO_FILTER, is_mean
from stresslab.readers._mapping import Mapping as FileMapping
from stresslab.readers._values import ValueProblem

Line = tuple[str, str, float | None, float | None, int | None]
STDERR = "_stderr"


def published(
    files: Files,
    tasks: Mapping[str, tuple[Task, Object]],
    mapping: FileMapping,
    key_of: Callable[[Object], RunKey | None],
) -> Iterator[tuple[RunKey, list[Line]]]:
    """Yield, by run, measure, slice, value, standard error and n of what was printed.

    Parameters
    ----------
    tasks : mapping
        What is known of each task, and a row that is like all of it.
    key_of : callable
        Tells the run of a row.
    """
    results = files.table_of("results")
    lines: dict[RunKey, list[Line]] = {}
    members: dict[RunKey, list[str]] = {}
    for name, (_, row) in tasks.items():
        key = key_of(row)
        if key is not None:
            members.setdefault(key, []).append(name)
    for key, names in members.items():
        for name in names:
            task, row = tasks[name]
            condition = _slice(mapping, row) if len(names) > 1 else ""
            n = _count(files, name, table(results.get(name)))
            for line in _of_task(table(results.get(name)), task, n):
                measure, _, *rest = line
                told = measure if condition is not None else f"{measure} ({name})"
                lines.setdefault(key, []).append((told, condition or "", *rest))  # type: ignore[arg-type]
    for group, first in _groups(files, tasks):
        key = key_of(tasks[first][1])
        said = table(files.table_of("groups").get(group)) or table(results.get(group))
        n = _whole(said.get("sample_count"))
        for metric, filtered, value, stderr in _printed(said):
            behind = "" if filtered in ("", NO_FILTER) else f"@{filtered}"
            if key is not None:
                told = f"{metric}{behind} (group {group})"
                lines.setdefault(key, []).append((told, "", value, stderr, n))
    yield from lines.items()


def _of_task(said: Object, task: Task, n: int | None) -> Iterator[Line]:
    for metric, filtered, value, stderr in _printed(said):
        place = task.filters.index(filtered) if filtered in task.filters else -1
        aggregation = task.aggregations.get(metric, "")
        ours = metric in task.measures and is_mean(metric, aggregation)
        if ours and metric == task.primary and place == 0:
            measure = "score"
        elif place >= 0:
            measure = task.measure(metric, place)
        else:
            measure = f"{metric}@{filtered}" if filtered not in ("", NO_FILTER) else metric
        if not ours and metric in task.measures:
            measure = f"{measure} ({aggregation})"
        yield measure, "", value, stderr, n


def _printed(said: Object) -> Iterator[tuple[str, str, float, float | None]]:
    """Yield metric, filter, value and standard error; ``"N/A"`` is not known."""
    for key, value in said.items():
        metric, comma, filtered = key.partition(",")
        found = None if isinstance(value, str | bool) else number(value)
        if comma and not metric.endswith(STDERR) and found is not None:
            stderr = said.get(f"{metric}{STDERR},{filtered}")
            yield metric, filtered, found, None if isinstance(stderr, str) else number(stderr)


def _slice(mapping: FileMapping, row: Object) -> str | None:
    """Return the condition that picks one of several tasks that are one run; None without one."""
    sources = mapping.sources
    by_task = all(
        sources[role].fields == ("run.task",) for role in ("perturbation", "tier")
        if role in sources
    )  # fmt: skip
    if "perturbation" not in sources or not by_task:
        return None
    try:
        name = values.name(mapping.getter(sources["perturbation"])(row))
        tier = mapping.getter(sources["tier"])(row) if "tier" in sources else None
        step = values.whole(tier, 0, 32_767)
    except ValueProblem:
        return None
    if values.untouched(name) and not step:
        return to_text(Compare(Field(("tier",)), "=", 0))
    kind = Compare(Field(("perturbation",)), "=", name or DEFAULT_PERTURBATION)
    both = all_of(kind, Compare(Field(("tier",)), "=", 1 if step is None else step))
    return to_text(both) if both is not None else None


def _groups(files: Files, tasks: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every group with the first of its tasks that is there."""
    below = files.table_of("group_subtasks")
    for group in {**below, **files.table_of("groups")}:
        waiting, seen = [group], set[str]()
        while waiting:
            name = waiting.pop(0)
            if name in tasks:
                if name != group:
                    yield group, name
                break
            inside = below.get(name)
            fresh = (
                [one for one in inside if isinstance(one, str)] if isinstance(inside, list) else []
            )
            waiting += [one for one in fresh if one not in seen]
            seen.update(fresh)


def _count(files: Files, name: str, said: Object) -> int | None:
    counts = table(files.table_of("n-samples").get(name))
    return _whole(counts.get("effective")) or _whole(said.get("sample_len"))


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

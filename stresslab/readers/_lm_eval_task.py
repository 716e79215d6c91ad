"""What is known of one task of lm-evaluation-harness: its metrics, filters, texts and settings."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.readers._axes import columns_of
from stresslab.readers._json_lines import Objects
from stresslab.readers._lm_eval_files import Files, Object, table
from stresslab.readers._lm_eval_values import (
    KNOWN,
    NO_FILTER,
    is_larger_better,
    numbers_of,
    pairs_of,
    requests_of,
)
from stresslab.readers._mapping import look_up
from stresslab.store.scan import Numbered

HEAD_ROWS = 300
TAIL = 1 << 20
LAST_ROWS = 3
LOADERS = {"json", "csv", "parquet", "text", "arrow", "pandas", "imagefolder", "audiofolder"}
SPLITS = ("test", "train", "valid", "validation", "dev", "data")
CHOICES = re.compile(r"choice|option|ending|answer|candidate|label", re.IGNORECASE)
SHORT = 8
"""Texts of a doc shorter than this stand in a prompt by chance."""

MOST = 0.9
LAST_TIME = 4e9
TEMPLATE = (
    "doc_to_text", "doc_to_target", "doc_to_choice", "description", "target_delimiter",
    "fewshot_delimiter", "gen_prefix", "use_prompt", "num_fewshot",
)  # fmt: skip
RUN_SETTINGS = (
    "model", "model_args", "batch_size", "limit", "gen_kwargs", "random_seed", "numpy_seed",
    "torch_seed", "fewshot_seed", "device",
)  # fmt: skip
FILE_SETTINGS = (
    "lm_eval_version", "transformers_version", "git_hash", "date", "system_instruction_sha",
    "chat_template_sha", "fewshot_as_multiturn", "max_length",
)  # fmt: skip
TASK_SETTINGS = (
    "dataset_path", "dataset_name", "dataset_kwargs", "test_split", "output_type",
    "generation_kwargs", "repeats",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """What the rows of one task are read with.

    Parameters
    ----------
    name, item_set : str
        The task, and the namespace of its docs.
    filters : tuple of str
        Ways an answer was cut out, the first of which makes the score.
    metrics : tuple of str
        Names in the file.
    measures : dict of str to bool
        Numbers of a row, and whether larger is better.
    primary : str
        The measure that is the score; empty if there is none.
    is_binary : bool
        Whether it is 0 or 1 wherever it was looked at.
    aggregations : dict of str to str
        How the harness reduces each metric.
    texts : tuple of str
        Fields of a doc that stand in its prompt: what the item asks.
    choices : str
        Field of a doc that lists the choices; empty where only the requests do.
    delimiter : str
        What stands between prompt and choice.
    """

    name: str
    item_set: str
    filters: tuple[str, ...]
    metrics: tuple[str, ...]
    measures: dict[str, bool]
    primary: str
    is_binary: bool
    is_choice: bool
    aggregations: dict[str, str]
    texts: tuple[str, ...]
    choices: str
    delimiter: str

    def measure(self, name: str, place: int = 0) -> str:
        """Return the name a measure has behind one of the filters."""
        return f"{name}@{self.filters[place]}" if len(self.filters) > 1 else name

    @property
    def declared(self) -> dict[str, str]:
        """Return every measure beside the score, and the number of a row it is."""
        found = {
            self.measure(name, place): name
            for place in range(len(self.filters))
            for name in self.measures
        }
        if len(found) == 1 and self.primary in found:
            found = {}
        return found | ({"confidence_norm": "confidence_norm"} if self.is_choice else {})


def task_of(files: Files, name: str) -> tuple[Task, list[Numbered]]:
    """Return what is known of a task, and the first rows of it."""
    path = files.samples.get(name)
    rows = _head(path) if path else []
    config = table(table(files.results.get("configs")).get(name))
    results = table(table(files.results.get("results")).get(name))
    filters = _filters(config, results, rows, path)
    seen = [row for _, row in rows if row.get("filter", filters[0]) == filters[0]]
    metrics = _metrics(config, results, seen)
    listed = config.get("metric_list")
    described = {
        str(one.get("metric")): one
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    }
    reduced = {one: str(said.get("aggregation") or "") for one, said in described.items()}
    better = {one: said.get("higher_is_better") for one, said in described.items()}
    better |= table(table(files.results.get("higher_is_better")).get(name))
    found = [numbers_of(row, metrics, reduced) for row in seen]
    names = dict.fromkeys(one for numbers in found for one in numbers)
    primary = _primary(metrics, list(names))
    scores = {numbers.get(primary) for numbers in found} - {None}
    delimiter = config.get("target_delimiter")
    asked = [requests_of(row) for row in seen]
    choices = [one for one in map(pairs_of, seen, asked) if one]
    task = Task(
        name=name,
        item_set=_item_set(config, name),
        filters=filters,
        metrics=metrics,
        measures={one: is_larger_better(one, better.get(one)) for one in names},
        primary=primary,
        is_binary=bool(scores) and scores <= {0.0, 1.0},
        is_choice=len(choices) > len(seen) / 2,
        aggregations=reduced,
        texts=_texts(seen, [one[0][0] if one else "" for one in asked]),
        choices=_choices(seen, [len(one) for one in asked]) if choices else "",
        delimiter=delimiter if isinstance(delimiter, str) else " ",
    )
    return task, rows


def settings(files: Files, task: Task) -> Object:
    """Return what the manifest of a run says: versions, arguments, prompts, limits."""
    results, config = files.results, table(table(files.results.get("configs")).get(task.name))
    counts = table(table(results.get("n-samples")).get(task.name))
    shots = table(results.get("n-shot")).get(task.name, config.get("num_fewshot"))
    found = {
        "tool": "lm-evaluation-harness",
        "n_shot": shots,
        "prompt_hash": _prompt_hash(config, shots),
        "task_version": table(results.get("versions")).get(task.name),
        "task_hash": table(results.get("task_hashes")).get(task.name),
        **{name: results.get(name) for name in FILE_SETTINGS},
        "date": _moment(results.get("date")),
        **{name: files.config.get(name) for name in RUN_SETTINGS},
        **{name: config.get(name) for name in TASK_SETTINGS},
        "n_original": counts.get("original"),
        "n_effective": counts.get("effective"),
        "score": task.measure(task.primary) if task.primary else None,
        "filters": list(task.filters) if len(task.filters) > 1 else None,
    }
    return {name: value for name, value in found.items() if value not in (None, "", {}, [])}


def model_info(files: Files) -> Object:
    """Return what is known of the model."""
    config = files.config
    found = {
        "name": files.full_model,
        "revision": config.get("model_revision"),
        "sha": config.get("model_sha"),
        "dtype": config.get("model_dtype"),
        "n_parameters": config.get("model_num_parameters"),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _head(path: Path) -> list[Numbered]:
    rows = (one for one in Objects(path) if isinstance(one, tuple))
    return list(islice(rows, HEAD_ROWS))


def _filters(
    config: Object, results: Object, rows: list[Numbered], path: Path | None
) -> tuple[str, ...]:
    """Return the filters in their order: that of the file, then of the settings.

    Every filter has a line for each doc. A name that hardly any line has, and neither settings nor
    results know, is one that was damaged.
    """
    listed = config.get("filter_list")
    listed = listed if isinstance(listed, list) else []
    told = [str(one["name"]) for one in listed if isinstance(one, dict) and one.get("name")]
    told += [key.partition(",")[2] for key in results if "," in key and "_stderr," not in key]
    counts = _counted(row for _, row in rows)
    least = (1 - MOST) * max(counts.values(), default=0)
    named = [name for name, n in counts.items() if n > least or name in told]
    last = _counted(_last(path)) if path else {}
    named += [name for name, n in last.items() if n > 1 and name not in counts]
    return tuple(dict.fromkeys([*named, *told])) or (NO_FILTER,)


def _counted(rows: Iterable[Object]) -> dict[str, int]:
    """Return how many rows name each filter, in the order they first do."""
    return Counter(row["filter"] for row in rows if isinstance(row.get("filter"), str))


def _last(path: Path) -> list[Object]:
    """Return the last lines of a file that can be read: the very last may be cut off."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - TAIL, 0))
        lines = file.read().splitlines()
    found = []
    for line in lines[-LAST_ROWS:]:
        with suppress(lenient.JsonProblem):
            found.append(table(lenient.loads(line)))
    return found


def _metrics(config: Object, results: Object, rows: Sequence[Object]) -> tuple[str, ...]:
    """Return the metrics the rows have, the declared ones first; of no rows those published."""
    listed = config.get("metric_list")
    declared = [
        one["metric"]
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and isinstance(one.get("metric"), str)
    ]
    if not rows:
        declared += [one.partition(",")[0] for one in results if "," in one]
        return tuple(dict.fromkeys(one for one in declared if not one.endswith("_stderr")))
    there = {name: None for row in rows for name in row}
    named = [
        one
        for row in rows
        for one in (row["metrics"] if isinstance(row.get("metrics"), list) else ())
        if isinstance(one, str)
    ]
    others = named or [one for one in there if one not in KNOWN]
    return tuple(dict.fromkeys(one for one in [*declared, *others] if one in there))


def _primary(metrics: Sequence[str], names: list[str]) -> str:
    """Return the measure that is the score: the first metric, of likelihoods that of a unit."""
    first = next((one for one in metrics if one in names), "")
    per_unit = next((one for one in names if "_per_" in one), "")
    return first or per_unit or next(iter(names), "")


def _item_set(config: Object, task: str) -> str:
    """Return the dataset, part and split; the task where they do not say which docs these are."""
    path, part = config.get("dataset_path"), config.get("dataset_name")
    split = config.get("test_split") or config.get("validation_split") or ""
    if not isinstance(path, str) or not path or config.get("process_docs"):
        return task
    if path.lower() not in LOADERS:
        return "/".join(str(one) for one in (path, part, split) if one)
    files = table(config.get("dataset_kwargs")).get("data_files")
    file = table(files).get(split) if isinstance(files, dict) else files
    stem = Path(file).stem if isinstance(file, str) else ""
    return task if not stem or stem.lower() in SPLITS else stem


def _prompt_hash(config: Object, shots: Any) -> str | None:
    if not config:
        return None
    told = {name: config.get(name) for name in TEMPLATE} | {"shots": shots}
    sampler = table(config.get("fewshot_config")).get("sampler")
    text = json.dumps(told | {"sampler": sampler}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _texts(rows: Sequence[Object], prompts: Sequence[str]) -> tuple[str, ...]:
    """Return the fields of the docs that stand in their prompts, in the order they stand there."""
    docs = [table(row.get("doc")) for row in rows]
    fields = columns_of(docs)
    said = {
        field: [_squeezed(look_up(doc, field)) for doc in docs]
        for field in fields
        if any(isinstance(look_up(doc, field), str) for doc in docs)
    }
    lengths = {field: sum(map(len, texts)) / len(texts) for field, texts in said.items()}
    ends = [_squeezed(prompt) for prompt in prompts]
    there: list[str] = []
    for field in sorted(said, key=lambda one: -lengths[one]):
        texts = said[field]
        hits = sum(bool(text) and text in end for text, end in zip(texts, ends, strict=True))
        if hits < MOST * len(rows) or (lengths[field] < SHORT and there):
            continue
        if not there:  # behind few-shot examples only what follows the last one counts
            starts = [
                _start(prompt, look_up(doc, field))
                for prompt, doc in zip(prompts, docs, strict=True)
            ]
            ends = [_squeezed(prompt[at:]) for prompt, at in zip(prompts, starts, strict=True)]
        is_inside = any(
            sum(text in longer for text, longer in zip(texts, said[other], strict=True))
            >= MOST * len(rows)
            for other in there
        )
        if not is_inside:
            there.append(field)
    whole = (
        n
        for n, end in enumerate(ends)
        if all(len(said[one][n]) > 0 and said[one][n] in end for one in there)
    )
    first = next(whole, 0)  # a row may be damaged
    return tuple(sorted(there, key=lambda one: ends[first].find(said[one][first])))


def _start(prompt: str, text: Any) -> int:
    at = prompt.rfind(text) if isinstance(text, str) else -1
    return max(prompt.rfind("\n\n", 0, at), 0) if at > 0 else 0


def _choices(rows: Sequence[Object], counts: Sequence[int]) -> str:
    """Return the field of the docs that lists as many texts as there are choices."""
    docs = [table(row.get("doc")) for row in rows]
    fitting = []
    for field in columns_of(docs[:20]):
        lists = [look_up(doc, field) for doc in docs]
        fits = sum(
            isinstance(one, list) and len(one) == n and all(isinstance(text, str) for text in one)
            for one, n in zip(lists, counts, strict=True)
        )
        if fits >= MOST * len(docs) and CHOICES.search(field):
            fitting.append((field.rpartition(".")[2].lower() != "label", field))
    return max(fitting, default=(False, ""), key=lambda one: one[0])[1]


def _moment(value: Any) -> Any:
    is_time = isinstance(value, int | float) and 0 < value < LAST_TIME
    return datetime.fromtimestamp(value, UTC).isoformat() if is_time else value


def _squeezed(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""

"""Which files of lm-evaluation-harness belong together, and the run they are of."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stresslab.readers._records import head_of, small_object
from stresslab.store.scan import Reject

DATE = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?"
_SAMPLES = re.compile(rf"samples_(?P<task>.+)_(?P<date>{DATE})\.jsonl")
_DATED = re.compile(rf"(?:.*_)?(?P<date>{DATE})\.json")
_WANDB = "_eval_samples.json"
_ROW = re.compile(rb'\s*(?:\[\s*)?\{\s*"doc_id"\s*:')
_ROW_KEYS = (rb'"doc_id"\s*:', rb'"(?:filtered_)?resps"\s*:')
_RESULTS = re.compile(rb'\s*\{\s*"results"\s*:\s*\{')
_METRIC = re.compile(rb'"[^",]+,[\w.\- ]+"\s*:|"(?:group_subtasks|lm_eval_version)"\s*:')
MODEL_ARGUMENTS = ("pretrained", "model", "path", "engine", "model_name", "name")

Object = dict[str, Any]


@dataclass
class Files:
    """The files of one run of the harness, and what its results file says.

    Parameters
    ----------
    results_path : Path or None
        None where only samples are left.
    samples : dict of str to Path
        By task.
    results : dict
        What the results file holds.
    rejects : list of Reject
        What of it could not be read.
    is_part : bool
        Whether only one samples file was asked for.
    """

    results_path: Path | None
    samples: dict[str, Path]
    results: Object = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    is_part: bool = False

    def table_of(self, name: str) -> Object:
        """Return one table of the results; an empty one if there is none."""
        return table(self.results.get(name))

    @property
    def config(self) -> Object:
        """Return the settings of the whole run."""
        return table(self.results.get("config"))

    @property
    def model_args(self) -> Object:
        """Return the arguments of the model, also where they are one text."""
        given = self.config.get("model_args")
        if isinstance(given, str):
            pairs = (one.partition("=") for one in given.split(","))
            return {name.strip(): value.strip() for name, sign, value in pairs if sign}
        return table(given)

    @property
    def full_model(self) -> str:
        """Return the model as the run was told it, or as the folder is called."""
        arguments = self.model_args
        told = [self.results.get("model_name"), *map(arguments.get, MODEL_ARGUMENTS)]
        named = next((one for one in told if isinstance(one, str) and one.strip()), "")
        if not named:
            named = self._from_names() or str(self.config.get("model") or "")
        adapter = arguments.get("peft") or arguments.get("delta")
        return f"{named}+{adapter}" if named and isinstance(adapter, str) else named

    @property
    def model(self) -> str:
        """Return the name of the model; of a local path its last part."""
        full = self.full_model
        return Path(full).name or full if full.startswith((".", "/", "~")) else full

    def _from_names(self) -> str:
        """Return the model the names of folder and files tell."""
        path = self.results_path or next(iter(self.samples.values()), None)
        if path is None:
            return ""
        old = re.search(r"(?:^|,)pretrained__((?:[^_,]|__)+)", path.stem)
        named = old.group(1) if old else path.resolve().parent.name
        return named.replace("__", "/")


def sniff(path: Path) -> float:
    """Return how sure it is that a file is a results or a samples file of the harness."""
    if path.is_dir() or not path.name.endswith((".json", ".jsonl")):
        return 0.0
    head = head_of(path).removeprefix(b"\xef\xbb\xbf")
    if is_samples(head) or is_results(head):
        return 0.9
    is_other = b'"config_general"' in head
    named = _SAMPLES.fullmatch(path.name) or path.name.endswith(_WANDB)
    dated = path.name.startswith("results_") and _DATED.fullmatch(path.name)
    return 0.5 if (named or dated) and not is_other else 0.0


def is_samples(head: bytes) -> bool:
    """Return whether a file that begins like this holds samples."""
    starts = head.lstrip()[:1] in (b"{", b"[")
    return bool(_ROW.match(head)) or (starts and all(re.search(one, head) for one in _ROW_KEYS))


def is_results(head: bytes) -> bool:
    """Return whether a file that begins like this holds the results of a run."""
    return bool(_RESULTS.match(head) and _METRIC.search(head))


def parts(path: Path) -> tuple[Path, ...]:
    """Return a results file with all samples of its run; a samples file alone is one of its own."""
    if _is_samples_file(path):
        return (path,)
    results, _ = small_object(path)
    return (path, *sorted(_samples_of(path, results).values()))


def opened(path: Path) -> Files:
    """Return the run a results file or a samples file is of."""
    if not _is_samples_file(path):
        results, rejects = small_object(path)
        return Files(path, _samples_of(path, results), results, rejects)
    beside = _results_of(path)
    results, rejects = small_object(beside) if beside else ({}, [])
    return Files(beside, {_task_of(path, results): path}, results, rejects, is_part=True)


def table(value: Any) -> Object:
    """Return a JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def _is_samples_file(path: Path) -> bool:
    head = head_of(path).removeprefix(b"\xef\xbb\xbf")
    if is_samples(head):
        return True
    return not is_results(head) and (path.suffix == ".jsonl" or path.name.endswith(_WANDB))


def _samples_of(path: Path, results: Object) -> dict[str, Path]:
    """Return the samples files of the date of a results file, in the order of the results."""
    dated = _DATED.fullmatch(path.name)
    found: dict[str, Path] = {}
    for one in sorted(path.parent.glob("*.jsonl")):
        named = _SAMPLES.fullmatch(one.name)
        if dated and named and named["date"] == dated["date"]:
            found[named["task"]] = one
        elif not dated and not named and is_samples(head_of(one)):
            found[_task_of(one, results)] = one
    order = [*table(results.get("results")), *found]
    return {task: found[task] for task in dict.fromkeys(order) if task in found}


def _results_of(path: Path) -> Path | None:
    """Return the results file of the date of a samples file, or the one without a date."""
    dated = _SAMPLES.fullmatch(path.name)
    for one in sorted(path.parent.glob("*.json")):
        other = _DATED.fullmatch(one.name)
        same = other["date"] == dated["date"] if dated and other else not dated and not other
        if same and one != path and is_results(head_of(one)):
            return one
    return None


def _task_of(path: Path, results: Object) -> str:
    """Return the task in the name of a samples file."""
    named = _SAMPLES.fullmatch(path.name)
    if named:
        return named["task"]
    if path.name.endswith(_WANDB):
        return path.name.removesuffix(_WANDB)
    known = [one for one in table(results.get("results")) if path.stem.endswith(f"_{one}")]
    if known:
        return max(known, key=len)
    last = path.stem.rpartition("__")[2]
    return last.partition("_")[2] or last if "__" in path.stem else path.stem

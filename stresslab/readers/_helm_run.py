"""The files of a HELM run and what its small ones say."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers import _values as values
from stresslab.readers._helm_rows import CALIBRATED
from stresslab.readers._records import small_object
from stresslab.store.scan import Reject

WHOLE = (
    "run_spec.json", "scenario.json", "scenario_state.json", "stats.json",
    "per_instance_stats.json",
)  # fmt: skip
"""A run is complete if it has all of them."""

SHOWN = ("instances.json", "display_predictions.json", "display_requests.json")
STATE, STATS, EACH, DISPLAY = WHOLE[2], WHOLE[3], WHOLE[4], SHOWN[1]
SUBJECTS = ("subject", "category", "dataset", "subset", "language", "domain")
PROMPT = re.compile(r"prefix|suffix|instructions|method|train|substitutions|chain_of_thought")
CALIBRATING = re.compile(rb'(?<!\\)"request_mode(?<!\\)"\s*:\s*"calibration"')
BLOCK, OVERLAP = 1 << 20, 64
NOT_TASK = ("model", "model_deployment", "data_augmentation")


@dataclass
class Run:
    """The files of a run and what is known before its rows."""

    files: dict[str, Path]
    about: dict[str, Any] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)


def files_of(path: Path) -> dict[str, Path]:
    """Return the files of a run that exist, by name; another file is taken as the requests."""
    if path.is_dir() or path.name in (*WHOLE, *SHOWN):
        folder = path if path.is_dir() else path.parent
        return {name: folder / name for name in (*WHOLE, *SHOWN) if (folder / name).is_file()}
    return {STATE: path}


def opened(path: Path) -> Run:
    """Return a run with what its small files say.

    Raises
    ------
    ReadError
        If the folder has none of the files with instances or statistics.
    """
    run = Run(files_of(path))
    if not {STATE, DISPLAY, EACH, STATS} & set(run.files):
        raise ReadError(
            f"A run of HELM has {STATE}, {EACH} or {DISPLAY}; {path} has none of them. "
            "Name the folder of one run, or of a suite."
        )
    found = {}
    for file in ("run_spec.json", "scenario.json"):
        found[file], rejects = small_object(run.files[file]) if file in run.files else ({}, [])
        run.rejects += rejects
    run.spec = found["run_spec.json"]
    adapter = table_of(run.spec.get("adapter_spec"))
    folder = path if path.is_dir() else path.parent
    is_run = path.is_dir() or path.name in (*WHOLE, *SHOWN)
    name = values.name(run.spec.get("name")) or (folder.name if is_run else path.stem)
    head, arguments = named(name)
    scenario = table_of(table_of(run.spec.get("scenario_spec")).get("args"))
    kept = {one: text for one, text in arguments.items() if one not in NOT_TASK}
    run.about = {
        "model": adapter.get("model") or arguments.get("model"),
        "task": joined(head, kept),
        "scenario": joined(head, {one: values.text(value) for one, value in scenario.items()}),
        "scenario_name": found["scenario.json"].get("name"),
        "subject": next((scenario[one] for one in SUBJECTS if one in scenario), None),
        "method": adapter.get("method"),
        "args": scenario,
        "adapter_spec": adapter,
    }
    return run


def named(name: str) -> tuple[str, dict[str, str]]:
    """Return scenario and arguments in the name of a run; copies have - for its colon."""
    found = re.match(r"([^=,]+?)[:\-](\w+=.*)\Z", name, re.DOTALL)
    if not found:
        return name, {}
    pairs = (one.partition("=") for one in re.split(r",(?=\w+=)", found[2]))
    return found[1], {key: value for key, _, value in pairs}


def joined(head: str, arguments: dict[str, Any]) -> str:
    """Return a scenario with its arguments as one name."""
    text = ",".join(f"{name}={value}" for name, value in arguments.items())
    return f"{head}:{text}" if text else head


def settings_of(run: Run) -> dict[str, Any]:
    """Return what the manifest keeps of how the run was made."""
    adapter = dict(table_of(run.about.get("adapter_spec")))
    prompt = {name: adapter[name] for name in sorted(adapter) if PROMPT.search(name)}
    missing = [name for name in WHOLE if name not in run.files]
    return {
        "tool": "helm",
        "run": run.spec.get("name"),
        "groups": values.as_json(run.spec.get("groups")),
        "adapter": values.as_json(adapter),
        "deployment": adapter.get("model_deployment"),
        "prompt_hash": hashlib.sha256((values.as_json(prompt) or "").encode()).hexdigest(),
        "data_augmenter": values.as_json(run.spec.get("data_augmenter_spec")),
        "calibration_requests_dropped": calibrations(run),
        **({"missing_files": ", ".join(missing)} if missing else {}),
    }


def calibrations(run: Run) -> int:
    """Return how many requests only calibrate another: they are no outcomes."""
    if run.about.get("method") != CALIBRATED or STATE not in run.files:
        return 0
    found, kept = 0, b""
    with run.files[STATE].open("rb") as file:
        while block := file.read(BLOCK):
            text = kept + block
            hits = list(CALIBRATING.finditer(text))
            found += len(hits)
            kept = text[max(hits[-1].end() if hits else 0, len(text) - OVERLAP) :]
    return found


def table_of(value: Any) -> dict[str, Any]:
    """Return the object a value is, or an empty one."""
    return value if isinstance(value, dict) else {}

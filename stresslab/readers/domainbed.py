"""Training records of DomainBed: accuracies of every environment, seen in training or held out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.readers import _values as values
from stresslab.readers._json_lines import Objects
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._records import has_line, head_of, in_chunks
from stresslab.readers._rows import LongTable
from stresslab.store.scan import Numbered, Reject

WORDS = (b'"args"', b'"algorithm"', b'"test_envs"', b"_out_acc")
ACCURACY = re.compile(r"^env(\d{1,4})_(in|out|uda)_acc$")
DONE = "done"
"""An empty file beside the records of a run that was not cut short."""

ENVIRONMENTS = {
    "ColoredMNIST": "+90% +80% -90%", "RotatedMNIST": "0 15 30 45 60 75", "VLCS": "C L S V",
    "PACS": "A C P S", "OfficeHome": "A C P R", "TerraIncognita": "L100 L38 L43 L46",
    "DomainNet": "clip info paint quick real sketch",
    "SVIRO": "aclass escape hilux i3 lexus tesla tiguan tucson x5 zoe",
}  # fmt: skip
"""Names of the environments of each data set, in their order."""

SETTINGS = (
    "algorithm", "dataset", "test_envs", "seed", "trial_seed", "hparams_seed", "steps",
    "holdout_fraction", "uda_holdout_fraction", "task",
)  # fmt: skip
ROLES = {
    "model": "read.model", "task": "args.dataset", "revision": "read.revision",
    "item": "read.domain",
}  # fmt: skip
LAST = "score at the last step"
"""What is printed of the last checkpoint; `score` is that of the one training domains choose."""


@dataclass
class Told:
    """What the records of one run say.

    Parameters
    ----------
    args, hparams : dict
        Settings.
    held_out : set of int
        Environments that were not trained on.
    chosen, last : dict of int to float
        Accuracy of each environment at the checkpoint that is best on the training environments,
        and at the last one.
    best : float
        Mean accuracy on held-out parts of the training environments at the chosen checkpoint.
    step : float
        The chosen checkpoint.
    """

    args: dict[str, Any]
    hparams: dict[str, Any]
    held_out: set[int]
    chosen: dict[int, float] = field(default_factory=dict)
    last: dict[int, float] = field(default_factory=dict)
    best: float = -1.0
    step: float = 0.0


def sniff(path: Path) -> float:
    """Return how sure it is that a file holds the records of DomainBed."""
    if path.is_dir() or not path.name.lower().endswith(".jsonl"):
        return 0.0
    return 0.9 if has_line(head_of(path), WORDS) else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the records, and the file that says that they are all."""
    done = path.with_name(DONE)
    return (path, done) if done.is_file() else (path,)


def propose(path: Path) -> Mapping:
    """Return the mapping: algorithm and held-out environments = model, data set = task."""
    sources = {role: Source(fields=(name,)) for role, name in ROLES.items()}
    return Mapping(sources=sources, reader="domainbed")


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield every number of every step as a trace, and accuracies by environment as published.

    As DomainBed prints them: of an environment that was trained on the accuracy on its held-out
    part, of any other the accuracy on its larger part; at the checkpoint that is best on the
    training environments (``score``) and at the last one.

    Raises
    ------
    ReadError
        If the mapping does not say model, task and item.
    """
    told: dict[RunKey, Told] = {}
    table = LongTable(mapping, path.name, lambda key: _about(path, told.get(key)))
    for one in Objects(path):
        if isinstance(one, tuple):
            _learn(told, table, _record(one[1]))
    objects = Objects(path)
    seen: dict[tuple[RunKey, float], int] = {}
    notes: list[Reject] = []
    for chunk in in_chunks(_steps(objects, notes), lambda: objects.bytes_done, "line"):
        rows: dict[RunKey, list[tuple[Any, ...]]] = {}
        for number, row in chunk.rows:
            key, step = table.key_of(row), row["read"]["step"]
            first = seen.setdefault((key, step), number) if key else number
            if key is None or first != number:
                why = (
                    f"repeats step {step:g} of line {first}"
                    if key
                    else "must name algorithm, test_envs and dataset"
                )
                notes.append(Reject(f"line {number}", "step" if key else "args", why, ""))
                continue
            rows.setdefault(key, []).extend(_traces(row, number, notes))
        chunk.rows = []
        chunk.rejects += notes
        notes.clear()
        for key, some in rows.items():
            yield table.batch(key, "traces", some)
        yield from table.add(chunk)
    for key, run in told.items():
        printed = _published(run)
        if printed:
            yield table.batch(key, "published", printed)
    yield from table.finish(path.stat().st_size)


def _steps(objects: Objects, notes: list[Reject]) -> Iterator[Numbered | Reject]:
    for one in objects:
        if isinstance(one, Reject):
            yield one
            continue
        row = _record(one[1])
        if row["read"]["step"] is None:
            text = (values.as_json(one[1].get("step")) or "")[:200]
            yield Reject(f"line {one[0]}", "step", "must be a number", text)
        else:
            yield one[0], row


def _record(row: dict[str, Any]) -> dict[str, Any]:
    """Return a record with what it says of its run."""
    args = row.get("args")
    args = args if isinstance(args, dict) else {}
    algorithm, held_out = values.name(args.get("algorithm")), args.get("test_envs")
    is_listed = isinstance(held_out, list) and all(type(one) is int for one in held_out)
    names = [_environment(args, one) for one in held_out or ()] if is_listed else []
    seeds = [
        f"{name.replace('_', ' ')} {args[name]}"
        for name in ("seed", "trial_seed", "hparams_seed")
        if type(args.get(name)) is int
    ]
    model = f"{algorithm} without {', '.join(names)}" if names else algorithm
    read: dict[str, Any] = {
        "model": lenient.clean(model) if model and is_listed else None,
        "revision": ", ".join(seeds) or None, "step": _number(row.get("step")),
        "held_out": held_out if is_listed else [],
    }  # fmt: skip
    return {**row, "args": args, "read": read}


def _environment(args: dict[str, Any], number: int) -> str:
    names = ENVIRONMENTS.get(str(args.get("dataset")), "").split()
    return names[number] if 0 <= number < len(names) else f"env{number}"


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else values.number(value)
    except values.ValueProblem:
        return None


def _learn(told: dict[RunKey, Told], table: LongTable, row: dict[str, Any]) -> None:
    """Keep what a record says of its run, and its accuracies if no earlier one was better."""
    key, step = table.key_of(row), row["read"]["step"]
    if key is None or step is None:
        return
    hparams = row.get("hparams")
    held_out = set(row["read"]["held_out"])
    run = told.setdefault(
        key, Told(row["args"], hparams if isinstance(hparams, dict) else {}, held_out)
    )
    found: dict[int, dict[str, float]] = {}
    for name, value in row.items():
        said, number = ACCURACY.match(name), _number(value)
        if said and number is not None:
            found.setdefault(int(said[1]), {})[said[2]] = number
    shown = {one: part.get("in" if one in held_out else "out") for one, part in found.items()}
    run.last = {one: value for one, value in shown.items() if value is not None}
    inside = [value for one, value in run.last.items() if one not in held_out]
    mean = sum(inside) / len(inside) if inside else -1.0
    if mean > run.best:
        run.best, run.step, run.chosen = mean, step, run.last


def _traces(row: dict[str, Any], number: int, notes: list[Reject]) -> list[tuple[Any, ...]]:
    """Return the numbers of a record, those of an environment under its name."""
    found: list[tuple[Any, ...]] = []
    step = row["read"]["step"]
    for name, value in row.items():
        if name in ("step", "args", "hparams", "read") or value is None:
            continue
        said, as_number = ACCURACY.match(name), _number(value)
        is_unknown = isinstance(value, float) and value != value  # a loss that is not a number
        if as_number is None and not is_unknown:
            text = (values.as_json(value) or "")[:200]
            notes.append(Reject(f"line {number}", lenient.clean(name), "must be a number", text))
        elif said:
            unit = _environment(row["args"], int(said[1]))
            found.append((unit, step, f"{said[2]}_acc", as_number))
        else:
            found.append((None, step, lenient.clean(name), as_number))
    return found


def _published(run: Told) -> list[tuple[Any, ...]]:
    return [
        (measure, f'domain = "{_environment(run.args, one)}"', value, None, None)
        for measure, said in (("score", run.chosen), (LAST, run.last))
        for one, value in sorted(said.items())
    ]


def _about(path: Path, run: Told | None) -> About:
    if run is None:
        return About({"tool": "DomainBed"})
    everywhere = sorted(run.last.keys() | run.held_out)
    trained = [_environment(run.args, one) for one in everywhere if one not in run.held_out]
    settings = {
        "tool": "DomainBed", **{name: run.args[name] for name in SETTINGS if name in run.args},
        "hparams": run.hparams, "trained_on": trained,
        "tested_on": [_environment(run.args, one) for one in sorted(run.held_out)],
        "chosen_step": run.step, "is_complete": path.with_name(DONE).is_file(),
    }  # fmt: skip
    info = {"family": run.args.get("algorithm"), "trained_on": trained, "in_domains": trained}
    return About(settings, info)


PIECE = Reader(
    title="Training records of DomainBed (results.jsonl)",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="1",
    suffix=".jsonl",
    example=(
        '{"args": {"algorithm": "ERM", "dataset": "PACS", "test_envs": [0], "seed": 0, '
        '"trial_seed": 0, "hparams_seed": 0}, "hparams": {"lr": 5e-05}, "step": 0, "epoch": 0.0, '
        '"loss": 1.9, "env0_in_acc": 0.2, "env0_out_acc": 0.21, "env1_in_acc": 0.3, '
        '"env1_out_acc": 0.25}\n'
        '{"args": {"algorithm": "ERM", "dataset": "PACS", "test_envs": [0], "seed": 0, '
        '"trial_seed": 0, "hparams_seed": 0}, "hparams": {"lr": 5e-05}, "step": 300, "epoch": 7.2, '
        '"loss": 0.1, "env0_in_acc": 0.75, "env0_out_acc": 0.7, "env1_in_acc": 0.99, '
        '"env1_out_acc": 0.95}\n'
    ),
    source="facebookresearch/DomainBed, domainbed/scripts/train.py",
)

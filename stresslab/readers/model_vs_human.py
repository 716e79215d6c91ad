"""Answers of people and image models to distorted images, as model-vs-human keeps them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stresslab.readers import _values as values
from stresslab.readers._axes import GRADES
from stresslab.readers._files import ManyFiles
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._records import head_of
from stresslab.readers._rows import LongTable
from stresslab.store import scan
from stresslab.store.scan import EXCERPT, Chunk, Reject

TASK = "model-vs-human"
COLUMNS = {"subj", "object_response", "category", "condition", "imagename"}
PRINTED = {"subj", "dataset_name", "metric_name", "performance"}
PERFORMANCES = "performances"
ACCURACY = "accuracy (top-1)"

SESSION = re.compile(r"^(?P<experiment>.+)_(?P<subject>[^_]+)_session[-_](?P<session>\d{1,4})$")
SHOWN = re.compile(r"^\d+_[^_]+_[^_]+_(.+)$")
ONLY = re.compile(r"^(?:0|NaN)_[^_]+_00_(.+)$")
"""How people's files name an image of an experiment without conditions."""
PHOTO = re.compile(r"n\d+_\d+\.\w+$")

CONDITIONS: dict[str, tuple[str, str]] = {
    "colour": ("cr bw", ""),
    "false-colour": ("true false", ""),
    "power-equalisation": ("0 pow", ""),
    "contrast": ("c100 c50 c30 c15 c10 c05 c03 c01", "% of contrast"),
    "high-pass": ("inf 3 1.5 1 0.7 0.55 0.45 0.4", "width of the filter"),
    "low-pass": ("0 1 3 5 7 10 15 40", "width of the filter"),
    "phase-scrambling": ("0 30 60 90 120 150 180", "degrees"),
    "rotation": ("0 90 180 270", "degrees"),
    "uniform-noise": ("0.00 0.03 0.05 0.10 0.20 0.35 0.60 0.90", "width of the noise"),
    "eidolonI": (" ".join(f"{2**n}-10-10" for n in range(8)), "reach"),
    "eidolonII": (" ".join(f"{2**n}-3-10" for n in range(8)), "reach"),
    "eidolonIII": (" ".join(f"{2**n}-0-10" for n in range(8)), "reach"),
}
"""Conditions from the mildest to the hardest, and the unit of the number in their name."""

ROLES = {
    "model": "subj", "item": "read.item", "group": "read.photo",
    "perturbation": "read.experiment", "strength": "read.strength", "unit": "read.unit",
    "trial": "read.trial", "reference": "category", "answer": "object_response",
    "latency_s": "rt",
}  # fmt: skip


@dataclass(frozen=True)
class _Session:
    """A file with the answers of one observer in one session of an experiment."""

    path: Path
    experiment: str
    session: int

    @classmethod
    def of(cls, path: Path) -> "_Session":
        stem = re.sub(r"\.(csv|tsv)(\.gz)?$", "", path.name, flags=re.IGNORECASE)
        found = SESSION.match(stem)
        if found is None:
            return cls(path, stem or path.name, 1)
        return cls(path, found["experiment"], int(found["session"]))


def sniff(path: Path) -> float:
    """Return how sure it is that a path is a session, a printed table or a folder of sessions."""
    if path.is_dir():
        return 0.9 if _sessions(path) else 0.0
    return 0.9 if scan.format_of(path) == "csv" and (_is_session(path) or _is_print(path)) else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the sessions, and the files of what the project printed about them."""
    return (*(one.path for one in _files(path)), *_prints(path))


def propose(path: Path) -> Mapping:
    """Return the mapping of the format: experiment = perturbation, order of conditions = tier.

    Every image is shown under one condition only, so the tiers of an experiment hold different
    items: its axis is graded. An experiment without conditions is one perturbation at tier 1.
    """
    tiers: dict[str, int] = {}
    graded: dict[str, str] = {}
    for experiment, conditions in _conditions(_files(path)).items():
        if len(conditions) > 1:
            graded[experiment] = "graded"
            tiers |= {f"{experiment} {one}": n for n, one in enumerate(conditions, start=1)}
    sources = {role: Source(fields=(name,)) for role, name in ROLES.items()}
    sources |= {name: Source(const=TASK) for name in ("task", "items")}
    sources["status"] = Source(fields=("object_response",), values=(("na", "abstained"),))
    if tiers:
        kinds, level = tuple(graded.items()), tuple(tiers.items())
        sources["axis"] = Source(fields=("read.experiment",), values=kinds, default="paired")
        sources["tier"] = Source(fields=("read.level",), values=level)
    return Mapping(
        sources=sources,
        attributes={"category": Source(fields=("category",))},
        variant_attributes={"condition": Source(fields=("read.condition",))},
        measures={"score": {"rate": True, "low": 0.0, "high": 1.0}},
        grade="exact",
        reader="model_vs_human",
        ignored=("session", "trial"),
    )


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the answers of all observers, then what the project printed of the models.

    Raises
    ------
    ReadError
        If a file has no readable header.
    """
    table, asked = LongTable(mapping, path.name, _about), _files(path)
    files = ManyFiles(table)
    for one in asked:
        files.open(one.path.name)
        for chunk in scan.scan(one.path):
            rows = [(number, _record(row, one)) for number, row in chunk.rows]
            yield from files.add(Chunk(rows, chunk.rejects, chunk.bytes_done))
    experiments = {one.experiment for one in asked}
    for printed in _prints(path):
        files.open(printed.name)
        for chunk in scan.scan(printed):
            rejects = list(chunk.rejects)
            for number, written in chunk.rows:
                row = {name.lower(): value for name, value in written.items()}
                found, key = _published(row), table.key_of(row)
                if found is None or key is None:
                    text = (values.as_json(row) or "")[:EXCERPT]
                    why = "must name a model, a data set and a number"
                    rejects.append(Reject(f"line {number}", "", why, text))
                elif not experiments or row["dataset_name"] in experiments:
                    yield table.batch(key, "published", [found])
            yield from files.add(Chunk([], rejects, chunk.bytes_done))
    yield from files.finish()


def _record(row: dict[str, Any], session: _Session) -> dict[str, Any]:
    """Return a row with names in lower case, and what its image and condition say."""
    found: dict[str, Any] = {name.lower(): value for name, value in row.items()}
    image, condition = found.get("imagename"), str(found.get("condition"))
    is_known = session.experiment in CONDITIONS
    is_one = condition in ("None", "NaN") or (condition == "0" and not is_known)
    number = re.search(r"\d+(\.\d+)?", "" if is_one else condition)
    photo = PHOTO.search(image or "")
    item = _shown(image)
    found["read"] = {
        "experiment": session.experiment,
        "item": item,
        "photo": photo.group() if photo else item,
        "condition": None if is_one else condition,
        "level": f"{session.experiment} {condition}",
        "strength": float(number.group()) if number else None,
        "unit": CONDITIONS[session.experiment][1] or None if is_known else None,
        "trial": session.session - 1 if session.session else 0,
    }
    return found


def _shown(image: str | None) -> str | None:
    """Return the name of an image without what tells who saw it when."""
    for pattern in (SHOWN, ONLY):
        cut = pattern.match(image or "")
        image = cut[1] if cut else image
    return image


def _conditions(sessions: list[_Session]) -> dict[str, list[str]]:
    """Return the conditions of each experiment, the mildest first."""
    found: dict[str, list[str]] = {}
    for one in sessions:
        known = CONDITIONS.get(one.experiment, ("", ""))[0].split()
        if one.experiment in found and known:
            continue  # one file of an experiment that is known tells whether there are others
        seen = found.setdefault(one.experiment, known)
        new: dict[str, None] = {}
        for chunk in scan.scan(one.path):
            for _, row in chunk.rows:
                said = {name.lower(): value for name, value in row.items()}.get("condition")
                new |= {} if values.is_null(said) or said in seen else {str(said): None}
        seen += new
    return {
        name: one if one == CONDITIONS.get(name, ("",))[0].split() else sorted(one, key=_size)
        for name, one in found.items()
    }


def _size(condition: str) -> tuple[float, str]:
    number = re.search(r"\d+(\.\d+)?", condition)
    word = float(GRADES.get(condition.lower(), -1))
    return (float(number.group()) if number else word, condition)


def _published(row: dict[str, Any]) -> tuple[Any, ...] | None:
    """Return the row of `published` that a line of a printed table is."""
    try:
        value, experiment = values.number(row.get("performance")), row.get("dataset_name")
    except values.ValueProblem:
        return None
    if value is None or not experiment:
        return None
    name = row.get("metric_name") or ""
    quoted = experiment.replace("\\", "\\\\").replace('"', '\\"')
    measure = "score" if name == ACCURACY else name
    return (measure, f'perturbation = "{quoted}"', value, None, None)


def _about(key: RunKey) -> About:
    is_person = re.fullmatch(r"subject-\d+", key.model) is not None
    return About({"tool": "model-vs-human"}, {"family": "human"} if is_person else {})


def _files(path: Path) -> list[_Session]:
    if path.is_dir():
        return _sessions(path)
    return [] if _is_print(path) else [_Session.of(path)]


def _prints(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if _is_print(path) else []
    return [one for one in _inside(path / PERFORMANCES) if one.is_file() and _is_print(one)]


def _sessions(folder: Path) -> list[_Session]:
    """Return the sessions in a folder, or in its folders, that holds nothing else."""
    inside = _inside(folder)
    files = [one for one in inside if one.is_file()]
    below = [one for one in inside if one.is_dir() and one.name != PERFORMANCES]
    if below and not files:
        each = [_sessions(one) if not any(map(Path.is_dir, _inside(one))) else [] for one in below]
        return [one for some in each for one in some] if all(each) else []
    if below or not files or not all(SESSION.match(one.stem) for one in files):
        return []
    return [_Session.of(one) for one in files] if all(map(_is_session, files)) else []


def _inside(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError:
        return []
    return [one for one in found if not one.name.startswith(".") and not one.is_symlink()]


def _is_session(path: Path) -> bool:
    return _columns(path) >= COLUMNS


def _is_print(path: Path) -> bool:
    return _columns(path) == PRINTED


def _columns(path: Path) -> set[str]:
    line = head_of(path).decode("utf-8-sig", "replace").partition("\n")[0]
    return {name.strip().strip('"').lower() for name in line.split(",")}


PIECE = Reader(
    title="Answers of people and image models (model-vs-human)",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="1",
    suffix="_subject-01_session_1.csv",
    example=(
        "subj,Session,trial,rt,object_response,category,condition,imagename\n"
        "subject-01,1,1,0.7,oven,oven,low,0001_abc_s01_low_oven_10_n01_1.png\n"
        "subject-01,1,2,0.9,na,bird,high,0002_abc_s01_high_bird_10_n02_2.png\n"
    ),
    source="bethgelab/model-vs-human, raw-data, branch swag",
)

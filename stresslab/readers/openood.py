"""Scores of OpenOOD: what a detector said of every image, and the table it printed."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers import _values as values
from stresslab.readers._files import ManyFiles
from stresslab.readers._kind import About, Batch, Reader
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._npz import arrays, names_in
from stresslab.readers._records import head_of
from stresslab.readers._rows import LongTable
from stresslab.store import scan
from stresslab.store.scan import Chunk, Numbered, Reject

ARRAYS = ("pred", "conf", "label")
PRINTED, SCORES = "ood.csv", "scores"
HEADER = b"dataset,FPR@95,AUROC"
TASK = "openood"
OVER_ALL = ("mean", "nearood", "farood")
"""Rows of the printed table that are no data set."""

ROWS = 5_000
ROLES = {
    "item": "read.index", "items": "read.set", "domain": "read.set", "reference": "read.label",
    "answer": "read.pred", "correct": "read.correct",
}  # fmt: skip


def sniff(path: Path) -> float:
    """Return how sure it is that a path holds scores of OpenOOD: a folder, a set or its table."""
    if path.is_dir():
        return 0.9 if _sets(path) else 0.0
    if path.suffix.lower() == ".npz":
        return 0.9 if names_in(path) >= set(ARRAYS) else 0.0
    return 0.9 if head_of(path, len(HEADER)) == HEADER else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the scores of every data set, and the printed table."""
    if not path.is_dir():
        return (path,)
    return (*_sets(path), *([path / PRINTED] if (path / PRINTED).is_file() else []))


def propose(path: Path) -> Mapping:
    """Return the mapping: data set = item set and domain, place in it = item, folder = model.

    An image of a set the model was not trained for has no right answer and stays unscored. What
    the detector said is the measure ``conf``, larger where the image looks familiar; it is the
    confidence, too, where it lies between 0 and 1.
    """
    folder = path if path.is_dir() else path.parent
    folder = folder.parent if folder.name == SCORES else folder
    sources = {role: Source(fields=(name,)) for role, name in ROLES.items()}
    sources |= {"model": Source(const=folder.resolve().name), "task": Source(const=TASK)}
    if all(0 <= one <= 1 for file in _sets(path) for one in _numbers(file)):
        sources["confidence"] = Source(fields=("read.conf",))
    return Mapping(
        sources=sources,
        attributes={"ood": Source(fields=("read.ood",))},
        measures={
            "score": {"rate": True, "low": 0.0, "high": 1.0},
            "conf": {"from": Source(fields=("read.conf",))},
        },
        reader="openood",
    )


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield a row per image of every data set, then what was printed.

    Images have no ids in these files: an item is named by its place, which is the same for all
    models and detectors that went through the same list.

    Raises
    ------
    ReadError
        If a file is no zip file.
    """
    about = About({"tool": "OpenOOD"})
    table = LongTable(mapping, path.name, lambda key: about)
    files, familiar = ManyFiles(table), ""
    for file in _sets(path):
        files.open(file.name)
        rejects: list[Reject] = []
        rows = _rows(file, rejects)
        while some := list(islice(rows, ROWS)):
            familiar = familiar or ("" if some[0][1]["read"]["ood"] else file.stem)
            yield from files.add(Chunk(some, [], 0, "row"))
        yield from files.add(Chunk([], rejects, file.stat().st_size, "row"))
    printed = path / PRINTED if path.is_dir() else path
    if printed.is_file() and printed.suffix == ".csv":
        files.open(printed.name)
        for chunk in scan.scan(printed):
            numbers = [one for _, row in chunk.rows for one in _published(row)]
            accuracy = _accuracy(chunk.rows, familiar)
            key = table.key_of({"read": {"set": familiar}})
            if key is not None:
                yield table.batch(key, "published", numbers + accuracy)
            yield from files.add(Chunk([], chunk.rejects, chunk.bytes_done))
    yield from files.finish()


def _sets(path: Path) -> list[Path]:
    """Return the score files of a folder, or of the folder ``scores`` in it."""
    if not path.is_dir():
        return [path] if path.suffix.lower() == ".npz" else []
    folder = path / SCORES if (path / SCORES).is_dir() else path
    try:
        inside = [one for one in sorted(folder.iterdir()) if one.suffix.lower() == ".npz"]
    except OSError:
        return []
    files = [one for one in inside if one.is_file() and not one.is_symlink()]
    return files if files and all(names_in(one) >= set(ARRAYS) for one in files) else []


def _rows(path: Path, rejects: list[Reject]) -> Iterator[Numbered]:
    """Yield a record per image; what is wrong with an array is told once."""
    found = arrays(path, ARRAYS)
    wrong = {name: one for name, one in found.items() if isinstance(one, str)}
    wrong |= {
        name: f"must be a list; its shape is {one.shape}"
        for name, one in found.items()
        if not isinstance(one, str) and one.ndim != 1
    }
    rejects += [Reject(f"entry {name}.npy", name, why, "") for name, why in wrong.items()]
    columns: dict[str, list[Any]] = {
        name: one.tolist()
        for name, one in found.items()
        if name not in wrong and not isinstance(one, str)
    }
    sizes = {name: len(one) for name, one in columns.items()}
    n = min(sizes.values(), default=0)
    for name, size in sizes.items():
        if size > n:
            why = f"has {size:,} numbers where another array has {n:,}; only those are read"
            rejects.append(Reject(f"entry {name}.npy", name, why, ""))
    if "conf" not in columns and "pred" not in columns:
        return
    for at in range(n):
        said = {name: one[at] for name, one in columns.items()}
        label, pred, conf = (said.get(name) for name in ("label", "pred", "conf"))
        is_ood = None if label is None else label < 0
        is_right = None if label is None or pred is None or is_ood else int(pred == label)
        yield (
            at + 1,
            {
                "read": {
                    "index": at, "set": path.stem, "pred": pred, "correct": is_right,
                    "label": None if is_ood else label, "ood": is_ood,
                    "conf": conf if conf is not None and abs(conf) < float("inf") else None,
                },
            },
        )  # fmt: skip


def _numbers(path: Path) -> list[float]:
    try:
        found = arrays(path, ("conf",))["conf"]
    except ReadError:
        return []
    return [] if isinstance(found, str) else found.ravel().tolist()


def _published(row: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the numbers of a line as they are printed: in percent."""
    name = str(row.get("dataset"))
    where = "" if name in OVER_ALL else f"domain = {_quoted(name)}"
    for measure, written in row.items():
        value = _number(written)
        if measure not in ("dataset", "ACC") and value is not None:
            said = f"{measure} ({name})" if name in OVER_ALL else measure
            yield said, where, value, None, None


def _accuracy(rows: list[Numbered], familiar: str) -> list[tuple[Any, ...]]:
    """Return the accuracy on the images the model was trained for, which every line repeats."""
    said = next((value for _, row in rows if (value := _number(row.get("ACC"))) is not None), None)
    if said is None or not familiar:
        return []
    return [("score", f"domain = {_quoted(familiar)}", said / 100, None, None)]


def _number(written: Any) -> float | None:
    try:
        return values.number(written)
    except values.ValueProblem:
        return None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


PIECE = Reader(
    title="Scores of OpenOOD (scores/*.npz and ood.csv)",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="1",
    suffix=".csv",
    example="dataset,FPR@95,AUROC,AUPR_IN,AUPR_OUT,ACC\nsvhn,20.1,95.5,90.0,97.0,95.06\nmean,20.1,95.5,90.0,97.0,95.06\n",
    source="Jingkang50/OpenOOD, openood/evaluators/ood_evaluator.py",
)

"""Predictions of WILDS: a line per example in the order of a split, beside its metadata."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from stresslab import lenient
from stresslab.errors import ReadError
from stresslab.readers._kind import About, Batch, Reader
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._propose import complete
from stresslab.readers._records import in_chunks
from stresslab.readers._rows import LongTable
from stresslab.store import scan
from stresslab.store.scan import Numbered

NAME = re.compile(
    r"^(?P<dataset>[^/]+?)_split[:_-](?P<split>[^/:]+?)_(?:seed|fold)[:_-](?P<seed>[^_:]+)"
    r"_epoch[:_-](?P<epoch>[^_:]+)_pred\.csv$"
)
LABELS = ("y", "label", "target", "tumor", "class")
IDS = ("id", "image_id", "img_id", "uuid", "filename", "img_filename", "img_path")
DOMAINS = (
    "hospital", "center", "location_remapped", "location", "region", "country", "user", "domain",
    "experiment",
)  # fmt: skip
SAMPLE = 300
MAX_LINE = 1 << 20
ROLES = {
    "model": "read.model", "task": "read.dataset", "items": "read.dataset", "answer": "read.answer",
    "output": "read.output", "split": "read.split", "item": "read.row",
    "status": "read.status",
}  # fmt: skip


@dataclass(frozen=True)
class _Named:
    """What the name of a file of predictions says."""

    dataset: str
    split: str
    seed: str
    epoch: str

    @classmethod
    def of(cls, path: Path) -> "_Named":
        found = NAME.match(path.name)
        if found is None:
            raise ReadError(
                f"{path} must be named <dataset>_split:<split>_seed:<seed>_epoch:<epoch>_pred.csv, "
                "which says what its lines are. Rename it."
            )
        return cls(**found.groupdict())

    def model(self, path: Path) -> str:
        """Return the folder, the seed, and the checkpoint where it is not the best one."""
        at = "" if self.epoch == "best" else f" epoch {self.epoch}"
        return f"{path.resolve().parent.name} seed {self.seed}{at}"


def sniff(path: Path) -> float:
    """Return how sure it is, by its name, that a file holds predictions: it has no header."""
    return 0.9 if path.is_file() and NAME.match(path.name) else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the predictions, and the metadata of the data set they are of."""
    metadata = _metadata(path)
    return (path,) if metadata is None else (path, metadata)


def propose(path: Path) -> Mapping:
    """Return the mapping: label, id and domain are guessed from the columns of the metadata.

    Raises
    ------
    ReadError
        If there is no metadata, or not as many rows of the split as predictions.
    """
    rows = [row for _, row in islice(_records(path), SAMPLE)]
    sources = {role: Source(fields=(name,)) for role, name in ROLES.items()}
    metadata = [row["metadata"] for row in rows]
    for role, names in (("reference", LABELS), ("item", IDS), ("domain", DOMAINS)):
        for name in names:
            said = [row.get(name) for row in metadata]
            if all(said) and (role != "item" or len(set(said)) == len(said)):
                sources[role] = Source(fields=(f"metadata.{name}",))
                break
    mapping = Mapping(
        sources=sources,
        measures={"score": {"rate": True, "low": 0.0, "high": 1.0}},
        grade="exact",
        reader="wilds",
    )
    return complete(mapping, rows, ("metadata",))


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield a row per prediction, joined to its row of the metadata by the order of the split.

    Raises
    ------
    ReadError
        If there is no metadata, or not as many rows of the split as predictions: then it cannot be
        known which line is which example.
    """
    told = _Named.of(path)
    settings = {"tool": "WILDS", "split": told.split, "seed": told.seed, "epoch": told.epoch}
    table = LongTable(mapping, path.name, lambda key: About(settings))
    size, done = path.stat().st_size, [0]

    def counted() -> Iterator[Numbered]:
        for number, row in _records(path):
            done[0] += len(row["read"]["output"]) + 1
            yield number, row

    for chunk in in_chunks(counted(), lambda: min(done[0], size), "line"):
        yield from table.add(chunk)
    yield from table.finish(size)


def _records(path: Path) -> Iterator[Numbered]:
    """Yield every prediction with its row of the metadata."""
    told, metadata = _Named.of(path), _metadata(path)
    if metadata is None:
        raise ReadError(
            f"{path} holds predictions without ids. Put metadata.csv of the data set "
            f"{told.dataset} beside it, or its rows of this split as {_own(path).name}."
        )
    n = sum(1 for _ in _predictions(path))
    split = _split_of(path, metadata, told, n)
    model = told.model(path)
    rows = _of_split(metadata, split)
    for number, (said, (row_number, row)) in enumerate(
        zip(_predictions(path), rows, strict=True), 1
    ):
        is_one = bool(said) and "," not in said
        yield (
            number,
            {
                "metadata": row,
                "read": {
                    "model": model, "dataset": told.dataset, "split": told.split,
                    "row": row_number, "output": said, "answer": said if is_one else None,
                    "status": None if is_one else "unscored",
                    "seed": told.seed, "epoch": told.epoch,
                },
            },
        )  # fmt: skip


def _split_of(path: Path, metadata: Path, told: _Named, n: int) -> str | None:
    """Return the value of the column ``split`` of the rows that are predicted; None if all are."""
    counts: dict[str, int] = {}
    for _, row in _of_split(metadata, None):
        name = str(row.get("split"))
        counts[name] = counts.get(name, 0) + 1
    if counts.get(told.split) == n:
        return told.split
    if sum(counts.values()) == n:
        return None
    there = ", ".join(f"{name}: {count:,}" for name, count in sorted(counts.items())[:10])
    raise ReadError(
        f"{path.name} must have as many lines as {metadata.name} has rows with split = "
        f"{told.split!r}, or in all; it has {n:,} lines, the metadata has {there or 'no rows'}. "
        f"Write the rows of this split, in their order, into {_own(path).name} beside it."
    )


def _of_split(metadata: Path, split: str | None) -> Iterator[Numbered]:
    """Yield the rows of a split; of a file that is not whole none, since only order counts."""
    for chunk in scan.scan(metadata):
        lost = [one for one in chunk.rejects if one.field == ""]
        if lost:
            raise ReadError(
                f"{metadata} must be whole, because predictions are joined to it by their order; "
                f"{lost[0].place} {lost[0].reason}."
            )
        for number, row in chunk.rows:
            if split is None or str(row.get("split")) == split:
                yield number - 1, row


def _predictions(path: Path) -> Iterator[str]:
    """Yield the lines; empty ones at the end are none."""
    empty = 0
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE):
            if len(line) == MAX_LINE:
                raise ReadError(f"{path} must hold lines shorter than {MAX_LINE >> 20} MiB.")
            text = lenient.clean(line.decode("utf-8-sig", "replace")).strip()
            if not text:
                empty += 1
                continue
            yield from [""] * empty
            empty = 0
            yield text


def _own(path: Path) -> Path:
    return path.with_name(path.name.removesuffix("_pred.csv") + "_metadata.csv")


def _metadata(path: Path) -> Path | None:
    """Return the metadata of this split, or of the data set: beside the file or one folder up."""
    found = NAME.match(path.name)
    if found is None:
        return None
    names = ("metadata.csv", f"{found['dataset']}_metadata.csv")
    above = (path.parent, path.resolve().parent.parent)
    known = [_own(path), *(folder / name for folder in above for name in names)]
    return next((one for one in known if one.is_file() and not one.is_symlink()), None)


PIECE = Reader(
    title="Predictions of WILDS (CSV without header, beside metadata.csv)",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="1",
    source="p-lambda/wilds, examples/utils.py",
)

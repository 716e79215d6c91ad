"""What LiveCodeBench shows: pass@1 of many models on dated problems of three difficulties."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stresslab import lenient
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._records import broken, head_of, in_chunks
from stresslab.readers._rows import LongTable
from stresslab.store.scan import EXCERPT, Numbered, Reject

ROWS, MODELS = "performances", "models"
SET = "livecodebench"
DIFFICULTIES = ("easy", "medium", "hard")
ROLES = {
    "model": "model", "item": "question_id", "domain": "platform", "score": "read.score",
}  # fmt: skip
WORDS = (b'"performances"', b'"question_id"', b'"pass@1"')


def sniff(path: Path) -> float:
    """Return how sure it is that a file holds the performances of LiveCodeBench."""
    if path.is_dir() or not path.name.lower().endswith(".json"):
        return 0.0
    head = head_of(path)
    return 0.9 if all(word in head for word in WORDS) else 0.0


def propose(path: Path) -> Mapping:
    """Return the mapping: problems of a difficulty are other problems, so the axis is graded.

    The share of passed attempts is the score; percents are divided by 100.
    """
    sources = {role: Source(fields=(name,)) for role, name in ROLES.items()}
    sources |= {"task": Source(const=_task(path)), "items": Source(const=SET)}
    for role, said in (
        ("perturbation", dict.fromkeys(DIFFICULTIES, "difficulty")),
        ("tier", {name: tier for tier, name in enumerate(DIFFICULTIES, start=1)}),
    ):
        sources[role] = Source(fields=("difficulty",), values=tuple(said.items()))
    graded = tuple(dict.fromkeys(DIFFICULTIES, "graded").items())
    sources["axis"] = Source(fields=("difficulty",), values=graded, default="paired")
    return Mapping(
        sources=sources,
        attributes={name: Source(fields=(f"read.{name}",)) for name in ("date", "month")},
        measures={"score": {"low": 0.0, "high": 1.0}},
        reader="livecodebench",
    )


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield a row per model and problem.

    Raises
    ------
    ReadError
        If no row could be placed.
    """
    told = {str(one.get("model_repr")): one for one in _members(path, MODELS)}

    def about(key: RunKey) -> About:
        one = told.get(key.model, {})
        settings: dict[str, Any] = {"tool": "LiveCodeBench"}
        settings |= {name: one[name] for name in ("model_name", "link") if name in one}
        day = _day(one.get("release_date"))
        return About(settings | ({"released": day} if day else {}))

    table = LongTable(mapping, path.name, about)
    with path.open("rb") as file:
        for chunk in in_chunks(_rows(file), file.tell, "entry"):
            yield from table.add(chunk)
    yield from table.finish(path.stat().st_size)


def _rows(file: Any) -> Iterator[Numbered | Reject]:
    n = 0
    for name, value in lenient.walk(file, (ROWS, MODELS)):
        n += name == ROWS
        place = f"entry {n}" if name == ROWS else name or "file"
        if isinstance(value, lenient.Broken):
            yield broken(place, value)
        elif name == ROWS and not isinstance(value, dict):
            yield Reject(place, "", "must be an object", lenient.clean(str(value)[:EXCERPT]))
        elif name == ROWS:
            share, day = value.get("pass@1"), _day(value.get("date"))
            is_number = isinstance(share, int | float) and not isinstance(share, bool)
            month = int(day[:4] + day[5:7]) if day else None
            score = share / 100 if is_number else share
            yield n, {**value, "read": {"score": score, "date": day, "month": month}}


def _members(path: Path, wanted: str) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for name, value in lenient.walk(file, (ROWS, MODELS)):
            if name == wanted and isinstance(value, dict):
                yield value


def _day(milliseconds: Any) -> str | None:
    """Return the day a time in milliseconds since 1970 falls on."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _task(path: Path) -> str:
    """Return the scenario a file name tells: ``performances_repair.json`` is ``... repair``."""
    head, _, scenario = path.name.split(".")[0].partition("_")
    return f"{SET} {scenario}" if head == ROWS and scenario else SET


PIECE = Reader(
    title="Performances of LiveCodeBench (JSON)",
    sniff=sniff,
    propose=propose,
    read=read,
    version="1",
    suffix=".json",
    example=(
        '{"performances": [{"question_id": "p1", "model": "A", "date": 1692576000000, '
        '"difficulty": "easy", "pass@1": 90, "platform": "x"}, '
        '{"question_id": "p2", "model": "A", "date": 1692576000000, '
        '"difficulty": "hard", "pass@1": 10, "platform": "x"}], "models": '
        '[{"model_name": "org/a", "model_repr": "A", "release_date": 1690700400000}]}'
    ),
    source="LiveCodeBench/livecodebench.github.io",
)

"""Read files as an import would and say what it would add, without adding anything."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import NoOutcomesError, ReadError
from stresslab.jobs._events import Done, Event
from stresslab.jobs._import_source import Course, mapping_for
from stresslab.jobs._walk import Found, walk
from stresslab.jobs.pairing import REPEAT
from stresslab.nouns import STATUSES
from stresslab.readers import Batch, RunKey, readers
from stresslab.readers._mapping import Mapping

if TYPE_CHECKING:
    import pyarrow as pa

FIRST_ROWS = 5
FIRST_REJECTS = 200
SHOWN = 80
"""Characters of a text in the first rows."""


def plan_import(
    paths: Sequence[Path], *, mapping: Path | Mapping | None = None, limit: int | None = None
) -> Iterator[Event]:
    """Yield progress while files are read; the last event says what an import would add.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    mapping : Path or Mapping, optional
        As for `import_logs`.
    limit : int, optional
        Outcomes of a source after which reading stops: for a preview that follows every keystroke.

    Yields
    ------
    Event
        The report of the last one has ``sources`` (path, reader, parts, bytes, mapping, runs,
        domains, tiers, rejects, rejects_by_reason, first_rejects, published, first_rows, is_whole,
        error) and the files refused and unclaimed.

    Raises
    ------
    ReadError
        If there is no source, or the only one cannot be read.
    """
    given = Mapping.load(mapping) if isinstance(mapping, Path) else mapping
    walked = walk(paths, (given and given.reader) or None)
    course, said = Course(sum(one.bytes for one in walked.sources)), []
    sources = list(walked.sources)
    for found in sources:
        plan = _Plan(found)
        try:
            chosen = mapping_for(found, given)
            plan.said |= {"reader": chosen.reader, "mapping": chosen.to_toml()}
            for batch in readers.get(chosen.reader).read(found.path, chosen):
                plan.add(batch)
                yield course.at(found, batch.bytes_done, "Looking at", plan.n_outcomes)
                if limit is not None and plan.n_outcomes >= limit:
                    plan.said["is_whole"] = False
                    break
        except NoOutcomesError as error:
            if len(sources) == 1:
                raise
            walked.refused[found.path] = str(error).removeprefix(f"{found.path} ")
            course.before += found.bytes
            continue
        except (ReadError, OSError) as error:
            if len(sources) == 1:
                raise
            plan.said["error"] = str(error)
        said.append(plan.as_dict())
        course.before += found.bytes
    runs = [run for one in said for run in one["runs"]]
    n_outcomes = sum(run["outcomes"] for run in runs)
    counts = {"sources": len(said), "runs": len(runs), "outcomes": n_outcomes}
    report = {
        "sources": said,
        "files_refused": {str(path): why for path, why in walked.refused.items()},
        "files_unclaimed": [str(path) for path in walked.unclaimed],
    }
    yield Done(f"Would add {len(runs):,} runs with {n_outcomes:,} outcomes.", counts, report)


class _Plan:
    """What is known of one source so far."""

    def __init__(self, found: Found) -> None:
        self.said: dict[str, Any] = {
            "path": str(found.path), "reader": found.reader,
            "parts": [str(part) for part in found.parts], "bytes": found.bytes, "mapping": "",
            "is_whole": True, "error": "",
        }  # fmt: skip
        self.n_outcomes = 0
        self._runs: dict[RunKey, Counter[str]] = defaultdict(Counter)
        self._domains: Counter[str] = Counter()
        self._tiers: Counter[tuple[str, int]] = Counter()
        self._rejects: Counter[str] = Counter()
        self._first_rejects: list[dict[str, Any]] = []
        self._first: list[dict[str, Any]] = []
        self._tables: dict[str, dict[tuple[RunKey, str], dict[str, Any]]] = {
            "items": {}, "variants": {},
        }  # fmt: skip

    def add(self, batch: Batch) -> None:
        """Count a batch."""
        if batch.table == "rejects":
            reasons = batch.rows["reason"].to_pylist()
            self._rejects.update(REPEAT.sub("repeats an earlier row: ", one) for one in reasons)
            room = max(FIRST_REJECTS - len(self._first_rejects), 0)
            self._first_rejects += batch.rows.slice(0, room).to_pylist()
        if batch.run is None:
            return
        counts = self._runs[batch.run]
        counts[batch.table] += batch.rows.num_rows
        if batch.table == "outcomes":
            self.n_outcomes += batch.rows.num_rows
            counts.update(dict(_counted(batch.rows, "status")))
            room = FIRST_ROWS - len(self._first)
            self._first += [
                {"run": batch.run, **row} for row in batch.rows.slice(0, max(room, 0)).to_pylist()
            ]
        elif batch.table == "items":
            self._domains.update(dict(_counted(batch.rows, "domain")))
        elif batch.table == "variants":
            self._tiers.update(_tiers(batch.rows))
        if batch.table in self._tables and not self._is_complete():
            rows = batch.rows.to_pylist()
            key = "item_id" if batch.table == "items" else "variant_id"
            self._tables[batch.table] |= {(batch.run, row[key]): row for row in rows}

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON can say it."""
        runs = [
            {"model": key.model, "task": key.task, "revision": key.revision,
             **({"run": key.part} if key.part else {}),
             **{name: counts[name] for name in ("outcomes", "items", "variants")},
             "by_status": {name: counts[name] for name in STATUSES if counts[name]}}
            for key, counts in self._runs.items()
            if counts["outcomes"] or counts["published"] or counts["traces"] or counts["ratings"]
        ]  # fmt: skip
        return self.said | {
            "runs": runs,
            "domains": dict(self._domains.most_common()),
            "tiers": [
                {"perturbation": name or None, "tier": tier, "variants": n}
                for (name, tier), n in sorted(self._tiers.items())
            ],
            "rejects": self._rejects.total(),
            "rejects_by_reason": dict(self._rejects.most_common()),
            "first_rejects": self._first_rejects,
            "published": sum(counts["published"] for counts in self._runs.values()),
            "first_rows": [self._joined(row) for row in self._first],
        }

    def _is_complete(self) -> bool:
        """Return whether the item of every first row is known."""
        return len(self._first) >= FIRST_ROWS and all("input" in self._joined(one, True)
                                                      for one in self._first)  # fmt: skip

    def _joined(self, row: dict[str, Any], bare: bool = False) -> dict[str, Any]:
        key = row["run"]
        variant = self._tables["variants"].get((key, row["variant_id"]), {})
        item = self._tables["items"].get((key, str(variant.get("item_id"))), {})
        if bare:
            return item
        text = variant.get("input") or item.get("input")
        return {
            "model": key.model, "task": key.task, "item": variant.get("item_id"),
            "domain": item.get("domain"), "perturbation": variant.get("perturbation"),
            "tier": variant.get("tier"), "trial": row["trial"], "status": row["status"],
            "score": row["score"], "confidence": row["confidence"], "input": _short(text),
            "output": _short(row["output"] if row["answer"] is None else row["answer"]),
        }  # fmt: skip


def _counted(rows: "pa.Table", column: str) -> Iterator[tuple[str, int]]:
    for one in rows[column].value_counts().to_pylist():
        if one["values"] is not None:
            yield one["values"], one["counts"]


def _tiers(rows: "pa.Table") -> dict[tuple[str, int], int]:
    found = rows.group_by(["perturbation", "tier"]).aggregate([([], "count_all")]).to_pylist()
    return {(one["perturbation"] or "", one["tier"] or 0): one["count_all"] for one in found}


def _short(text: str | None) -> str | None:
    line = None if text is None else " ".join(text.split())
    return line if line is None or len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"

"""Turn rows of a long table (one row per outcome) into items, variants, outcomes and scores."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from stresslab import nouns
from stresslab.errors import ReadError
from stresslab.readers import _values as values
from stresslab.readers._arrow_rows import add_part
from stresslab.readers._columns import add_columns
from stresslab.readers._keys import Keys, Names
from stresslab.readers._kind import About, Batch, RunKey
from stresslab.readers._mapping import MEASURE_SOURCES, Getter, Mapping, Source
from stresslab.readers._part import Part
from stresslab.readers._roles import (
    CONVERTERS,
    MAX_KNOWN,
    NEEDED,
    TEXTS,
    earned,
    graded,
    kept,
    where_it_stands,
)
from stresslab.readers._values import ValueProblem
from stresslab.store.scan import EXCERPT, Chunk, Reject, uncollected

MAX_HASHES = 200_000
MAX_REJECTS = 10_000
"""Kept per file; the rest is counted."""
UNPLACED = "the row cannot be placed"


@dataclass
class RunRows:
    """What was read of one run so far."""

    items: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # original not seen yet
    settled: Names = field(default_factory=Names)
    variants: Keys = field(default_factory=Keys)
    seen: Keys = field(default_factory=Keys)
    rows: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """By table: rows as tuples, and whole pieces as Arrow tables."""


class LongTable:
    """Collects the rows of one file and hands them out as batches.

    Memory is one chunk of rows, and per outcome two keys of 16 bytes (to find repeats). Rows are
    read column by column (`_columns`); one that is odd in any way is read by itself.
    """

    def __init__(
        self, mapping: Mapping, file: str, about: Callable[[RunKey], About] = lambda key: About()
    ) -> None:
        for role in ("model", "task", "item"):
            if role not in mapping.sources and not (role == "model" and mapping.wide):
                raise ReadError(
                    f"A mapping must say where the {role} of a row comes from; {role}_from is "
                    f'missing. Add for example `{role}_from = "field:{role}"`.'
                )
        self.mapping, self.file, self._about = mapping, file, about
        self.n_rejects = self.n_outcomes = 0
        self.unit = "line"
        self.runs: dict[RunKey, RunRows] = defaultdict(RunRows)
        self.hashes: dict[int, str | None] = {}
        self._loose: list[tuple[Any, ...]] = []
        self.getters = {role: mapping.getter(one) for role, one in mapping.sources.items()}
        self.known: dict[str, dict[str, Any]] = {role: {} for role in CONVERTERS.keys() - TEXTS}
        self.attributes = _getters(mapping, mapping.attributes)
        self.variant_attributes = _getters(mapping, mapping.variant_attributes)
        self.measures, self.why = (
            _getters(mapping, {name: m[key] for name, m in mapping.measures.items() if key in m})
            for key in MEASURE_SOURCES
        )
        self.sign = 1 if mapping.measures.get("score", {}).get("higher_is_better", True) else -1

    def add(self, chunk: Chunk) -> Iterator[Batch]:
        """Yield the batches that `chunk` makes."""
        self.unit = chunk.unit
        with uncollected():
            if isinstance(chunk, Part) and not add_part(self, chunk):
                chunk = replace(chunk.exact(), bytes_done=chunk.bytes_done)
            for reject in chunk.rejects:
                self.reject(None, reject)
            add_columns(self, chunk)
        yield from self._batches(chunk.bytes_done)

    def finish(self, bytes_done: int) -> Iterator[Batch]:
        """Yield what was held back: items whose untouched input never came, and the count."""
        for run in self.runs.values():
            run.rows["items"] += run.items.values()
            run.items.clear()
        if self.n_rejects > MAX_REJECTS:
            more = f"and {self.n_rejects - MAX_REJECTS} more, not kept"
            self._loose.append((self.n_rejects, self.file, "", "", more, ""))
        yield from self._batches(bytes_done)

    def key_of(self, row: dict[str, Any]) -> RunKey | None:
        """Return the run a row belongs to, or None where model or task are not known."""
        return _key(self._read(row)[0])

    def batch(self, key: RunKey, table: str, rows: list[tuple[Any, ...]]) -> Batch:
        """Return rows of a table that is no outcome of this one: published, traces, ratings."""
        about = self._about(key)
        return Batch(
            key, table, _arrow(table, rows), settings=about.settings, model_info=about.model_info
        )

    def add_row(self, number: int, row: dict[str, Any]) -> None:
        said, problems = self._read(row)
        key = _key(said)
        for role in ("model", "task", "item"):
            if said[role] is None and role not in problems:
                problems[role] = f"the {role} is missing; {UNPLACED}"
        if key is not None and not any(role in NEEDED for role in problems):
            try:
                self._place(key, said, number, row)
            except ValueProblem as problem:
                problems[""] = str(problem)
        if problems:
            self.reject_row(key, number, row, problems)

    def reject_row(
        self, key: RunKey | None, number: int, row: dict[str, Any], problems: dict[str, str]
    ) -> None:
        """Note what is wrong with a row, once a column of the file."""
        place, excerpt = f"{self.unit} {number}", (values.as_json(row) or "")[:EXCERPT]
        by_column: dict[str, str] = {}
        for role, reason in problems.items():
            by_column.setdefault(self._column(role), reason)
        for column, reason in by_column.items():
            self.reject(key, Reject(place, column, reason, excerpt))

    def _read(self, row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        said: dict[str, Any] = dict.fromkeys(CONVERTERS)
        problems: dict[str, str] = {}
        for role, get in self.getters.items():
            value = get(row)
            if value is None:
                continue
            known = self.known.get(role) if type(value) is str else None
            if known is not None and value in known:
                said[role] = known[value]
                continue
            try:
                said[role] = CONVERTERS[role](value)
            except ValueProblem as problem:
                problems[role] = str(problem)
                continue
            if known is not None and len(known) < MAX_KNOWN:
                known[value] = said[role]
        return said, problems

    def _place(self, key: RunKey, said: dict[str, Any], number: int, row: dict[str, Any]) -> None:
        run = self.runs[key]
        item = nouns.item_id(said["items"] or key.task, said["item"])
        perturbation, axis, tier = where_it_stands(said)
        variant = nouns.variant_id(item, perturbation, tier, said["seed"] if tier else None)
        trial = said["trial"] or 0
        known = int(run.seen.add([hash((variant, trial))], [number])[0])
        if known != number:
            raise ValueProblem(self.repeats(known, variant))
        is_changed = tier > 0 and axis == "paired"
        self.add_item(run, item, said, key.task, is_changed, row)
        if run.variants.add([hash(variant)], [number])[0] == number:
            strength, unit = (said["strength"], said["unit"]) if tier else (None, None)
            changed = said["input"] if is_changed else None
            seed = said["seed"] if tier else None
            attributes = values.as_json(kept(self.variant_attributes, row))
            run.rows["variants"].append(
                (variant, item, perturbation, axis, tier, strength, unit, seed, changed, attributes)
            )
        self._add_outcome(run, variant, trial, said)
        for measure, get in self.measures.items():
            try:
                value = values.number(get(row))
            except ValueProblem as problem:
                note = Reject(
                    f"{self.unit} {number}", measure, str(problem), str(get(row))[:EXCERPT]
                )
                self.reject(key, note)
                continue
            if value is not None:
                why = values.text(self.why[measure](row)) if measure in self.why else None
                run.rows["scores"].append((variant, trial, measure, value, why))

    def add_item(
        self,
        run: RunRows,
        item: str,
        said: dict[str, Any],
        task: str,
        is_changed: bool,
        row: dict[str, Any],
    ) -> None:
        if item not in run.settled:
            self.make_item(run, item, said, task, is_changed, row)

    def make_item(
        self,
        run: RunRows,
        item: str,
        said: dict[str, Any],
        task: str,
        is_changed: bool,
        row: dict[str, Any],
    ) -> None:
        """Add an item that is not settled, or hold it back until its untouched input comes."""
        untouched = said["original"] if is_changed or said["original"] else said["input"]
        reference = None if values.is_empty(said["reference"]) else said["reference"]
        messages = None if is_changed else values.as_json(said["messages"])
        made = (
            item, said["items"] or task, task, untouched, messages,
            values.as_json(said["choices"]), values.as_json(reference),
            said["domain"], said["group"], self.attributes_of(said["split"], row),
            self.content_hash(untouched, said["choices"], reference),
        )  # fmt: skip
        if is_changed and untouched is None:
            run.items.setdefault(item, made)
        else:
            run.settled.add(item)
            run.items.pop(item, None)
            run.rows["items"].append(made)

    def attributes_of(self, split: str | None, row: dict[str, Any]) -> str | None:
        """Return the attributes of an item as JSON."""
        attributes = {"split": split} if split else {}
        if self.attributes:
            attributes |= kept(self.attributes, row) or {}
        return values.as_json(attributes or None)

    def content_hash(self, untouched: str | None, choices: Any, reference: Any) -> str | None:
        """Return the hash of an item; those of the items of other models are remembered."""
        key = hash((untouched, repr(choices), repr(reference)))
        if key not in self.hashes:
            if len(self.hashes) >= MAX_HASHES:
                self.hashes.clear()
            self.hashes[key] = nouns.content_hash(untouched, choices, reference)
        return self.hashes[key]

    def _add_outcome(self, run: RunRows, variant: str, trial: int, said: dict[str, Any]) -> None:
        score, correct = said["score"], said["correct"]
        if self.mapping.grade == "exact" and score is None and correct is None:
            correct = graded(said["answer"], said["output"], said["reference"])
        status, score, correct = earned(
            said["status"], bool(said["error"]), score, correct, self.sign
        )
        self.n_outcomes += 1
        if said["explanation"] is not None:
            run.rows["scores"].append((variant, trial, "score", score, said["explanation"]))
        run.rows["outcomes"].append(
            (
                variant, trial, status, said["output"], said["answer"], score, correct,
                said["confidence"], said["probs"], said["error"], said["latency_s"],
                said["tokens_in"], said["tokens_out"],
            )
        )  # fmt: skip

    def repeats(self, known: int, variant: str) -> str:
        """Return what is wrong with a row that repeats another."""
        return (
            f"repeats {self.unit} {known} ({variant}): the same item, perturbation, tier, seed and "
            "trial; map trial_from if the model was asked several times"
        )

    def _column(self, role: str) -> str:
        source = self.mapping.sources.get(role)
        return ",".join(source.fields) if source and source.fields else role

    def reject(self, key: RunKey | None, reject: Reject) -> None:
        self.n_rejects += 1
        if self.n_rejects > MAX_REJECTS:
            return
        line = (
            self.n_rejects,
            self.file,
            reject.place,
            reject.field,
            reject.reason,
            reject.excerpt,
        )
        if key is None:
            self._loose.append(line)
        else:
            self.runs[key].rows["rejects"].append(line)

    def _batches(self, bytes_done: int) -> Iterator[Batch]:
        declared = {
            name: {key: value for key, value in one.items() if key not in MEASURE_SOURCES}
            for name, one in self.mapping.measures.items()
        }
        measures = {"score": {}, **declared}
        if self.sign < 0:
            measures["score"] = {**measures["score"], "higher_is_better": True}
        for key, run in self.runs.items():
            for table in ("items", "variants", "outcomes", "scores", "rejects"):
                rows = run.rows.pop(table, [])
                if rows:
                    about = self._about(key)
                    yield Batch(
                        key, table, _arrow(table, rows), bytes_done, about.settings, measures,
                        about.model_info,
                    )  # fmt: skip
        loose, self._loose = self._loose, []
        yield Batch(None, "rejects", _arrow("rejects", loose), bytes_done)


def _key(said: dict[str, Any]) -> RunKey | None:
    if not said["model"] or not said["task"]:
        return None
    return RunKey(said["model"], said["task"], said["revision"], said["run"] or "")


def _getters(mapping: Mapping, sources: dict[str, Source]) -> dict[str, Getter]:
    return {name: mapping.getter(one) for name, one in sources.items()}


def _arrow(table: str, rows: list[Any]) -> Any:
    """Return rows, some of which are whole pieces already, as one Arrow table."""
    import pyarrow as pa

    schema = nouns.arrow_schema(table)
    if any(isinstance(row, pa.Table) for row in rows):
        kinds = groupby(rows, key=lambda row: isinstance(row, pa.Table))
        pieces = [list(some) if whole else [_arrow(table, list(some))] for whole, some in kinds]
        return pa.concat_tables([one for some in pieces for one in some])
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, type=one.type) for column, one in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)

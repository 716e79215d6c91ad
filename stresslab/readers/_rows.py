"""Turn rows of a long table (one row per outcome) into items, variants, outcomes and scores."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from stresslab import nouns
from stresslab.errors import ReadError
from stresslab.readers import _values as values
from stresslab.readers._kind import About, Batch, RunKey
from stresslab.readers._mapping import MEASURE_SOURCES, Getter, Mapping, Source
from stresslab.readers._values import ValueProblem
from stresslab.store.scan import EXCERPT, Chunk, Reject

MAX_REJECTS = 10_000
"""Kept per file; the rest is counted."""

CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "model": values.name, "revision": values.name, "task": values.name, "items": values.name,
    "item": values.name, "domain": values.domain, "group": values.label, "split": values.label,
    "perturbation": values.name, "axis": values.label, "unit": values.label,
    "tier": lambda value: values.whole(value, 0, 32_767),
    "seed": lambda value: values.whole(value, -(2**53), 2**53),
    "trial": lambda value: values.whole(value, 0, 2**31 - 1),
    "strength": values.number,
    "original": values.text, "input": values.text, "messages": values.listed,
    "choices": values.listed, "reference": lambda value: value,
    "output": values.text, "answer": values.text, "explanation": values.text,
    "score": values.number, "correct": values.right_or_wrong, "confidence": values.share,
    "probs": values.probabilities, "status": values.status, "error": values.problem,
    "latency_s": values.number,
    "tokens_in": lambda value: values.whole(value, 0, 2**31 - 1),
    "tokens_out": lambda value: values.whole(value, 0, 2**31 - 1),
}  # fmt: skip

NEEDED = ("model", "task", "item", "perturbation", "axis", "tier", "strength", "seed", "trial")
"""Where one of these cannot be read the row cannot be placed and is left out."""


TEXTS = {
    "original", "input", "messages", "choices", "reference", "output", "explanation", "probs",
    "error",
}  # fmt: skip
MAX_KNOWN = 10_000
"""Values of a column, other than texts, that are turned only once."""


@dataclass
class _Run:
    """What was read of one run so far."""

    items: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # original not seen yet
    settled: set[str] = field(default_factory=set)
    variants: set[str] = field(default_factory=set)
    seen: dict[int, int] = field(default_factory=dict)
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))


class LongTable:
    """Collects the rows of one file and hands them out as batches.

    Memory is one chunk of rows, and per outcome a key of a few dozen bytes (to find repeats).
    """

    def __init__(
        self, mapping: Mapping, file: str, about: Callable[[RunKey], About] = lambda key: About()
    ) -> None:
        for role in ("model", "task", "item"):
            if role not in mapping.sources:
                raise ReadError(
                    f"A mapping must say where the {role} of a row comes from; {role}_from is "
                    f'missing. Add for example `{role}_from = "field:{role}"`.'
                )
        self.mapping, self.file, self._about = mapping, file, about
        self.n_rejects = self.n_outcomes = 0
        self._unit = "line"
        self._runs: dict[RunKey, _Run] = defaultdict(_Run)
        self._loose: list[tuple[Any, ...]] = []
        self._get = {role: mapping.getter(one) for role, one in mapping.sources.items()}
        self._known: dict[str, dict[str, Any]] = {role: {} for role in CONVERTERS.keys() - TEXTS}
        self._attributes = _getters(mapping, mapping.attributes)
        self._variant = _getters(mapping, mapping.variant_attributes)
        self._measures, self._why = (
            _getters(mapping, {name: m[key] for name, m in mapping.measures.items() if key in m})
            for key in MEASURE_SOURCES
        )
        self._sign = 1 if mapping.measures.get("score", {}).get("higher_is_better", True) else -1

    def add(self, chunk: Chunk) -> Iterator[Batch]:
        """Yield the batches that `chunk` makes."""
        for reject in chunk.rejects:
            self._reject(None, reject)
        self._unit = chunk.unit
        for number, row in chunk.rows:
            self._add_row(number, row)
        yield from self._batches(chunk.bytes_done)

    def finish(self, bytes_done: int) -> Iterator[Batch]:
        """Yield what was held back: items whose untouched input never came, and the count."""
        for run in self._runs.values():
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

    def _add_row(self, number: int, row: dict[str, Any]) -> None:
        said, problems = self._read(row)
        key = _key(said)
        for role in ("model", "task", "item"):
            if said[role] is None and role not in problems:
                problems[role] = f"the {role} is missing; the row cannot be placed"
        if key is not None and not any(role in NEEDED for role in problems):
            try:
                self._place(key, said, number, row)
            except ValueProblem as problem:
                problems[""] = str(problem)
        if problems:
            place, excerpt = f"{self._unit} {number}", (values.as_json(row) or "")[:EXCERPT]
            by_column: dict[str, str] = {}
            for role, reason in problems.items():
                by_column.setdefault(self._column(role), reason)
            for column, reason in by_column.items():
                self._reject(key, Reject(place, column, reason, excerpt))

    def _read(self, row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        said: dict[str, Any] = dict.fromkeys(CONVERTERS)
        problems: dict[str, str] = {}
        for role, get in self._get.items():
            value = get(row)
            if value is None:
                continue
            known = self._known.get(role) if type(value) is str else None
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
        run = self._runs[key]
        item = nouns.item_id(said["items"] or key.task, said["item"])
        perturbation, axis, tier = _where_it_stands(said)
        variant = nouns.variant_id(item, perturbation, tier, said["seed"] if tier else None)
        trial = said["trial"] or 0
        known = run.seen.setdefault(hash((variant, trial)), number)
        if known != number:
            raise ValueProblem(
                f"repeats {self._unit} {known} ({variant}): the same item, perturbation, tier, "
                "seed and trial; map trial_from if the model was asked several times"
            )
        is_changed = tier > 0 and axis == "paired"
        self._add_item(run, item, said, key.task, is_changed, row)
        if variant not in run.variants:
            run.variants.add(variant)
            strength, unit = (said["strength"], said["unit"]) if tier else (None, None)
            changed = said["input"] if is_changed else None
            seed = said["seed"] if tier else None
            attributes = values.as_json(_kept(self._variant, row))
            run.rows["variants"].append(
                (variant, item, perturbation, axis, tier, strength, unit, seed, changed, attributes)
            )
        self._add_outcome(run, variant, trial, said)
        for measure, get in self._measures.items():
            try:
                value = values.number(get(row))
            except ValueProblem as problem:
                note = Reject(
                    f"{self._unit} {number}", measure, str(problem), str(get(row))[:EXCERPT]
                )
                self._reject(key, note)
                continue
            if value is not None:
                why = values.text(self._why[measure](row)) if measure in self._why else None
                run.rows["scores"].append((variant, trial, measure, value, why))

    def _add_item(
        self,
        run: _Run,
        item: str,
        said: dict[str, Any],
        task: str,
        is_changed: bool,
        row: dict[str, Any],
    ) -> None:
        if item in run.settled:
            return
        untouched = said["original"] if is_changed or said["original"] else said["input"]
        reference = None if values.is_empty(said["reference"]) else said["reference"]
        messages = None if is_changed else values.as_json(said["messages"])
        attributes = {"split": said["split"]} if said["split"] else {}
        attributes |= _kept(self._attributes, row) or {}
        made = (
            item, said["items"] or task, task, untouched, messages,
            values.as_json(said["choices"]), values.as_json(reference),
            said["domain"], said["group"], values.as_json(attributes or None),
            nouns.content_hash(untouched, said["choices"], reference),
        )  # fmt: skip
        if is_changed and untouched is None:
            run.items.setdefault(item, made)
        else:
            run.settled.add(item)
            run.items.pop(item, None)
            run.rows["items"].append(made)

    def _add_outcome(self, run: _Run, variant: str, trial: int, said: dict[str, Any]) -> None:
        score, correct = said["score"], said["correct"]
        if self.mapping.grade == "exact" and score is None and correct is None:
            correct = _graded(said)
        score = float(correct) if score is None and correct is not None else score
        score = None if score is None else self._sign * score
        status = said["status"] or ("errored" if said["error"] else "answered")
        if status in ("abstained", "refused"):
            score, correct = 0.0, None
        elif status == "answered" and score is None:
            status = "unscored"
        if status in ("errored", "unscored"):
            score = correct = None
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

    def _column(self, role: str) -> str:
        source = self.mapping.sources.get(role)
        return ",".join(source.fields) if source and source.fields else role

    def _reject(self, key: RunKey | None, reject: Reject) -> None:
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
            self._runs[key].rows["rejects"].append(line)

    def _batches(self, bytes_done: int) -> Iterator[Batch]:
        declared = {
            name: {key: value for key, value in one.items() if key not in MEASURE_SOURCES}
            for name, one in self.mapping.measures.items()
        }
        measures = {"score": {}, **declared}
        if self._sign < 0:
            measures["score"] = {**measures["score"], "higher_is_better": True}
        for key, run in self._runs.items():
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
    return RunKey(said["model"], said["task"], said["revision"])


def _where_it_stands(said: dict[str, Any]) -> tuple[str | None, str, int]:
    """Return perturbation, axis and tier of a row (DESIGN.md 2, two kinds of tier axis)."""
    axis = said["axis"] or "paired"
    if axis not in nouns.AXES:
        raise ValueProblem(f"the axis must be one of {', '.join(nouns.AXES)}; got {axis!r}")
    perturbation, tier = said["perturbation"], said["tier"]
    if axis == "graded":
        if not tier:
            raise ValueProblem("a graded axis has tiers from 1; this row has none")
        return perturbation or nouns.DEFAULT_PERTURBATION, axis, tier
    is_original = values.untouched(perturbation)
    if tier is None:
        tier = 0 if is_original and not said["strength"] else 1
    if tier == 0:
        return None, axis, 0
    return (nouns.DEFAULT_PERTURBATION if is_original else perturbation), axis, tier


def _graded(said: dict[str, Any]) -> int | None:
    given = said["answer"] if said["answer"] is not None else said["output"]
    wanted = values.listed(said["reference"])
    if given is None or wanted is None:
        return None
    return int(_folded(given) in {_folded(values.text(one) or "") for one in wanted})


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _getters(mapping: Mapping, sources: dict[str, Source]) -> dict[str, Getter]:
    return {name: mapping.getter(one) for name, one in sources.items()}


def _kept(getters: dict[str, Getter], row: dict[str, Any]) -> dict[str, Any] | None:
    said = {name: values.scalar(get(row)) for name, get in getters.items()}
    return {name: value for name, value in said.items() if value is not None} or None


def _arrow(table: str, rows: list[tuple[Any, ...]]) -> Any:
    import pyarrow as pa

    schema = nouns.arrow_schema(table)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, type=one.type) for column, one in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)

"""Read a chunk of rows column by column; a row that is odd in any way is read by itself."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from stresslab import nouns
from stresslab.readers import _values as values
from stresslab.readers._mapping import NAMED, Source
from stresslab.readers._roles import (
    CONVERTERS,
    MAX_KNOWN,
    TEXTS,
    earned,
    graded,
    kept,
    where_it_stands,
)
from stresslab.readers._values import ValueProblem
from stresslab.store.scan import Numbered

if TYPE_CHECKING:
    import pyarrow as pa

    from stresslab.readers._kind import RunKey
    from stresslab.readers._rows import LongTable, RunRows

FEW = 8
"""So many rows between two odd ones are read one by one, too."""

LATER = ("original", "messages", "choices", "reference")
"""Roles that only an item needs; turning them never fails."""

OF_ITEM = ("items", "item", "domain", "group", "split", "input", *LATER)
OF_OUTCOME = ("status", "reference", "output", "answer", "score", "correct", "confidence", "probs",
              "error", "latency_s", "tokens_in", "tokens_out")  # fmt: skip

Column = list[Any]
Place = tuple[str | None, str, int]
"""Perturbation, axis and tier."""
NOWHERE: Place = (None, "", 0)
"""Stands for the place of an odd row, which is not looked at."""


def add_columns(table: "LongTable", rows: Sequence[Numbered]) -> None:
    """Add rows to a table, with the results and rejects that `LongTable.add_row` gives."""
    if len(rows) <= FEW:
        for number, row in rows:
            table.add_row(number, row)
        return
    chunk = _Chunk(table, rows)
    start = 0
    for at in [*sorted(chunk.odd), len(rows)]:
        if at - start <= FEW:
            for number, row in rows[start:at]:
                table.add_row(number, row)
        else:
            chunk.place(start, at)
        if at < len(rows):
            table.add_row(*rows[at])
        start = at + 1


class _Chunk:
    """The columns of some rows, turned into our types.

    Attributes
    ----------
    odd : set of int
        Places of rows of which something could not be read, or that cannot be placed.
    """

    def __init__(self, table: "LongTable", rows: Sequence[Numbered]) -> None:
        self.table = table
        self.numbers = [number for number, _ in rows]
        self.rows = [row for _, row in rows]
        self.odd: set[int] = set()
        self.none: Column = [None] * len(rows)
        self.said = {role: self._column(role) for role in CONVERTERS}
        for role in ("model", "task", "item"):
            column = self.said[role]
            if not all(column):
                self.odd.update(at for at, value in enumerate(column) if not value)
        self.measures = {
            name: self._turned(values.number, list(map(get, self.rows)), {})
            for name, get in table.measures.items()
        }
        self.places = self._places()

    def place(self, low: int, high: int) -> None:
        """Add the rows of a stretch without odd ones."""
        said = self.said
        keys = list(
            zip(said["model"][low:high], said["task"][low:high], said["revision"][low:high],
                strict=True)
        )  # fmt: skip
        by_run: dict[Any, list[int]] = {}
        if len(set(keys)) == 1:
            by_run[keys[0]] = list(range(low, high))
        else:
            by_run = defaultdict(list)
            for at, named in enumerate(keys, start=low):
                by_run[named].append(at)
        repeats: list[tuple[int, RunKey, str]] = []
        for named, mine in by_run.items():
            key = _run_key(*named)
            repeats += _OfRun(self, key, self.table.runs[key]).add(mine)
        for at, run, reason in sorted(repeats, key=lambda one: one[0]):
            self.table.reject_row(run, self.numbers[at], self.rows[at], {"": reason})

    def _column(self, role: str) -> Column:
        source = self.table.mapping.sources.get(role)
        if source is None:
            return self.none
        raw = self._raw(source, role)
        if role in LATER:
            return raw
        if role in TEXTS:
            kinds = set(map(type, raw))
            is_text = kinds <= {str, type(None)} and CONVERTERS[role] is values.text
            return raw if is_text else self._turned(CONVERTERS[role], raw, None)
        return self._turned(CONVERTERS[role], raw, self.table.known[role])

    def _raw(self, source: Source, role: str) -> Column:
        if not source.fields:
            return [source.const] * len(self.rows)
        (name, *more) = source.fields
        is_plain = not (more or source.pattern or source.values or source.default is not None)
        if is_plain and "." not in name and name not in NAMED:
            try:
                return list(map(itemgetter(name), self.rows))
            except KeyError:
                return [row.get(name) for row in self.rows]
        return list(map(self.table.getters[role], self.rows))

    def _turned(
        self, convert: Callable[[Any], Any], raw: Column, known: dict[str, Any] | None
    ) -> Column:
        """Return a column in our type; every different value is turned once, if it can be."""
        kinds = set(map(type, raw)) - {type(None)}
        if not kinds:
            return self.none
        (kind, *more) = kinds
        if more or kind not in (str, int, float, bool) or known is None:
            return self._one_by_one(convert, raw)
        found: dict[Any, Any] = dict(known) if kind is str and len(known) < FEW else {None: None}
        for value in set(raw):
            if value in found:
                continue
            if kind is str and value in known:
                found[value] = known[value]
                continue
            try:
                found[value] = convert(value)
            except ValueProblem:
                found[value] = None
                self.odd.update(at for at, one in enumerate(raw) if one is value or one == value)
                continue
            if kind is str and len(known) < MAX_KNOWN:
                known[value] = found[value]
        found[None] = None
        return [found[value] for value in raw]

    def _one_by_one(self, convert: Callable[[Any], Any], raw: Column) -> Column:
        found = []
        for at, value in enumerate(raw):
            try:
                found.append(None if value is None else convert(value))
            except ValueProblem:
                found.append(None)
                self.odd.add(at)
        return found

    def _places(self) -> list[Place]:
        """Return perturbation, axis and tier of every row; rows without a place are odd."""
        axes, kinds, tiers, strengths = (
            self.said[role] for role in ("axis", "perturbation", "tier", "strength")
        )
        keys = list(zip(axes, kinds, tiers, map(bool, strengths), strict=True))
        known: dict[Any, Place] = {}
        for key in set(keys):
            said = dict(zip(("axis", "perturbation", "tier", "strength"), key, strict=True))
            try:
                known[key] = where_it_stands(said)
            except ValueProblem:
                known[key] = NOWHERE
                self.odd.update(at for at, one in enumerate(keys) if one == key)
        return [known[key] for key in keys]

    def take(self, column: Column, rows: list[int]) -> Column:
        """Return the values of a column in some rows, which rise."""
        return column if len(rows) == len(column) else [column[at] for at in rows]


class _OfRun:
    """The rows of a stretch that belong to one run."""

    def __init__(self, chunk: _Chunk, key: "RunKey", run: "RunRows") -> None:
        self.chunk, self.table, self.key, self.run = chunk, chunk.table, key, run
        self.said, self.places = chunk.said, chunk.places

    def add(self, rows: list[int]) -> "list[tuple[int, RunKey, str]]":
        """Add rows; return the places, keys and reasons of those that repeat another."""
        items, variants = self._ids(rows)
        trials = [trial or 0 for trial in self.chunk.take(self.said["trial"], rows)]
        numbers = self.chunk.take(self.chunk.numbers, rows)
        first = self.run.seen.add(list(map(hash, zip(variants, trials, strict=True))), numbers)
        repeats = []
        if first.tolist() != numbers:
            again = [one != own for one, own in zip(first.tolist(), numbers, strict=True)]
            repeats = [
                (at, self.key, self.table.repeats(int(one), variant))
                for at, one, variant, is_again in zip(rows, first, variants, again, strict=True)
                if is_again
            ]
            fine = [n for n, is_again in enumerate(again) if not is_again]
            rows, trials, numbers = ([one[n] for n in fine] for one in (rows, trials, numbers))
            items, variants = ([one[n] for n in fine] for one in (items, variants))
        if rows:
            self._items(rows, items)
            self._variants(rows, items, variants, numbers)
            self._outcomes(rows, variants, trials)
        return repeats

    def _ids(self, rows: list[int]) -> tuple[list[str], list[str]]:
        """Return the ids of items and variants, as `nouns` makes them."""
        take, said = self.chunk.take, self.said
        sets, names = take(said["items"], rows), take(said["item"], rows)
        before = {one: nouns.item_id(one or self.key.task, "") for one in set(sets)}
        items = [before[one] + name for one, name in zip(sets, names, strict=True)]
        ends = list(zip(take(self.places, rows), take(said["seed"], rows), strict=True))
        after = {
            (place, seed): nouns.variant_id("", place[0], place[2], seed if place[2] else None)
            for place, seed in set(ends)
        }
        return items, [item + after[end] for item, end in zip(items, ends, strict=True)]

    def _items(self, rows: list[int], items: list[str]) -> None:
        run, originals = self.run, self.said["original"]
        new: list[int] = []
        done: set[str] = set()
        for n in run.settled.lacking(items):
            at, item = rows[n], items[n]
            if item in done:
                continue
            _, axis, tier = self.places[at]
            if tier and axis == "paired" and originals[at] is None:
                if item not in run.items:
                    said = {role: self.said[role][at] for role in OF_ITEM}
                    said |= {role: self._later(role, [at])[0] for role in LATER}
                    row = self.chunk.rows[at]
                    self.table.make_item(run, item, said, self.key.task, True, row)
                continue
            done.add(item)
            new.append(n)
        if new:
            for item in done & run.items.keys():
                del run.items[item]
            self._settled(self.chunk.take(rows, new), self.chunk.take(items, new))

    def _settled(self, rows: list[int], items: list[str]) -> None:
        """Add items whose untouched input is known, as `LongTable.make_item` does."""
        take, said, table = self.chunk.take, self.said, self.table
        for item in items:
            self.run.settled.add(item)
        changed = [tier > 0 and axis == "paired" for _, axis, tier in take(self.places, rows)]
        untouched = [
            original if is_changed or original else text
            for is_changed, original, text in zip(
                changed, self._later("original", rows), take(said["input"], rows), strict=True
            )
        ]
        messages = [
            None if is_changed else values.as_json(one)
            for is_changed, one in zip(changed, self._later("messages", rows), strict=True)
        ]
        choices = self._later("choices", rows)
        references = [
            None if values.is_null(one) else one for one in self._later("reference", rows)
        ]
        hashes = list(map(table.content_hash, untouched, choices, references))
        task = self.key.task
        sets = [one or task for one in take(said["items"], rows)]
        attributes = [
            table.attributes_of(split, self.chunk.rows[at])
            for split, at in zip(take(said["split"], rows), rows, strict=True)
        ]
        columns = [
            items, sets, [task] * len(rows), untouched, messages,
            list(map(values.as_json, choices)), list(map(values.as_json, references)),
            take(said["domain"], rows), take(said["group"], rows), attributes, hashes,
        ]  # fmt: skip
        self.run.rows["items"].append(_arrow("items", columns))

    def _later(self, role: str, rows: list[int]) -> Column:
        column = self.chunk.take(self.said[role], rows)
        if self.said[role] is self.chunk.none:
            return column
        return [None if one is None else CONVERTERS[role](one) for one in column]

    def _variants(
        self, rows: list[int], items: list[str], variants: list[str], numbers: list[int]
    ) -> None:
        first = self.run.variants.add(list(map(hash, variants)), numbers).tolist()
        new = [n for n, number in enumerate(numbers) if first[n] == number]
        if not new:
            return
        said, at, variants = self.said, self.chunk.take(rows, new), self.chunk.take(variants, new)
        places = [self.places[one] for one in at]
        tiers = [place[2] for place in places]
        inputs = said["input"]
        columns = [
            variants, self.chunk.take(items, new),
            [place[0] for place in places], [place[1] for place in places], tiers,
            *([said[role][one] if tier else None for one, tier in zip(at, tiers, strict=True)]
              for role in ("strength", "unit", "seed")),
            [inputs[one] if tier and axis == "paired" else None
             for one, (_, axis, tier) in zip(at, places, strict=True)],
            self._attributes(at),
        ]  # fmt: skip
        self.run.rows["variants"].append(_arrow("variants", columns))

    def _attributes(self, rows: list[int]) -> Column:
        getters = self.table.variant_attributes
        if not getters:
            return [None] * len(rows)
        return [values.as_json(kept(getters, self.chunk.rows[at])) for at in rows]

    def _outcomes(self, rows: list[int], variants: list[str], trials: list[int]) -> None:
        sign = self.table.sign
        said = {role: self.chunk.take(self.said[role], rows) for role in OF_OUTCOME}
        scores, corrects = said["score"], said["correct"]
        if self.table.mapping.grade == "exact":
            texts = (said[role] for role in ("answer", "output", "reference"))
            corrects = [
                graded(*given) if score is None and correct is None else correct
                for score, correct, *given in zip(scores, corrects, *texts, strict=True)
            ]
        keys = list(zip(said["status"], map(bool, said["error"]), scores, corrects, strict=True))
        known = {key: earned(*key, sign) for key in set(keys)}
        status, score, correct = zip(*map(known.__getitem__, keys), strict=True)
        columns = [variants, trials, status, said["output"], said["answer"], score, correct]
        columns += [said[role] for role in OF_OUTCOME[-6:]]
        self.table.n_outcomes += len(rows)
        self.run.rows["outcomes"].append(_arrow("outcomes", columns))
        self._scores(rows, variants, trials, score)

    def _scores(
        self, rows: list[int], variants: list[str], trials: list[int], scores: Sequence[Any]
    ) -> None:
        why, measures = self.said["explanation"], self.chunk.measures
        if why is self.chunk.none and not measures:
            return
        target, explained = self.run.rows["scores"], self.table.why
        for at, variant, trial, score in zip(rows, variants, trials, scores, strict=True):
            if why[at] is not None:
                target.append((variant, trial, "score", score, why[at]))
            for name, column in measures.items():
                if column[at] is not None:
                    row = self.chunk.rows[at]
                    text = values.text(explained[name](row)) if name in explained else None
                    target.append((variant, trial, name, column[at], text))


def _run_key(model: str, task: str, revision: str | None) -> "RunKey":
    from stresslab.readers._kind import RunKey

    return RunKey(model, task, revision)


def _arrow(table: str, columns: Sequence[Any]) -> "pa.Table":
    import pyarrow as pa

    schema = nouns.arrow_schema(table)
    arrays = [pa.array(one, type=field.type) for one, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)

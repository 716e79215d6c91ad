"""Read a chunk of rows column by column; a row that is odd in any way is read by itself."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab import nouns
from stresslab.readers import _values as values
from stresslab.readers._column_values import FEW, Column, mixed, objects
from stresslab.readers._roles import CONVERTERS, RUN, earned, graded
from stresslab.readers._turned import LATER, Columns, TurnedColumns
from stresslab.store.scan import Chunk, ColumnChunk

if TYPE_CHECKING:
    import pyarrow as pa

    from stresslab.readers._kind import RunKey
    from stresslab.readers._rows import LongTable, RunRows

OF_ITEM = ("items", "item", "domain", "group", "split", "input", *LATER)
OF_OUTCOME = ("status", "reference", "output", "answer", "score", "correct", "confidence", "probs",
              "error", "latency_s", "tokens_in", "tokens_out")  # fmt: skip


def add_columns(
    table: "LongTable", given: Chunk, turned: "TurnedColumns | None" = None
) -> "TurnedColumns | None":
    """Add rows to a table, with the results and rejects that `LongTable.add_row` gives.

    Parameters
    ----------
    table : LongTable
        Keeps what the rows say.
    given : Chunk
        Numbered rows; of `Columns` some fields stand beside them.
    turned : TurnedColumns, optional
        Columns of the same rows as another model of a wide table had them: what comes from the
        same source is not turned again.

    Returns
    -------
    TurnedColumns or None
        Columns that may be handed on with the same rows; None where a row was odd.
    """
    rows = given if isinstance(given, Columns | ColumnChunk) else Columns(given.rows)
    n, numbers = rows.n_rows, rows.numbers

    def one_by_one(low: int, high: int) -> None:
        for at in range(low, high):
            table.add_row(numbers[at], rows.row(at))

    if n <= FEW:
        one_by_one(0, n)
        return turned
    chunk = TurnedColumns(table, rows, turned)
    start = 0
    for at in [*sorted(chunk.odd), n]:
        if at - start <= FEW:
            one_by_one(start, at)
        else:
            _place(chunk, start, at)
        one_by_one(at, min(at + 1, n))
        start = at + 1
    return turned if chunk.odd else turned or chunk


def _place(chunk: TurnedColumns, low: int, high: int) -> None:
    """Add the rows of a stretch without odd ones."""
    said = chunk.said
    keys = list(zip(*(said[role][low:high] for role in RUN), strict=True))
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
        repeats += _OfRun(chunk, key, chunk.table.runs[key]).add(mine)
    for at, run, reason in sorted(repeats, key=lambda one: one[0]):
        chunk.table.reject_row(run, chunk.numbers[at], chunk.given.row(at), {"": reason})


class _OfRun:
    """The rows of a stretch that belong to one run."""

    def __init__(self, chunk: TurnedColumns, key: "RunKey", run: "RunRows") -> None:
        self.chunk, self.table, self.key, self.run = chunk, chunk.table, key, run
        self.said, self.places = chunk.said, chunk.places

    def add(self, rows: list[int]) -> "list[tuple[int, RunKey, str]]":
        """Add rows; return the places, keys and reasons of those that repeat another."""
        items, variants = self._once("ids", rows, partial(self._ids, rows))
        trials = [trial or 0 for trial in self.chunk.take(self.said["trial"], rows)]
        numbers = self.chunk.take(self.chunk.numbers, rows)
        pairs = partial(zip, variants, trials, strict=True)
        keys = self._once("keys", rows, lambda: np.array(list(map(hash, pairs())), np.int64))
        first = self.run.seen.add(keys, numbers)
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

    def _once(self, what: str, rows: list[int], make: Callable[[], Any]) -> Any:
        """Return what is made of some rows, or what was made of them for another model."""
        if rows[-1] - rows[0] + 1 != len(rows):
            return make()
        key = (what, self.key.task, rows[0], rows[-1])
        if key not in self.chunk.made:
            self.chunk.made[key] = make()
        return self.chunk.made[key]

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
        run = self.run
        hashes = self._once("items", rows, lambda: np.array(list(map(hash, items)), np.int64))
        lacking = run.settled.lacking(items, hashes)
        if lacking and not self._once("plain", rows, partial(self._is_plain, rows, items)):
            lacking = self._known(lacking, rows, items)
        if lacking:
            rows, items = self.chunk.take(rows, lacking), self.chunk.take(items, lacking)
            for item in run.items.keys() & set(items) if run.items else ():
                del run.items[item]
            run.settled.update(items, hashes[lacking])
            made = self._once("new items", rows, partial(self._settled, rows, items))
            run.rows["items"].append(made)

    def _is_plain(self, rows: list[int], items: list[str]) -> bool:
        """Return whether all items are different, and the untouched input of each is known."""
        return len(set(items)) == len(items) and not any(map(self._waits, rows))

    def _waits(self, at: int) -> bool:
        """Return whether a row is of a changed input and does not say what the untouched was."""
        _, axis, tier = self.places[at]
        return tier > 0 and axis == "paired" and values.text(self.said["original"][at]) is None

    def _known(self, lacking: list[int], rows: list[int], items: list[str]) -> list[int]:
        """Return those places of items that say the untouched input first; hold the others back."""
        done: dict[str, int] = {}
        for n in lacking:
            at, item = rows[n], items[n]
            if item in done:
                continue
            if not self._waits(at):
                done[item] = n
            elif item not in self.run.items:
                said = {role: self.said[role][at] for role in OF_ITEM}
                later = [(role, said[role]) for role in LATER if said[role] is not None]
                said |= {role: CONVERTERS[role](one) for role, one in later}
                row = self.chunk.given.row(at)
                self.table.make_item(self.run, item, said, self.key.task, True, row)
        return list(done.values())

    def _settled(self, rows: list[int], items: list[str]) -> "pa.Table":
        """Return items whose untouched input is known, as `LongTable.make_item` does."""
        take, said, table = self.chunk.take, self.said, self.table
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
            None if values.is_empty(one) else one for one in self._later("reference", rows)
        ]
        # of the first run nothing can have been hashed before
        make = nouns.content_hash if len(table.runs) == 1 else table.content_hash
        hashes = list(map(make, untouched, choices, references))
        task = self.key.task
        sets = [one or task for one in take(said["items"], rows)]
        attributes = self._attributes(rows)
        columns = [
            items, sets, [task] * len(rows), untouched, messages,
            list(map(values.as_json, choices)), list(map(values.as_json, references)),
            take(said["domain"], rows), take(said["group"], rows), attributes, hashes,
        ]  # fmt: skip
        return _arrow("items", columns)

    def _later(self, role: str, rows: list[int]) -> Column:
        column = self.chunk.take(self.said[role], rows)
        if self.said[role] is self.chunk.none:
            return column
        return [None if one is None else CONVERTERS[role](one) for one in column]

    def _variants(
        self, rows: list[int], items: list[str], variants: list[str], numbers: list[int]
    ) -> None:
        keys = self._once("variants", rows, lambda: np.array(list(map(hash, variants)), np.int64))
        first = self.run.variants.add(keys, numbers).tolist()
        new = [n for n, number in enumerate(numbers) if first[n] == number]
        if new:
            at, names = self.chunk.take(rows, new), self.chunk.take(variants, new)
            of = self.chunk.take(items, new)
            made = self._once("new variants", at, partial(self._new_variants, at, names, of))
            self.run.rows["variants"].append(made)

    def _new_variants(self, at: list[int], variants: list[str], items: list[str]) -> "pa.Table":
        said = self.said
        places = [self.places[one] for one in at]
        tiers = [place[2] for place in places]
        inputs = said["input"]
        columns = [
            variants, items, [place[0] for place in places], [place[1] for place in places], tiers,
            *([said[role][one] if tier else None for one, tier in zip(at, tiers, strict=True)]
              for role in ("strength", "unit", "seed")),
            [inputs[one] if tier and axis == "paired" else None
             for one, (_, axis, tier) in zip(at, places, strict=True)],
            objects(self._taken("variants", at), len(at)),
        ]  # fmt: skip
        return _arrow("variants", columns)

    def _attributes(self, rows: list[int]) -> Column:
        """Return the attributes of items as JSON, with the split where there is one."""
        found, split = self._taken("items", rows), self.chunk.take(self.said["split"], rows)
        if "split" not in found or not any(split):
            return objects(found, len(rows), {"split": split} if any(split) else None)
        make, row = self.table.attributes_of, self.chunk.given.row
        return [make(one, row(at)) for one, at in zip(split, rows, strict=True)]

    def _taken(self, kind: str, rows: list[int]) -> dict[str, Column]:
        take = self.chunk.take
        return {name: take(one, rows) for name, one in self.chunk.attributes(kind).items()}

    def _outcomes(self, rows: list[int], variants: list[str], trials: list[int]) -> None:
        sign = self.table.sign
        said = {role: self.chunk.take(self.said[role], rows) for role in OF_OUTCOME}
        scores, corrects = said["score"], said["correct"]
        if self.table.mapping.grade == "exact":
            texts = (said[role] for role in ("answer", "output", "reference"))
            known: dict[tuple[str, ...], int | None] = {}
            corrects = [
                _graded(given, known) if score is None and correct is None else correct
                for score, correct, *given in zip(scores, corrects, *texts, strict=True)
            ]
        keys = list(zip(said["status"], map(bool, said["error"]), scores, corrects, strict=True))
        made = {key: earned(*key, sign) for key in set(keys)}
        status, score, correct = zip(*[made[key] for key in keys], strict=True)
        columns = [variants, trials, status, said["output"], said["answer"], score, correct]
        columns += [said[role] for role in OF_OUTCOME[-6:]]
        self.table.n_outcomes += len(rows)
        self.run.rows["outcomes"].append(_arrow("outcomes", columns))
        self._scores(rows, variants, trials, score)

    def _scores(
        self, rows: list[int], variants: list[str], trials: list[int], scores: Sequence[Any]
    ) -> None:
        take, measures = self.chunk.take, self.chunk.measures
        why = take(self.said["explanation"], rows)
        is_told = [one is not None for one in why]
        kinds = [("score", scores, why, is_told)] if any(is_told) else []
        for name, one in measures.items():
            column = take(one, rows)
            is_there = [value is not None for value in column]
            if any(is_there):
                told = map(values.text, take(self.chunk.why.get(name, self.chunk.none), rows))
                kinds.append((name, column, list(told), is_there))
        if not kinds:
            return
        names, found, told, there = zip(*kinds, strict=True)
        repeated = ([one for one in column for _ in kinds] for column in (variants, trials))
        columns = [*repeated, list(names) * len(rows), mixed(found), mixed(told)]
        is_kept = mixed(there)
        if not all(is_kept):
            columns = [list(compress(column, is_kept)) for column in columns]
        self.run.rows["scores"].append(_arrow("scores", columns))


def _graded(given: list[Any], known: dict[tuple[str, ...], int | None]) -> int | None:
    """Return whether an answer is a reference; of few different labels, each pair once."""
    if type(given[2]) is not str:
        return graded(*given)
    key = tuple(given)
    if key not in known:
        known[key] = graded(*given)
    return known[key]


def _run_key(model: str, task: str, revision: str | None, part: str | None) -> "RunKey":
    from stresslab.readers._kind import RunKey

    return RunKey(model, task, revision, part or "")


def _arrow(table: str, columns: Sequence[Any]) -> "pa.Table":
    import pyarrow as pa

    schema = nouns.arrow_schema(table)
    arrays = [
        pa.nulls(len(one), field.type) if _is_none(one) else pa.array(one, type=field.type)
        for one, field in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _is_none(column: Sequence[Any]) -> bool:
    return column[0] is None and column.count(None) == len(column)

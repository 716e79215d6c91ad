"""Turn a part of a file that was read as Arrow columns into the rows `LongTable` makes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab import nouns
from stresslab.readers._arrow_items import RowsOf, indices, items_of
from stresslab.readers._kind import RunKey
from stresslab.readers._part import NONE, OddError, Part, Said, Same, by_value, combined
from stresslab.readers._roles import RUN, graded

if TYPE_CHECKING:
    import pyarrow as pa

    from stresslab.readers._rows import LongTable, RunRows

Numbers = np.ndarray[Any, np.dtype[np.int64]]


def add_part(table: "LongTable", part: Part) -> bool:
    """Add rows to a table, with the results that `LongTable.add_row` gives.

    Returns
    -------
    bool
        False if a row is odd in any way: then nothing was added.
    """
    try:
        said = Said(part, table.mapping)
        runs = [_OfRun(table, said, key, rows) for key, rows in _runs(said)]
    except OddError:
        return False
    for run in runs:
        run.add()
    return True


def _runs(said: Said) -> list[tuple[RunKey, Numbers | None]]:
    """Return the runs in the order of their first rows, and their rows; None for all rows."""
    codes, keys = combined([said.roles[role] for role in RUN], said.n)
    if len(keys) == 1:
        return [(_key(*keys[0]), None)]
    rows = [np.flatnonzero(codes == code) for code in range(len(keys))]
    found = sorted(zip(keys, rows, strict=True), key=lambda one: int(one[1][0]))
    return [(_key(*key), mine) for key, mine in found]


def _key(model: str, task: str, revision: str | None, part: str | None) -> RunKey:
    return RunKey(model, task, revision, part or "")


class _OfRun(RowsOf):
    """The rows of a part that belong to one run; nothing is added before all can be.

    Raises
    ------
    OddError
        If a row is odd, or repeats another.
    """

    def __init__(self, table: "LongTable", whole: Said, key: RunKey, rows: Numbers | None) -> None:
        super().__init__(whole, key, rows)
        self.into = table
        self.items, self.variants = self._ids()
        self.item_names = self.items.to_pylist()
        is_one = self.variants is self.items
        self.names = self.item_names if is_one else self.variants.to_pylist()
        self.trials = self._trials()
        self.seen = np.fromiter(map(hash, zip(self.names, self.trials, strict=True)), np.int64)
        if len(np.unique(self.seen)) < self.n:
            raise OddError
        run = table.runs.get(key)
        if run is not None and run.seen.has(self.seen).any():
            raise OddError
        self.hashes = np.fromiter(map(hash, self.names), np.int64)
        of_items = self.hashes if is_one else np.fromiter(map(hash, self.item_names), np.int64)
        lacking = np.arange(self.n)
        if run is not None:
            lacking = np.array(run.settled.lacking(self.item_names, of_items), np.int64)
        known = _first(of_items, lacking[~self.waits[lacking]])
        waiting = _first(of_items, lacking[self.waits[lacking]])
        self.known = known, of_items[known]
        self.waiting = waiting[~np.isin(of_items[waiting], of_items[known])]
        self.made = [
            items_of(self.some(one), self.items.take(indices(one))) if len(one) else None
            for one in (known, self.waiting)
        ]
        self.of_variants = self.attributes("variants")

    def add(self) -> None:
        run = self.into.runs[self.key]
        run.seen.add(self.seen, self.numbers)
        self._add_items(run)
        self._add_variants(run)
        self._add_outcomes(run)

    def _ids(self) -> "tuple[pa.Array, pa.Array]":
        import pyarrow as pa
        import pyarrow.compute as pc

        sets, name = self.said["items"], self.said["item"]
        before = by_value(lambda one: nouns.item_id(one or self.key.task, ""), sets)
        before = before.value if isinstance(before, Same) else before
        name = self.full(name, pa.string())
        items = pc.binary_join_element_wise(before, name, "")
        if not self.tiers.any() and all(place[0] is None for place in self.places):
            return items, items
        codes = pa.array(self.ends)
        seed = self.said["seed"]
        back, ends = combined([codes, seed], self.n)
        after = [
            nouns.variant_id("", place[0], place[2], one if place[2] else None)
            for place, one in ((self.places[code], one) for code, one in ends)
        ]
        tails = pa.array(after).take(indices(back))
        return items, pc.binary_join_element_wise(items, tails, "")

    def _trials(self) -> list[int]:
        trial = self.said["trial"]
        if isinstance(trial, Same):
            return [trial.value or 0] * self.n
        return [one or 0 for one in trial.to_pylist()]

    def _add_items(self, run: "RunRows") -> None:
        (places, hashes), (known, waiting) = self.known, self.made
        if known is not None:
            names = [self.item_names[place] for place in places.tolist()]
            for item in run.items.keys() & set(names) if run.items else ():
                del run.items[item]
            run.settled.update(names, hashes)
            run.rows["items"].append(known)
        for row in waiting.to_pylist() if waiting is not None else ():
            run.items.setdefault(row["item_id"], tuple(row.values()))

    def _add_variants(self, run: "RunRows") -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        first = run.variants.add(self.hashes, self.numbers)
        new = np.flatnonzero(first == self.numbers)
        if not len(new):
            return
        said, ends, is_tier = self.said, indices(self.ends), pa.array(self.tiers > 0)
        kinds, axes = (
            pa.array([place[at] for place in self.places], pa.string()).take(ends) for at in (0, 1)
        )

        def told(role: str, kind: pa.DataType) -> pa.Array:
            if said[role] == NONE or not self.tiers.any():
                return pa.nulls(self.n, kind)
            return pc.if_else(is_tier, self.full(said[role], kind), None)

        changed = pa.nulls(self.n, pa.string())
        if self.changed.any():
            asked = self.full(said["input"], pa.string())
            changed = pc.if_else(pa.array(self.changed), asked, None)
        columns = [
            self.variants, self.items, kinds, axes, pa.array(self.tiers, pa.int16()),
            told("strength", pa.float64()), told("unit", pa.string()), told("seed", pa.int64()),
            changed, self.of_variants,
        ]  # fmt: skip
        run.rows["variants"].append(_some(self.table("variants", columns), new))

    def _add_outcomes(self, run: "RunRows") -> None:
        import pyarrow as pa

        status, score, correct = self._earned()
        said = self.said
        columns = [self.variants, pa.array(self.trials, pa.int32()), status, said["output"],
                   said["answer"], score, correct]  # fmt: skip
        columns += [said[role] for role in ("confidence", "probs", "error", "latency_s",
                                            "tokens_in", "tokens_out")]  # fmt: skip
        self.into.n_outcomes += self.n
        run.rows["outcomes"].append(self.table("outcomes", columns))
        self._add_scores(run, score)

    def _earned(self) -> "tuple[pa.Array, pa.Array, pa.Array]":
        """Return status, score and correct as `_roles.earned` does."""
        import pyarrow as pa
        import pyarrow.compute as pc

        said = self.said
        score = self.full(said["score"], pa.float64())
        correct = self.full(said["correct"], pa.int8())
        if self.into.mapping.grade == "exact":
            correct = self._graded(score, correct)
        score = pc.coalesce(score, correct.cast(pa.float64()))
        score = pc.multiply(score, -1.0) if self.into.sign < 0 else score
        if said["status"] == NONE and said["error"] == NONE:
            status = pc.if_else(score.is_null(), "unscored", "answered")
            is_scored = score.is_valid() if score.null_count else None
            return status, score, pc.if_else(is_scored, correct, None) if is_scored else correct
        error = self.full(said["error"], pa.string())
        has_error = pc.fill_null(pc.not_equal(error, ""), False)
        status = pc.if_else(has_error, "errored", "answered")
        status = pc.coalesce(self.full(said["status"], pa.string()), status)
        lacks = pc.and_(pc.equal(status, "answered"), score.is_null())
        status = pc.if_else(lacks, "unscored", status)
        is_given_up = pc.is_in(status, pa.array(["abstained", "refused"]))
        is_answered = pc.equal(status, "answered")
        score = pc.if_else(is_given_up, 0.0, pc.if_else(is_answered, score, None))
        return status, score, pc.if_else(is_answered, correct, None)

    def _graded(self, score: "pa.Array", correct: "pa.Array") -> "pa.Array":
        import pyarrow as pa
        import pyarrow.compute as pc

        codes, known = combined([self.said[role] for role in ("answer", "output", "reference")],
                                self.n)  # fmt: skip
        made = pa.array([graded(*one) for one in known], pa.int8()).take(indices(codes))
        is_open = pc.and_(score.is_null(), correct.is_null())
        return pc.if_else(is_open, made, correct)

    def _add_scores(self, run: "RunRows", score: "pa.Array") -> None:
        import pyarrow as pa

        text, number = pa.string(), pa.float64()
        kinds = []
        if self.said["explanation"] != NONE:
            why = self.full(self.said["explanation"], text)
            kinds.append(("score", score, why, why.is_valid()))
        for name, raw in self.all.measures.items():
            column = self.full(self.of(raw), number)
            if column.null_count < self.n:
                why = self.full(self.of(self.all.why.get(name, NONE)), text)
                kinds.append((name, column, why, column.is_valid()))
        if not kinds:
            return
        names, found, told, there = zip(*kinds, strict=True)
        n_kinds = len(kinds)
        mixed = indices(np.arange(n_kinds * self.n).reshape(n_kinds, self.n).T.ravel())
        again = indices(np.repeat(np.arange(self.n), n_kinds))
        every = pa.DictionaryArray.from_arrays(
            np.tile(np.arange(n_kinds, dtype=np.int32), self.n), list(names)
        )
        columns = [
            self.variants.take(again), pa.array(self.trials, pa.int32()).take(again),
            every.cast(text), *(pa.concat_arrays(one).take(mixed) for one in (found, told)),
        ]  # fmt: skip
        made = self.table("scores", columns)
        is_kept = pa.concat_arrays(there).take(mixed)
        run.rows["scores"].append(made.filter(is_kept) if is_kept.false_count else made)


def _some(table: "pa.Table", rows: Numbers) -> "pa.Table":
    return table if len(rows) == table.num_rows else table.take(indices(rows))


def _first(hashes: Numbers, rows: Numbers) -> Numbers:
    """Return those of some rows that are the first of their item."""
    found: Numbers = rows[np.sort(np.unique(hashes[rows], return_index=True)[1])]
    return found

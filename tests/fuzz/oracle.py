"""What must hold when a mutated file is read."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from stresslab.errors import StresslabError
from stresslab.jobs._walk import surest
from stresslab.readers import readers
from stresslab.readers._mapping import Mapping
from tests.fuzz.fixtures import Fixture
from tests.fuzz.mutations import Mutated
from tests.fuzz.units import HEADER, Units

Fact = tuple[str, str, str, str]
"""Table, run, id and the whole row as text."""

ALL_BEHIND = re.compile(
    r"no end|from here on|cannot be found|behind|cut off|by heads|whole|Unterminated|more, not kept"
)
"""Reasons that speak of all that stands behind a place."""


SUMMED = {"domainbed": "published"}
"""Tables a reader makes of all records together: one that changed may change every row."""

LONG_ID = 4

SNIFFED = 1 << 16
"""Bytes by which a reader recognises a file."""


VOTED = ("correct",)
"""What depends on every record of a file: whether all of its scores are 0 or 1."""


@dataclass
class Found:
    """What came of a file.

    Parameters
    ----------
    facts : set of tuple
        Every row.
    n_outcomes : int
        Rows of outcomes, ratings and published numbers.
    rejects : list of dict
        Rows of rejects.
    refused : str
        Why the whole file was refused.
    inputs : dict of str to str
        What each item asks, by its id.
    """

    facts: set[Fact] = field(default_factory=set)
    rows: Counter[str] = field(default_factory=Counter)
    rejects: list[dict] = field(default_factory=list)
    refused: str = ""
    inputs: dict[str, str] = field(default_factory=dict)


def read(fixture: Fixture, mapping: Mapping) -> Found:
    """Return the rows of a source as they are now."""
    found = Found()
    try:
        for batch in readers.get(fixture.reader).read(fixture.source, mapping):
            rows = batch.rows.to_pylist()
            if batch.table == "items":
                found.inputs |= {_name(one, ""): one["input"] for one in rows if one["input"]}
            found.rows[batch.table] += len(rows)
            if batch.table == "rejects":
                found.rejects += rows
            elif SUMMED.get(fixture.reader) != batch.table:
                left_out = VOTED if fixture.by_vote else ()
                found.facts |= set(_facts(batch.table, str(batch.run), rows, left_out))
    except StresslabError as error:
        found.refused = str(error) or type(error).__name__
    return found


def _facts(table: str, run: str, rows: list[dict], left_out: tuple[str, ...]) -> Iterator[Fact]:
    for row in rows:
        told = repr({key: row[key] for key in row if key not in left_out})
        yield table, run, _name(row, run), told


def _name(row: dict, run: str) -> str:
    name = row.get("item_id") or row.get("variant_id") or run
    return name.partition("#")[0].rpartition("/")[2]


class Oracle:
    """Knows what a fixture says, and what it would say without some of its units.

    Parameters
    ----------
    fixture : Fixture
        Is read at once; the mapping proposed for it is used ever after.
    """

    def __init__(self, fixture: Fixture) -> None:
        self.fixture, self.units = fixture, fixture.cut()
        self.mapping = readers.get(fixture.reader).propose(fixture.source)
        self.original = read(fixture, self.mapping)
        if self.original.refused or not self.original.facts:
            raise AssertionError(f"{fixture.name} must be readable: {self.original.refused}")
        written = self.units.content.decode("utf-8", "replace")
        asked = {name: json.dumps(text)[1:-1] for name, text in self.original.inputs.items()}
        self.shown = {
            name: text for name, text in asked.items() if name not in written and text in written
        }
        self._less: dict[frozenset[int], set[Fact]] = {}

    def restore(self) -> None:
        """Put the original back."""
        self.fixture.target.write_bytes(self.units.content)

    def independent(self, units: frozenset[int]) -> set[Fact]:
        """Return the rows that do not depend on some units."""
        if units not in self._less:
            self.fixture.target.write_bytes(self.units.without(units))
            self._less[units] = self.original.facts & read(self.fixture, self.mapping).facts
        return self._less[units] if units else self.original.facts

    def problems(self, mutated: Mutated) -> Iterator[str]:
        """Yield what does not hold of a mutated file."""
        is_voted_down = self.fixture.by_vote and 10 * len(mutated.touched) > self.units.n
        is_lost = mutated.header or is_voted_down
        expected = set() if is_lost else self.independent(mutated.touched)
        expected = self._apart_from_touched(expected, mutated)
        self.fixture.target.write_bytes(mutated.content)
        name = surest(self.fixture.source)
        if name is not None:
            with suppress(StresslabError):
                readers.get(name).propose(self.fixture.source)
        found = read(self.fixture, self.mapping)
        if (
            found.refused
            and str(self.fixture.source) not in found.refused
            and self.fixture.source.name not in found.refused
        ):
            yield f"told: refused without its name: {found.refused[:200]}"
        missing = expected - found.facts
        if missing and found.refused:
            yield f"kept: all refused, {len(missing)} rows with it: {found.refused[:200]}"
        elif missing:
            yield f"kept: {len(missing)} rows are missing, e.g. {sorted(missing)[0]}"
        grown = len(mutated.content) - len(self.units.content)
        is_new_start = 0 in mutated.touched and 2 * grown > SNIFFED
        second = mutated.content.split(b"\n", 2)[1:2]
        is_new_start = is_new_start or (0 in mutated.touched and not _is_whole(self.units, second))
        if expected and name != self.fixture.reader and not is_new_start:
            yield f"kept: claimed by {name}"
        yield from self._told(mutated, found)

    def _apart_from_touched(self, facts: set[Fact], mutated: Mutated) -> set[Fact]:
        """Return rows whose id stands in no touched unit, neither as it was nor as it is.

        An id that a reader makes of the input stands where the input does.
        """
        texts = b"\n".join([*(self.units.text(one) for one in mutated.touched), mutated.new])
        said = texts.decode("utf-8", "replace")
        touched = {
            one for one in {fact[2] for fact in facts} if _stands(self.shown.get(one, one), said)
        }
        return {fact for fact in facts if fact[2] not in touched}

    def _told(self, mutated: Mutated, found: Found) -> Iterator[str]:
        """Yield whether something is missing that no reject tells of."""
        if (
            self.units.kind == "whole"
            or found.refused
            or any(ALL_BEHIND.search(one["reason"]) for one in found.rejects)
        ):
            return
        present = _present(self.units, mutated)
        places = {one["line"] for one in found.rejects}
        kinds = ("outcomes", "ratings", "published", "traces")
        kept, before = (sum(one.rows[kind] for kind in kinds) for one in (found, self.original))
        ids = {fact[2] for fact in found.facts if fact[0] in kinds}
        n_kept = max(math.ceil(kept * self.units.n / max(before, 1)), len(ids))
        if n_kept + len(places) < present:
            yield f"told: {present} present, {kept} of {before} rows read, rejects at {sorted(places)[:9]}"


def _is_whole(units: Units, lines: list[bytes]) -> bool:
    """Return whether a line is one of the lines of the original."""
    return units.kind != "lines" or any(one in units.content.split(b"\n")[:-1] for one in lines)


def _stands(name: str, text: str) -> bool:
    """Return whether an id stands in a text: a short one as a word of its own.

    Of one that a reader joins with a dash, such as Pets-7007, the parts may stand apart.
    """
    parts = [name] if name in text else name.split("-")
    return all(
        one in text
        if len(one) >= LONG_ID
        else re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text) is not None
        for one in parts
    )


def _present(units: Units, mutated: Mutated) -> int:
    """Return how many units there are in a mutated file, at least."""
    untouched = units.n - len(mutated.touched)
    if mutated.header or mutated.lost or units.kind not in ("lines", "array"):
        return 0
    sizes = [units.text(one).count(b"\n") for one in range(units.n)]
    is_quoted = b'"' in mutated.content and not units.content.startswith(b"{")
    if units.kind == "array" or max(sizes, default=0) > 1 or is_quoted:
        return untouched  # a record may go over several lines
    n_header = sum(1 for _, _, unit in units.spans if unit == HEADER)
    n_lines = sum(1 for one in mutated.content.split(b"\n") if one.strip())
    return n_lines - n_header

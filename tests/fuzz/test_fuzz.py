"""Two thousand mutated files, and whether what looks at them would see a reader that fails."""

import json
import random

import pytest

from stresslab.readers import model_vs_human, readers
from tests.fuzz import oracle as watching
from tests.fuzz import units
from tests.fuzz.fixtures import fixtures
from tests.fuzz.mutations import applied, mutate
from tests.fuzz.oracle import Oracle
from tests.fuzz.run import fuzz

LINES = b"".join(b'{"id": %d}\n' % n for n in range(4))
ARRAY = json.dumps([{"id": n} for n in range(4)]).encode()


@pytest.mark.slow
def test_two_thousand_mutated_files_break_no_promise():
    found = fuzz(2_000)
    assert found.n == 2_000
    assert not found.problems, found.text()


def test_every_reader_has_a_fixture(tmp_path):
    there = {one.reader for one in fixtures(tmp_path)}
    assert set(readers.names()) <= there


def test_a_seed_makes_the_same_file_again():
    cut = units.lines(LINES)
    one, other = (mutate(cut, random.Random(7)) for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("begin", "end", "new", "touched"),
    [(3, 4, b"x", {0}), (9, 10, b"", {0, 1}), (9, 10, b"\n", {0}), (10, 10, b"x", {1})],
)
def test_a_line_is_touched_where_it_or_the_end_before_it_changed(begin, end, new, touched):
    made = applied(units.lines(LINES), [(begin, end, new)], "")
    assert made.touched == touched
    assert made.content == LINES[:begin] + new + LINES[end:]


def test_of_an_array_units_and_separators_are_known():
    cut = units.array(ARRAY)
    assert json.loads(cut.without({1, 3})) == [{"id": 0}, {"id": 2}]
    at = ARRAY.index(b", {")
    assert applied(cut, [(at, at + 1, b"x")], "").touched == {0, 1}
    at = ARRAY.index(b"1}")  # the end of the first is found by its brackets, not that of this
    assert applied(cut, [(2, 3, b"{{")], "").touched == {0, 1, 2, 3}
    at = ARRAY.index(b"2}") + 1
    assert applied(cut, [(at + 1, at + 2, b"x")], "").touched == {2, 3}


def fixture(folder, name):
    return next(one for one in fixtures(folder) if one.name == name)


def touched_once(oracle):
    """Return the file with one byte of its third unit changed."""
    start = next(start for start, _, unit in oracle.units.spans if unit == 2)
    return applied(oracle.units, [(start + 2, start + 3, b"\xff")], "")


@pytest.mark.parametrize("name", ["bbq", "model_vs_human", "livecodebench", "inspect zstd"])
def test_a_file_that_is_read_well_has_no_problems(tmp_path, name):
    oracle = Oracle(fixture(tmp_path, name))
    assert list(oracle.problems(touched_once(oracle))) == []


def without_a_row(found):
    found.facts -= {max(found.facts)}
    found.rows["outcomes"] -= 1


def without_a_reject(found):
    found.rejects.clear()


def with_another_score(found):
    one = max(found.facts)
    found.facts = found.facts - {one} | {(*one[:3], one[3].replace("1", "0"))}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(without_a_row, "kept"), (with_another_score, "kept"), (without_a_reject, "told")],
)
def test_a_reader_that_loses_or_misreads_a_row_is_seen(tmp_path, monkeypatch, spoil, said):
    oracle, read = Oracle(fixture(tmp_path, "model_vs_human")), watching.read
    mutated = applied(
        oracle.units, [(oracle.units.spans[3][0], oracle.units.spans[3][0] + 12, b"")], ""
    )

    def spoilt(*args):
        found = read(*args)
        spoil(found)
        return found

    oracle.independent(mutated.touched)
    monkeypatch.setattr(watching, "read", spoilt)
    assert [one[:4] for one in oracle.problems(mutated)] == [said]


def test_a_reader_that_crashes_is_not_caught_by_the_oracle(tmp_path, monkeypatch):
    oracle = Oracle(fixture(tmp_path, "model_vs_human"))

    def crash(*_):
        raise KeyError("subj")

    monkeypatch.setattr(model_vs_human, "_record", crash)
    with pytest.raises(KeyError):
        list(oracle.problems(touched_once(oracle)))


def test_an_id_made_of_the_input_stands_where_the_input_does(tmp_path):
    oracle = Oracle(fixture(tmp_path, "alpaca_eval outputs"))
    (first, *_), others = (
        sorted(oracle.shown.items(), key=lambda one: one[1]),
        oracle.original.facts,
    )
    start = next(start for start, _, unit in oracle.units.spans if unit == 2)
    mutated = applied(
        oracle.units, [(start, start, f'{{"instruction": "{first[1]}"}}, '.encode())], ""
    )
    kept = oracle._apart_from_touched(others, mutated)
    assert {one[2] for one in others - kept} >= {first[0]}
    assert kept

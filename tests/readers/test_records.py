"""The short ways past a walk through every value: equal to the walk for every row."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stresslab.readers import _records, _values
from stresslab.readers._records import MAX_DEPTH, in_chunks, tidied
from stresslab.store.scan import Reject

TEXTS = st.text(st.sampled_from('ab\\u0 "é😀\x00\ud800\udfff\n'), max_size=6)
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from([2**64, -(2**70)]), TEXTS
)
VALUES = st.recursive(
    PLAIN,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3),
    max_leaves=8,
)


def _nested(levels):
    value = "a"
    for _ in range(levels):
        value = [value]
    return value


@pytest.fixture(scope="module")
def walked():
    """Return what is made of a row when all of it is walked through."""

    def walk(row):
        row = copy.deepcopy(row)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_records, "_is_storable", lambda row: False)
            return tidied(row, "line 1"), row

    return walk


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_a_row_is_repaired_like_by_a_walk_through_all_of_it(walked, row):
    notes, made = walked(row)
    assert (tidied(row, "line 1"), repr(row)) == (notes, repr(made))


@pytest.mark.parametrize("levels", [1, MAX_DEPTH - 1, *range(MAX_DEPTH, MAX_DEPTH + 4), 300])
def test_values_are_left_out_at_the_same_depth(walked, levels):
    row = {"a": _nested(levels), "b": 1}
    notes, made = walked(row)
    assert (tidied(row, "line 1"), row) == (notes, made)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(TEXTS, TEXTS, max_size=3) | TEXTS | st.integers(), max_size=3))
def test_messages_are_written_as_json_writes_them(value):
    cleaned = _values.lenient.clean(json.dumps(value, ensure_ascii=False))
    assert _values.as_json(value) == cleaned


def test_a_chunk_that_was_handed_out_is_not_held(monkeypatch):
    import weakref

    monkeypatch.setattr(_records, "ROWS", 2)
    given = ((at, {"a": at}) if at != 3 else Reject("line 3", "", "bad", "") for at in range(5))
    seen = []
    for chunk in in_chunks(given, lambda: 7, "line"):
        seen.append((weakref.ref(chunk), len(chunk.rows), len(chunk.rejects), chunk.bytes_done))
        del chunk
        assert seen[-1][0]() is None or len(seen) == 3  # the last is the one being filled
    assert [one[1:] for one in seen] == [(2, 0, 7), (1, 1, 7), (1, 0, 7)]

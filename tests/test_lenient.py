import io
import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stresslab import lenient
from stresslab.lenient import Broken, JsonProblem, clean, loads, walk

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def parts(data, *arrays):
    return list(walk(io.BytesIO(data if isinstance(data, bytes) else data.encode()), arrays))


def test_nan_and_infinity_are_numbers():
    found = loads(b'{"a": NaN, "b": [-Infinity]}')
    assert math.isnan(found["a"])
    assert found["b"] == [-math.inf]


def test_wrong_bytes_become_marks_that_can_be_stored():
    assert clean(loads(b'{"a": "x\xffy\\u0000"}')["a"]) == "x�y�"


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, '{"a": ', "", "[1,]"])
def test_what_is_no_json_is_a_problem(text):
    with pytest.raises(JsonProblem):
        loads(text)


@pytest.mark.parametrize("block", [1, 3, 1 << 20])
@settings(max_examples=60, deadline=None)
@given(values=st.lists(VALUES, max_size=5))
def test_elements_come_one_by_one_wherever_the_blocks_end(block, values):
    before, lenient.BLOCK = lenient.BLOCK, block
    try:
        assert parts(json.dumps(values)) == [("", one) for one in values]
        nested = {"head": 1, "a": {"x": values, "tail": None}, "b": values}
        wanted = [("head", 1), *[("a.x", one) for one in values], ("a.tail", None), ("b", values)]
        assert parts(json.dumps(nested, indent=1), "a.x") == wanted
    finally:
        lenient.BLOCK = before


def test_one_broken_element_costs_only_itself():
    data = b'{"samples": [{"id": 1}, {"id": nope, "x": "a]}"}, {"id": 3}], "end": true}'
    [first, broken, third, end] = parts(data, "samples")
    assert (first, third, end) == (("samples", {"id": 1}), ("samples", {"id": 3}), ("end", True))
    assert broken[0] == "samples"
    assert isinstance(broken[1], Broken)
    assert broken[1].excerpt.startswith('{"id": nope')


def test_an_element_nested_too_deeply_costs_only_itself():
    deep = "[" * 5000 + "]" * 5000
    found = [value for _, value in parts(f"[1, {deep}, 2]")]
    assert found[0] == 1
    assert found[1].reason == "nested too deeply"
    assert found[2] == 2


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_cut_end_is_told_and_loses_nothing_before_it(cut):
    whole = b'{"version": 2, "samples": [{"id": 1, "x": "a\\"b"}, {"id": 2}]}'
    found = parts(whole[:-cut], "samples")
    kept = [value for _, value in found if not isinstance(value, Broken)]
    everything = [value for _, value in parts(whole, "samples")]
    assert kept == everything[: len(kept)]
    assert any(isinstance(value, Broken) for _, value in found)
    assert not any(isinstance(value, Broken) for _, value in parts(whole, "samples"))


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=60) | st.text('[]{}",:0an\\ ', max_size=40).map(str.encode))
def test_no_bytes_make_it_fail_or_hang(data):
    assert len(parts(data, "a")) <= len(data) + 2


def test_a_long_id_keeps_its_digits():
    assert loads('{"id": 123456789012345678901}') == {"id": 123456789012345678901}
    assert loads(b'{"id": 1234567890123456789}') == {"id": 1234567890123456789}


def of_array(text, arrays=()):
    return list(walk(io.BytesIO(text.encode()), arrays))


ITEMS = [{"id": n, "turns": [{"role": "user"}]} for n in range(5)]


@pytest.mark.parametrize("spoilt", ['"', "{", "[", "}", "]", '"id": [', "},", "]}", ']}],"x":{'])
def test_behind_a_broken_element_the_next_one_is_found_by_its_members(spoilt):
    texts = [json.dumps(one) for one in ITEMS]
    texts[2] = texts[2][:9] + spoilt + texts[2][9:]
    for before, path in (("", ""), ('{"all": ', "all")):
        whole = before + "[" + ", ".join(texts) + "]" + ("}" if before else "")
        found = of_array(whole, ("all",))
        assert [one for place, one in found if place == path and one in ITEMS] == [
            ITEMS[n] for n in (0, 1, 3, 4)
        ]
        assert any(isinstance(one, Broken) for _, one in found)


def test_what_stands_behind_the_end_is_told():
    [_, (_, behind)] = of_array('{"a": 1} tail')
    assert behind == Broken("stands behind the end; skipped", "tail")


def test_a_number_of_too_many_digits_costs_only_itself():
    found = [one for _, one in of_array("[1, %s, 3]" % ("9" * 5000))]
    assert found[::2] == [1, 3]
    assert "digits" in found[1].reason


@pytest.mark.parametrize("stray", [",", "}", ":", "},"])
def test_a_million_stray_characters_take_no_time(stray):
    start = time.process_time()
    found = of_array('[{"id": 1}, ' + stray * (500_000 // len(stray)) + '{"id": 2}]')
    assert [one for _, one in found if one in ({"id": 1}, {"id": 2})] == [{"id": 1}, {"id": 2}]
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("text", "is_number"),
    [
        (b"1234567890123456789", True), (b'{"a": -1234567890123456789}', True),
        (b'{"a":[1,1234567890123456789]}', True), (b'{"a": "1234567890123456789"}', False),
        (b'{"a": "0f1234567890123456789", "b": 0.1234567890123456789}', False),
        (b'{"a": 123456789012345678}', False),
    ],
)  # fmt: skip
def test_digits_of_a_text_are_no_long_number(text, is_number):
    assert lenient.has_long_number(text) == is_number

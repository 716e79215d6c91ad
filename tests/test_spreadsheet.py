"""Cells of a CSV file: harmless in a spreadsheet, and read back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stresslab.spreadsheet import FORMULA, cell, marked, uncell, unformula, unmarked

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.text(alphabet="'=+-@\t\r1a ", max_size=6))
def test_a_marked_text_is_harmless_and_comes_back(text):
    assert not marked(text).startswith(FORMULA)
    assert unmarked(marked(text)) == text
    assert marked(text) != ""


@given(JSON)
def test_a_value_comes_back_from_its_cell(value):
    assert uncell(cell(value)) == value
    assert value is None or isinstance(cell(value), str)


@pytest.mark.parametrize(
    "text", ["12", "true", "null", "NaN", '"a"', "[1]", "-1", " 1", "Infinity"]
)
def test_a_text_that_looks_like_json_stays_a_text(text):
    assert uncell(cell(text)) == text


def test_only_texts_are_marked():
    assert [unformula(one) for one in ("=1", -1, None, "a")] == ["'=1", -1, None, "a"]
    assert [marked(one) for one in (-1, None, "a", "")] == [-1, None, "a", "'"]

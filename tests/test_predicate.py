from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stresslab.errors import ConditionError
from stresslab.predicate import (
    KEYWORDS,
    MAX_POINTS,
    OPERATORS,
    And,
    Compare,
    Field,
    In,
    IsNull,
    Named,
    Not,
    Or,
    Within,
    all_of,
    fields_of,
    from_query,
    parse,
    to_query,
    to_text,
)

names = st.text("abcdefXYZ_09- é.\"'`", min_size=1, max_size=8) | st.sampled_from(sorted(KEYWORDS))
fields = st.builds(lambda parts: Field(tuple(parts)), st.lists(names, min_size=1, max_size=3))
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.text(max_size=12) | numbers | st.booleans()
comparisons = st.builds(
    Compare,
    fields,
    st.sampled_from([op for op in OPERATORS if op.isascii() and len(op) < 3]),
    values,
) | st.builds(Compare, fields, st.sampled_from(["contains", "matches"]), st.text(max_size=12))
corners = st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2)
leaves = (
    comparisons
    | st.builds(In, fields, st.lists(values, min_size=1, max_size=4).map(tuple))
    | st.builds(IsNull, fields)
    | st.builds(Named, st.text(min_size=1, max_size=8))
    | st.builds(Within, fields, st.lists(corners, min_size=3, max_size=6).map(tuple))
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(trees)
def test_every_tree_comes_back_from_its_text(tree):
    assert repr(parse(to_text(tree))) == repr(tree)


@settings(max_examples=100, deadline=None)
@given(trees)
def test_every_tree_comes_back_from_a_link(tree):
    link = urlencode({"where": to_query(tree)})
    assert repr(from_query(parse_qs(link)["where"][0])) == repr(tree)


@settings(max_examples=100, deadline=None)
@given(trees)
def test_the_printed_form_is_canonical(tree):
    assert to_text(parse(to_text(tree))) == to_text(tree)


pieces = st.sampled_from(
    [*KEYWORDS, *OPERATORS, "tier", "a", "1", "-", ".", "e9", '"', '"x"', "\\", "`", "(", ")", "[", "]", ",", " ", "\n", "é", "\ud800", "&&"]
)  # fmt: skip
garbage = (
    st.text(max_size=60)
    | st.lists(pieces, max_size=30).map("".join)
    | st.lists(pieces, max_size=30).map(" ".join)
)


@settings(max_examples=500, deadline=None)
@given(garbage)
def test_garbage_raises_nothing_but_a_condition_error(text):
    try:
        tree = parse(text)
    except ConditionError:
        return
    assert tree is None or repr(parse(to_text(tree))) == repr(tree)


def test_blank_text_is_no_condition():
    assert parse(" \n ") is None
    assert to_query(None) == ""


def test_and_binds_tighter_than_or_and_not_tighter_than_and():
    a, b, c = (Compare(Field((name,)), "=", 1) for name in "abc")
    assert parse("a = 1 or b = 1 and not c = 1") == Or((a, And((b, Not(c)))))


def test_the_example_of_the_readme_reads_as_four_parts():
    tree = parse(
        'domain in ("tweets", "nyt") and tier >= 3 and confidence > 0.9 and output contains "I cannot"'
    )
    assert isinstance(tree, And)
    assert [field.parts for field in fields_of(tree)] == [
        ("domain",), ("tier",), ("confidence",), ("output",),
    ]  # fmt: skip


def test_key_words_are_not_case_sensitive():
    assert parse("a IS NOT NULL AND b NOT IN (1)") == parse("a is not null and b not in (1)")


def test_numbers_keep_their_kind():
    assert parse("a = 1").value == 1
    assert isinstance(parse("a = 1").value, int)
    assert isinstance(parse("a = 1.0").value, float)
    assert parse("a = -2.5e-3").value == -0.0025


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a == 1", "expected ="),
        ("a = 'x'", "double quotation marks"),
        ('a = "x', "closing quotation mark"),
        ("`a = 1", "closing back-tick"),
        ("(a = 1", r"expected '\)'"),
        ("a like 3", "expected contains"),
        ("a = 1 b", '"and", "or" or the end'),
        ("a contains 3", "contains needs a text"),
        ("a is 3", "null"),
        ("and", "name of a column"),
        ("a in ()", "expected a value"),
        ("within(a, [[0, 1], [1, 1]])", "3 to 200 corners"),
        ("a = tweets", r'write "tweets" in double quotation marks'),
        ("a = null", "is null"),
        ('"domain" = 1', "without quotation marks"),
        ("a contain 3", "expected contains"),
        ('a mathces "x"', "expected matches"),
        ("a =< 3", "expected <="),
        ("a = 1 && b = 2", 'expected "and"'),
        ("a = 1 adn b = 2", 'expected "and"'),
        ("!(a = 1)", "expected not"),
        ("withn(a, [])", "only within"),
        ("größe = 1", "back-ticks"),
        ("a = 1e999", "1.7e308"),
        (f"a = {2**63}", "64 bits"),
        (f"a = {'9' * 5000}", "64 bits"),
        (r'a = "\ud800"', "half a character"),
        (r'a matches "\d"', "unknown escape"),
        ("(" * 200 + "a = 1" + ")" * 200, "may be nested"),
        ("not " * 500 + "a = 1", "may be nested"),
        ("a = 1 or " * 5000 + "a = 1", "20000 characters"),
    ],
)
def test_errors_say_what_was_expected(text, message):
    with pytest.raises(ConditionError, match=message):
        parse(text)


def test_a_hundred_parentheses_may_be_nested_and_no_more():
    assert parse("(" * 100 + "a = 1" + ")" * 100) == parse("a = 1")
    with pytest.raises(ConditionError, match="at most 100"):
        parse("(" * 101 + "a = 1" + ")" * 101)


def test_what_parses_still_parses_when_written_out():
    text = "a in (" + ",".join("1" * 9_990) + ")"
    with pytest.raises(ConditionError, match="written out, has 29975"):
        parse(text)


def test_numbers_of_numpy_are_written_as_numbers():
    text = to_text(In(Field(("tier",)), (np.int64(3), np.float64(0.5), np.True_)))
    assert text == "tier in (3, 0.5, true)"


def test_a_number_that_is_not_finite_has_no_text():
    with pytest.raises(ConditionError, match="finite"):
        to_text(Compare(Field(("score",)), ">", float("nan")))


def test_a_back_tick_in_a_name_is_doubled():
    assert parse("`a``b`.c = 1") == Compare(Field(("a`b", "c")), "=", 1)


def test_one_and_true_are_two_conditions():
    both = all_of(parse("a = 1"), parse("a = true"))
    assert to_text(both) == "a = 1 and a = true"


def test_the_caret_stands_under_the_wrong_character():
    with pytest.raises(ConditionError) as caught:
        parse("tier >> 3")
    lines = str(caught.value).splitlines()
    assert lines[1][len(lines[2]) - 1] == ">"
    assert "character 7" in lines[0]


def test_a_polygon_has_at_most_200_corners():
    corners = ", ".join(f"[{i}, {i * i}]" for i in range(MAX_POINTS + 1))
    with pytest.raises(ConditionError, match="not 201"):
        parse(f"within(derived.umap, [{corners}])")


def test_a_pattern_has_a_length_cap():
    with pytest.raises(ConditionError, match="not 1001"):
        parse(f'output matches "{"a" * 1001}"')


def test_all_of_flattens_and_drops_repetitions():
    a, b = parse("a = 1"), parse("b = 1")
    assert all_of(None, a, And((a, b))) == And((a, b))
    assert all_of(a, a) == a
    assert all_of(None) is None

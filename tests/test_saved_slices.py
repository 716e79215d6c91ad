"""Saved slices in conditions: put in by name, never in a circle, never longer than allowed."""

import pytest

from stresslab.errors import ConditionError
from stresslab.params import Params
from stresslab.predicate import parse
from stresslab.saved_slices import expand, expand_params, expand_text, names_in, users_of

SAVED = {
    "late": "tier >= 2",
    "hard": 'slice("late") or domain = "x"',
    "both": 'slice("hard") and not slice("late")',
    "me": 'not slice("me")',
    "one": 'slice("two")',
    "two": 'slice("one")',
    "bad": "tier >=",
    "lost": 'slice("latte")',
}


def expanded(text, saved=SAVED):
    return expand(parse(text), saved)


def test_slices_are_put_in_at_every_depth_and_keep_their_parentheses():
    assert expanded('slice("hard") and tier = 1') == parse(
        '(tier >= 2 or domain = "x") and tier = 1'
    )
    assert expanded('slice("both")') == parse('(tier >= 2 or domain = "x") and not tier >= 2')


def test_other_conditions_come_back_as_they_were_written():
    text = 'domain="slice"  AND  `slice` = 1'
    assert expand_text(text, SAVED) == text
    assert names_in(parse('slice = "late"')) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('slice("me")', "me -> me"),
        ('slice("one")', "one -> two -> one"),
        ('slice("lat")', "Did you mean: late"),
        ('slice("lost")', "which slice 'lost' names"),
        ('slice("bad")', "'bad' cannot be read"),
        ("slice(late)", "double quotation marks"),
        ("slice()", "expected a value"),
    ],
)
def test_what_cannot_be_put_in_is_named(text, message):
    with pytest.raises(ConditionError, match=message):
        expanded(text)


def test_slices_that_double_each_other_stay_within_the_length_of_a_condition():
    saved = {"s0": "tier >= 2"}
    saved |= {f"s{k}": f'slice("s{k - 1}") and not slice("s{k - 1}")' for k in range(1, 60)}
    with pytest.raises(ConditionError, match="20000 characters"):
        expanded('slice("s59")', saved)


def test_settings_are_expanded_before_they_are_compared_or_cached():
    params = Params(where='slice("late") and domain = "y"')
    assert expand_params(params, SAVED).where == 'tier >= 2 and domain = "y"'
    plain = Params(where="tier = 1")
    assert expand_params(plain, SAVED) is plain


def test_who_names_a_slice_is_known():
    assert users_of("late", SAVED) == ["hard", "both"]

import math

import pytest

from stresslab.errors import ShapeError
from stresslab.gaps.segments import edit_distance, edit_score, segments


def test_repeats_are_one_segment_and_lengths_do_not_matter():
    assert segments("AABBBA") == ["A", "B", "A"]
    assert edit_score("AAB", "ABB") == 100


def test_a_needless_segment_costs_its_share():
    assert edit_score("AAAA", "ABAA") == pytest.approx(100 * (1 - 2 / 3))


def test_the_distance_is_a_distance():
    assert edit_distance("kitten", "sitting") == edit_distance("sitting", "kitten") == 3
    assert edit_distance("abc", "abc") == 0
    assert edit_distance("", "abc") == 3


def test_lengths_must_agree_and_nothing_is_unknown():
    with pytest.raises(ShapeError, match="2 and 1"):
        edit_score("AB", "A")
    assert math.isnan(edit_score("", ""))

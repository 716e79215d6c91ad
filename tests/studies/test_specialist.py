"""The parts study 46 is made of: texts, training alike, where a benefit ends, what it refuses."""

import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.studies import _specialist_tables as tables
from stresslab.studies._specialist_world import (
    check_apart,
    draw,
    features,
    fit_updates,
    general,
    together,
)


def test_a_text_on_both_sides_is_refused():
    own = draw("own", "broad", "factual", 20)
    check_apart(own, draw("test", "broad", "factual", 20))
    with pytest.raises(ShapeError, match="own broad factual 00000"):
        check_apart(own, own.first(3))


def test_fewer_texts_are_the_first_of_more():
    few, many = (draw("own", "narrow", "reasoning", n) for n in (10, 40))
    assert few.words.tolist() == many.first(10).words.tolist()
    assert few.label.tolist() == many.first(10).label.tolist()


def test_only_facts_are_told_the_wrong_way():
    right, wrong = general(300, 0.0), general(300, 0.5)
    changed = right.label != wrong.label
    assert set(right.skill[changed]) == {"factual"}
    assert 30 < changed.sum() < 70


def test_as_many_updates_are_the_same_model_again():
    texts = together([draw("own", "broad", "understanding", 50), general(90, 0.0)])
    asked = features(draw("test", "broad", "understanding", 30))
    first, again = (fit_updates(texts).decision_function(asked) for _ in range(2))
    assert first.tolist() == again.tolist()
    assert first.std() > 0


def test_where_a_benefit_ends_is_known_or_infinite():
    sizes = np.array([10.0, 100.0, 1000.0])
    assert tables._end(sizes, np.array([0.04, 0.01, -0.01])) == pytest.approx(10**2.5)
    assert tables._end(sizes, np.array([0.04, 0.03, 0.02])) == np.inf
    assert tables._end(sizes, np.array([-0.04, -0.03, -0.02])) == 10


def test_an_infinite_end_is_not_averaged_away():
    drawn = np.array([5.0, *np.linspace(1, 9, 90), *[np.inf] * 10])
    found = tables._interval("worth", drawn)
    assert found["worth"] == 5
    assert 1 <= found["worth_low"] < 2
    assert found["worth_high"] == np.inf

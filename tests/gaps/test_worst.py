import numpy as np
import pytest

from stresslab.errors import TooFewRowsError
from stresslab.gaps.worst import level_of_each, worst
from stresslab.stats.intervals import wilson


def test_one_group_has_its_own_interval():
    found = worst(np.array([0.4]), np.array([0.3]), np.array([0.5]))
    assert (found.place, found.value, found.low, found.high) == (0, 0.4, 0.3, 0.5)
    assert level_of_each(0.95, 1) == pytest.approx(0.95)


def test_a_wide_group_may_be_worse_than_the_one_that_looks_worst():
    found = worst(np.array([0.5, 0.4, 0.9]), np.array([0.1, 0.35, 0.8]), np.array([0.9, 0.45, 1]))
    assert (found.place, found.low, found.high) == (1, 0.1, 0.45)
    assert list(found.candidates) == [True, True, False]


def test_where_smaller_is_better_the_largest_is_worst():
    found = worst(np.array([0.2, 0.6]), np.array([0.1, 0.5]), np.array([0.3, 0.7]),
                  larger_is_better=False)  # fmt: skip
    assert (found.place, found.value, found.low, found.high) == (1, 0.6, 0.5, 0.7)


def test_without_any_value_there_is_no_worst_group():
    with pytest.raises(TooFewRowsError):
        worst(np.array([np.nan]), np.array([np.nan]), np.array([np.nan]))


def test_the_interval_covers_the_worst_of_equal_groups_where_a_plain_one_does_not():
    rng = np.random.default_rng(0)
    right = rng.binomial(200, 0.7, size=(1000, 12))
    strict = wilson(right, 200, level_of_each(0.95, 12))
    plain = wilson(right.min(axis=1), 200)
    found = [worst(*one) for one in zip(strict.value, strict.low, strict.high, strict=True)]
    covered = np.mean([one.low <= 0.7 <= one.high for one in found])
    assert covered > 0.93
    assert np.mean((plain.low <= 0.7) & (plain.high >= 0.7)) < 0.85

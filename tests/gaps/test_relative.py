import numpy as np
import pytest

from stresslab.gaps.relative import ratio_interval
from stresslab.stats.intervals import wilson


def test_a_sure_divisor_only_scales():
    value, low, high = ratio_interval(0.4, 0.3, 0.6, 0.8, 0.8, 0.8)
    assert (value, low, high) == pytest.approx((0.5, 0.375, 0.75))


def test_nothing_above_the_line_starts_at_zero():
    value, low, high = ratio_interval(0.0, 0.0, 0.1, 0.5, 0.4, 0.6)
    assert (value, low) == (0, 0)
    assert high > 0.2


@pytest.mark.parametrize("by", [0.0, np.nan])
def test_a_quotient_by_nothing_is_unknown(by):
    assert np.isnan(ratio_interval(0.4, 0.3, 0.5, by, 0.0, 0.1)).all()


def test_a_divisor_that_may_be_zero_leaves_the_upper_end_open():
    value, low, high = ratio_interval(0.4, 0.3, 0.5, 0.1, 0.0, 0.2)
    assert value == pytest.approx(4)
    assert low > 1.5
    assert np.isnan(high)


def test_it_covers_the_quotient_of_two_shares():
    rng = np.random.default_rng(0)
    a, b = (wilson(rng.binomial(200, p, 4000), 200) for p in (0.5, 0.8))
    _, low, high = ratio_interval(a.value, a.low, a.high, b.value, b.low, b.high)
    covered = ((low <= 0.625) & (high >= 0.625)).mean()
    assert 0.935 <= covered <= 0.97

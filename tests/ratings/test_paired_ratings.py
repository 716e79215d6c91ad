import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from stresslab.errors import TooFewRowsError
from stresslab.ratings.paired_ratings import (
    detectable,
    paired_ratings,
    partial_correlation,
    position_balance,
    power_of_t,
    prompts_needed,
)
from stresslab.ratings.reliability import reliability


@pytest.fixture
def pair():
    rng = np.random.default_rng(3)
    return rng.normal(7, 2, 30), rng.normal(6, 2, 30)


def test_the_t_test_and_wilcoxon_are_those_of_scipy(pair):
    found = paired_ratings(*pair)
    assert found.p_t == pytest.approx(stats.ttest_rel(*pair).pvalue, abs=1e-12)
    theirs = stats.wilcoxon(*pair, zero_method="pratt", method="asymptotic").pvalue
    assert found.p_wilcoxon == pytest.approx(theirs, abs=1e-12)
    low, high = stats.ttest_rel(*pair).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-10)


def test_power_and_size_are_those_of_statsmodels():
    power = TTestPower()
    for d_z, n in ((0.3, 20), (0.7, 18), (1.2, 6)):
        theirs = power.power(d_z, n, 0.05)
        assert power_of_t(d_z, n) == pytest.approx(theirs, abs=1e-8)
        assert power_of_t(-d_z, n) == pytest.approx(theirs, abs=1e-8)
    theirs = power.solve_power(None, nobs=18, alpha=0.05, power=0.8)
    assert detectable(18) == pytest.approx(theirs, abs=1e-6)
    n = prompts_needed(0.4)
    assert power_of_t(0.4, int(n)) >= 0.8 > power_of_t(0.4, int(n) - 1)


def test_effects_of_all_ties_are_undefined_and_p_is_one():
    found = paired_ratings(np.ones(8), np.ones(8))
    assert found.p_signflip == found.p_t == found.p_wilcoxon == 1
    assert np.isnan(found.d_z)
    assert np.isnan(found.rank_biserial)


def test_few_prompts_are_not_tested():
    found = paired_ratings(np.array([1.0, 2, 3, 4]), np.zeros(4))
    assert np.isnan(found.p_signflip)
    assert found.wins == 4


def test_nothing_in_common_is_an_error():
    with pytest.raises(TooFewRowsError, match="same prompts"):
        paired_ratings(np.array([1.0, np.nan]), np.array([np.nan, 1.0]))


def test_a_partial_correlation_is_that_of_the_closed_form():
    rng = np.random.default_rng(1)
    z = rng.normal(size=60)
    x, y = z + rng.normal(size=60), z + rng.normal(size=60)
    xy, xz, yz = (np.corrcoef(*two)[0, 1] for two in ((x, y), (x, z), (y, z)))
    closed = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    assert partial_correlation(x, y, z) == pytest.approx(closed, abs=1e-12)
    assert np.isnan(partial_correlation(z, y, z))


def test_an_even_split_of_positions_is_no_surprise():
    assert position_balance(np.arange(18) % 2 == 0) == (0.5, 1.0)


def test_equal_raters_agree_perfectly_and_unrelated_ones_do_not():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(400, 1))
    same = reliability(np.repeat(true, 3, axis=1))
    assert (same.icc, same.alpha) == pytest.approx((1.0, 1.0))
    noise = reliability(rng.normal(size=(400, 3)))
    assert abs(noise.alpha) < 0.1
    mixed = reliability(true + rng.normal(size=(400, 4)))
    assert mixed.icc == pytest.approx(0.8, abs=0.05)  # 4 raters of equal parts: 4 / (4 + 1)
    assert mixed.alpha == pytest.approx(0.5, abs=0.06)


def test_alpha_is_the_published_example():
    # Krippendorff (2011), Computing Krippendorff's alpha-reliability: interval data, four raters.
    nan = np.nan
    rated = np.array(
        [[1, 1, nan, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
         [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [nan, 5, 5, 5], [nan, nan, 1, 1],
         [nan, 3, nan, nan]]
    )  # fmt: skip
    assert reliability(rated).alpha == pytest.approx(0.849, abs=5e-4)


def test_one_rater_has_no_reliability():
    found = reliability(np.ones((5, 1)))
    assert np.isnan(found.icc)
    assert np.isnan(found.alpha)

import numpy as np
import pytest

from stresslab.slices.measure import measure


def test_independent_means_are_welchs_test():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(0)
    values = rng.normal(size=300)
    mask = rng.random(300) < 0.3
    values[mask] += 0.4
    found = measure(mask[None], values, np.arange(300), rate=False)
    theirs = ttest_ind(values[mask], values[~mask], equal_var=False)
    assert found.difference[0] == pytest.approx(values[mask].mean() - values[~mask].mean())
    # Pulls of both sides share one factor G / (G - 1), so theirs is the larger one by little.
    assert found.p_value[0] == pytest.approx(theirs.pvalue, rel=0.02)
    ends = theirs.confidence_interval(0.95)
    assert found.difference_low[0] == pytest.approx(ends.low, abs=2e-3)
    assert found.difference_high[0] == pytest.approx(ends.high, abs=2e-3)


def test_rows_of_one_cluster_on_both_sides_sharpen_the_difference():
    rng = np.random.default_rng(1)
    base = rng.normal(size=100)
    values = np.concatenate([base, base + 0.2 + rng.normal(0, 0.1, 100)])
    mask = np.repeat([False, True], 100)
    item = np.tile(np.arange(100), 2)
    together = measure(mask[None], values, item, rate=False)
    apart = measure(mask[None], values, np.arange(200), rate=False)
    assert together.p_value[0] < 1e-6 < apart.p_value[0]


def test_a_slice_without_a_single_failure_has_an_interval():
    values = np.r_[np.ones(30), np.ones(150), np.zeros(20)]
    mask = np.arange(200) < 30
    found = measure(mask[None], values, np.arange(200), rate=True)
    assert found.value[0] == 1
    assert found.difference_low[0] < 0.1 < found.difference_high[0]


def test_all_or_no_rows_inside_are_unknown_not_zero():
    values = np.random.default_rng(2).random(50)
    masks = np.array([np.ones(50, bool), np.zeros(50, bool), np.arange(50) < 25])
    found = measure(masks, values, np.arange(50), rate=False)
    assert np.isnan(found.p_value[:2]).all()
    assert np.isnan(found.difference[:2]).all()
    assert np.isfinite(found.p_value[2])


def test_a_slice_must_stand_out_among_the_rows_it_is_held_to():
    rng = np.random.default_rng(3)
    hard = np.arange(2000) < 400
    values = (rng.random(2000) < np.where(hard, 0.3, 0.8)).astype(float)
    echo = hard | (np.arange(2000) % 10 == 9)  # stands out only by the hard rows
    masks = np.array([hard, echo])
    among = np.array([np.ones(2000, bool), ~hard])
    plain = measure(masks, values, np.arange(2000), rate=True)
    strict = measure(masks, values, np.arange(2000), rate=True, among=among)
    assert (plain.p_adjusted < 1e-6).all()
    assert strict.p_adjusted[0] < 1e-6
    assert strict.p_adjusted[1] > 0.05
    assert strict.difference == pytest.approx(plain.difference)


def test_intervals_agree_with_the_corrected_test():
    rng = np.random.default_rng(4)
    masks = rng.random((15, 800)) < 0.2
    values = (rng.random(800) < np.where(masks[0], 0.3, 0.7)).astype(float)
    found = measure(masks, values, np.arange(800), rate=True)
    rejected = found.p_adjusted < 0.05
    assert rejected[0]
    assert ((found.low_adjusted > 0) | (found.high_adjusted < 0))[rejected].all()
    assert (found.low_adjusted <= found.difference_low + 1e-12).all()

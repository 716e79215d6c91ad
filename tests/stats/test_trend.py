import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.stats.paired import paired_difference
from stresslab.stats.profiles import profiles
from stresslab.stats.retained import retention
from stresslab.stats.trend import area, contrast, drop, drops, slope


def curve(n=40, tiers=4, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.random((n, tiers)) < np.linspace(0.9, 0.5, tiers)).astype(float)


def test_a_straight_fall_has_its_slope():
    values = np.tile([1.0, 0.8, 0.6, 0.4], (5, 1))
    assert slope(values, np.arange(5), rate=False).value == pytest.approx(-0.2)


def test_slope_is_the_least_squares_slope_of_the_tier_means():
    values = curve()
    expected = np.polyfit([0, 1, 3, 7], values.mean(axis=0), 1)[0]
    found = slope(values, np.arange(40), [0, 1, 3, 7], rate=True)
    assert found.value == pytest.approx(expected)


def test_a_flat_curve_has_its_height_as_area():
    values = np.full((6, 5), 0.8)
    assert area(values, np.arange(6), rate=False).value == pytest.approx(0.8)


def test_area_is_the_trapezoid_over_scaled_positions():
    values = curve()
    spots = np.array([0, 1, 3, 7])
    expected = np.trapezoid(values.mean(axis=0), spots / 7)
    assert area(values, np.arange(40), spots, rate=True).value == pytest.approx(expected)


def test_a_contrast_of_scores_is_the_t_interval_of_the_items_contrasts():
    from scipy import stats

    values = np.random.default_rng(0).normal(size=(12, 3))
    items = values @ [1.0, -0.5, -0.5]
    expected = stats.t.interval(0.95, 11, items.mean(), stats.sem(items))
    found = contrast(values, [1.0, -0.5, -0.5], np.arange(12), rate=False)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-8)


def test_the_slope_of_scores_has_the_cluster_robust_error_of_statsmodels():
    import statsmodels.api as sm
    from scipy import stats

    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(9), 4)
    values = rng.normal(size=(36, 5)) + rng.normal(size=(9, 5))[cluster]
    rows = sm.add_constant(np.tile(np.arange(5.0), 36))
    fit = sm.OLS(values.ravel(), rows).fit(
        cov_type="cluster",
        cov_kwds={"groups": np.repeat(cluster, 5), "use_correction": False},
    )
    half = stats.t.ppf(0.975, 8) * fit.bse[1] * np.sqrt(9 / 8)
    found = slope(values, cluster, rate=False)
    assert found.value == pytest.approx(fit.params[1], abs=1e-8)
    assert found.high - found.value == pytest.approx(half, abs=1e-8)


def test_copies_of_an_item_do_not_narrow_the_interval():
    values = np.random.default_rng(0).normal(size=(12, 3))
    once = slope(values, np.arange(12), rate=False)
    copied = slope(np.repeat(values, 4, axis=0), np.repeat(np.arange(12), 4), rate=False)
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high), abs=1e-12)


def test_items_that_never_fail_give_no_interval_of_width_zero():
    found = slope(np.ones((20, 4)), np.arange(20), rate=True)
    assert found.value == pytest.approx(0, abs=1e-15)
    assert found.low < 0 < found.high
    assert np.isnan(slope(np.ones((20, 4)), np.arange(20), rate=False).low)


def test_unknown_values_leave_only_their_tier():
    values = curve()
    values[3, 1] = np.nan
    means = np.nanmean(values, axis=0)
    found = slope(values, np.arange(40), rate=True)
    assert found.value == pytest.approx(np.polyfit(range(4), means, 1)[0])


def test_a_tier_without_values_is_skipped():
    values = curve()
    values[:, 2] = np.nan
    expected = np.polyfit([0, 1, 3], values[:, [0, 1, 3]].mean(axis=0), 1)[0]
    assert slope(values, np.arange(40), rate=True).value == pytest.approx(expected)


def test_graded_tiers_hold_different_items():
    values = np.full((8, 2), np.nan)
    values[:4, 0], values[4:, 1] = [1, 1, 1, 0], [0, 0, 1, 0]
    assert slope(values, np.arange(8), rate=True).value == pytest.approx(-0.5)


def test_one_tier_has_no_slope_and_no_area():
    values = np.ones((5, 1))
    assert np.isnan(slope(values, np.arange(5), rate=True).value)
    assert np.isnan(area(values, np.arange(5), rate=True).value)


def test_no_items_give_unknown_numbers():
    for found in (slope, area, drop):
        assert np.isnan(found(np.empty((0, 3)), np.empty(0, int), rate=True).value)
    assert np.isnan(retention(np.empty((0, 3)), np.empty(0, int)).value)


def test_drop_is_the_paired_difference_of_the_ends():
    values = curve()
    expected = paired_difference(values[:, 0], values[:, -1], np.arange(40), rate=True)
    found = drop(values, np.arange(40), rate=True)
    assert (found.value, found.low) == (expected.difference[0], expected.low[0])


def test_retention_is_the_ratio_of_the_ends_and_its_bounds_are_fiellers():
    values = curve(200)
    found = retention(values, np.arange(200))
    first, last = values[:, 0], values[:, -1]
    assert found.value == pytest.approx(last.mean() / first.mean())
    for bound in (found.low, found.high):
        gaps = last - bound * first
        t = gaps.mean() / (gaps.std(ddof=1) / np.sqrt(200))
        assert abs(t) == pytest.approx(1.971956544249395, abs=1e-6)


def test_retention_of_nothing_is_unknown():
    values = np.zeros((5, 2))
    values[:, 1] = 1
    assert np.isnan(retention(values, np.arange(5)).value)


def test_row_order_does_not_matter():
    values, cluster = curve(), np.arange(40) // 3
    order = np.random.default_rng(1).permutation(40)
    one = slope(values, cluster, rate=True)
    two = slope(values[order], cluster[order], rate=True)
    assert (one.value, one.low) == pytest.approx((two.value, two.low), abs=1e-12)


def test_weights_must_fit_the_tiers():
    with pytest.raises(ShapeError, match=r"\(2,\).*\(5, 3\)"):
        contrast(np.ones((5, 3)), [1, 2], np.arange(5), rate=True)


@pytest.mark.parametrize("rate", [True, False])
def test_drops_of_many_curves_are_those_of_each(rate):
    rng = np.random.default_rng(5)
    curves = []
    for n, groups in ((40, 40), (60, 12), (30, 30), (9, 3)):
        values = rng.random((n, 4)).round(0 if rate else 3)
        values[rng.random((n, 4)) < 0.1] = np.nan
        curves.append((values, rng.integers(0, groups, n) if groups < n else np.arange(n)))
    found = drops([profiles(*one) for one in curves], rate=rate)
    assert found == [drop(values, cluster, rate=rate) for values, cluster in curves]
    assert drops([], rate=rate) == []


def test_retention_between_bounds_has_an_interval_however_few_were_right_at_first():
    values = np.zeros((40, 2))
    values[0] = 1.0
    values[1, 0] = 1.0
    cluster = np.arange(40)
    assert np.isnan(retention(values, cluster).high)  # Fieller's is unbounded here
    found = retention(values, cluster, bounds=(0.0, 1.0))
    assert found.value == 0.5
    assert 0 < found.low < 0.2
    assert 1.0 < found.high < 10.0


def test_retention_between_bounds_agrees_with_fieller_where_rows_are_many():
    rng = np.random.default_rng(0)
    first = rng.random(20_000) < 0.8
    values = np.column_stack([first, first & (rng.random(20_000) < 0.7)]).astype(float)
    cluster = np.arange(20_000)
    plain, bounded = retention(values, cluster), retention(values, cluster, bounds=(0.0, 1.0))
    assert bounded.low == pytest.approx(plain.low, abs=5e-4)
    assert bounded.high == pytest.approx(plain.high, abs=5e-4)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stresslab.errors import ParamError
from stresslab.stats.intervals import from_moments, wilson


def moments(values, cluster):
    """Return what the store knows of one cell: total, n, n_clusters, ss, sd, dd."""
    sums = np.bincount(cluster, weights=values)
    sizes = np.bincount(cluster)
    there = sizes > 0
    return (
        values.sum(), len(values), there.sum(), (sums**2).sum(), (sums * sizes).sum(),
        (sizes**2).sum(),
    )  # fmt: skip


def test_wilson_of_one_in_ten_is_the_textbook_interval():
    found = wilson(1, 10)
    assert (found.low, found.high) == pytest.approx((0.01787621, 0.40415003), abs=1e-8)


@given(st.integers(1, 3000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_equals_statsmodels(n, share, level):
    from statsmodels.stats.proportion import proportion_confint

    successes = round(share * n)
    expected = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    found = wilson(successes, n, level)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-8)


def test_wilson_of_no_rows_is_undefined():
    found = wilson([0, 3], [0, 4])
    assert np.isnan([found.value[0], found.low[0], found.high[0]]).all()
    assert np.isfinite([found.value[1], found.low[1], found.high[1]]).all()


def test_wilson_of_all_right_ends_at_exactly_one():
    assert wilson(20, 20).high == 1.0
    assert wilson(0, 20).low == 0.0


def test_a_level_of_one_is_refused():
    with pytest.raises(ParamError, match=r"1\.0"):
        wilson(1, 2, 1.0)


def test_a_rate_of_single_rows_is_plain_wilson():
    values = np.array([1, 0, 1, 1, 0, 1.0])
    found = from_moments(*moments(values, np.arange(6)), rate=True)
    plain = wilson(4, 6)
    assert (found.low, found.high) == pytest.approx(
        (float(plain.low), float(plain.high)), abs=1e-12
    )
    assert found.n_effective == 6


def test_a_mean_of_single_rows_is_the_t_interval_of_scipy():
    from scipy import stats

    values = np.random.default_rng(0).normal(size=12)
    found = from_moments(*moments(values, np.arange(12)))
    expected = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-8)


def test_a_mean_of_equal_clusters_is_the_t_interval_of_cluster_means():
    from scipy import stats

    values = np.random.default_rng(1).normal(size=(9, 4))
    found = from_moments(*moments(values.ravel(), np.repeat(np.arange(9), 4)))
    means = values.mean(axis=1)
    expected = stats.t.interval(0.95, 8, means.mean(), stats.sem(means))
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-8)


def test_a_mean_of_unequal_clusters_has_the_cluster_robust_error_of_statsmodels():
    import statsmodels.api as sm
    from scipy import stats

    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(8), [1, 2, 3, 4, 5, 2, 2, 6])
    values = rng.normal(size=len(cluster)) + cluster
    fit = sm.OLS(values, np.ones_like(values)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    half = stats.t.ppf(0.975, 7) * fit.bse[0] * np.sqrt(8 / 7)
    found = from_moments(*moments(values, cluster))
    assert found.high - found.value == pytest.approx(half, abs=1e-8)


def test_rows_that_copy_each_other_count_once():
    once = np.array([1, 0, 1, 1, 0, 1, 1.0])
    copied = from_moments(*moments(np.repeat(once, 5), np.repeat(np.arange(7), 5)), rate=True)
    # The variance of clusters divides by G - 1, Wilson's by G.
    assert copied.n_effective == pytest.approx(7.0)
    assert copied.low < wilson(5, 7).low
    assert copied.high > wilson(5, 7).high


def test_rows_that_all_agree_are_worth_their_clusters():
    found = from_moments(*moments(np.ones(50), np.repeat(np.arange(10), 5)), rate=True)
    assert found.n_effective == 10
    assert found.low < wilson(10, 10).low


def test_one_cluster_of_several_rows_has_a_value_and_no_interval():
    found = from_moments(*moments(np.array([1, 0, 1.0]), np.zeros(3, int)), rate=True)
    assert found.value == pytest.approx(2 / 3)
    assert np.isnan([found.low, found.high]).all()


def test_a_mean_of_equal_scores_is_not_certain():
    cell = moments(np.full(20, 0.5), np.arange(20))
    found = from_moments(*cell, bounds=(0, 1))
    assert found.low == pytest.approx(0.5 - 0.5 * (1 - wilson(20, 20).low))
    assert np.isnan(from_moments(*cell).low)


def test_an_interval_of_a_mean_keeps_within_its_bounds():
    values = np.array([0.9, 1.0, 1.0, 0.2])
    found = from_moments(*moments(values, np.arange(4)), bounds=(0, 1))
    assert 0 < found.low < found.value < found.high < 1
    moved = from_moments(*moments(10 * values - 5, np.arange(4)), bounds=(-5, 5))
    assert moved.low == pytest.approx(10 * found.low - 5)
    assert moved.high == pytest.approx(10 * found.high - 5)


def test_bounds_matter_little_to_a_mean_of_many_rows():
    values = np.random.default_rng(3).beta(2, 3, size=100_000)
    cell = moments(values, np.arange(len(values)))
    plain, bounded = from_moments(*cell), from_moments(*cell, bounds=(0, 1))
    assert bounded.low == pytest.approx(plain.low, abs=1e-6)
    assert bounded.high == pytest.approx(plain.high, abs=1e-6)


def test_bounds_that_the_value_breaks_bind_nothing():
    values = np.array([40.0, 60.0, 50.0])
    found = from_moments(*moments(values, np.arange(3)), bounds=(0, 1))
    assert found.low < 50 < found.high


def test_cells_do_not_influence_each_other():
    rng = np.random.default_rng(3)
    cells = [moments(rng.integers(0, 2, 30).astype(float), np.arange(30) // k) for k in (1, 3, 5)]
    rate = np.array([True, True, False])
    together = from_moments(*np.transpose(cells), rate=rate)
    for one in range(3):
        alone = from_moments(*cells[one], rate=rate[one])
        assert (together.low[one], together.high[one]) == (alone.low, alone.high)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=1, max_size=40))
def test_an_interval_contains_its_value(rows):
    values, cluster = np.array(rows, float).T
    for rate in (True, False):
        found = from_moments(*moments(values, cluster.astype(int)), rate=rate, bounds=(0, 1))
        if np.isfinite(found.low):
            assert 0 <= found.low <= found.value <= found.high <= 1

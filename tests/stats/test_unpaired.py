import numpy as np
import pytest
from scipy import stats

from stresslab.stats.unpaired import Side, unpaired_differences


def side(values, cluster=None, *, rate=False):
    values = np.asarray(values, float)
    cluster = np.arange(len(values)) if cluster is None else np.asarray(cluster)
    sums, sizes = np.bincount(cluster, values), np.bincount(cluster)
    parts = (sums.sum(), sizes.sum(), len(sums), sums @ sums, sums @ sizes, sizes @ sizes, rate)
    return Side(*(np.array([part], float) for part in parts))


def test_means_of_independent_rows_equal_welch():
    rng = np.random.default_rng(0)
    a, b = rng.normal(1, 2, 30), rng.normal(0, 1, 50)
    found = unpaired_differences(side(a), side(b))
    known = stats.ttest_ind(a, b, equal_var=False)
    low, high = known.confidence_interval()
    assert found.p_value[0] == pytest.approx(known.pvalue, abs=1e-10)
    assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=1e-10)


def test_rates_have_the_adjusted_share_over_one_row_less():
    a, b = [1] * 40 + [0] * 60, [1] * 20 + [0] * 80
    found = unpaired_differences(side(a, rate=True), side(b, rate=True))
    shares = np.array([41 / 102, 21 / 102])
    error = np.sqrt((shares * (1 - shares) / 99).sum())
    half = (found.high - found.low)[0] / 2
    assert found.difference[0] == pytest.approx(0.2)
    assert half == pytest.approx(1.972 * error, rel=0.002)


@pytest.mark.parametrize(("n", "m"), [(10, 10), (20, 20), (20, 100), (100, 100), (1000, 20)])
def test_the_interval_of_two_rates_covers_exactly_enough(n, m):
    """Every outcome of two binomials, weighed by its chance: no simulation."""
    x, y = (one.ravel() for one in np.meshgrid(np.arange(n + 1.0), np.arange(m + 1.0)))
    sums = [
        Side(k, np.full_like(k, size), np.full_like(k, size), k, k, np.full_like(k, size),
             np.ones_like(k))
        for k, size in ((x, n), (y, m))
    ]  # fmt: skip
    found = unpaired_differences(*sums, bounds=(0.0, 1.0))
    rates = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9)
    chances = [[stats.binom.pmf(k, size, p) for p in rates] for k, size in ((x, n), (y, m))]
    covered = [
        chances[0][i] @ (chances[1][j] * ((found.low <= p - q) & (p - q <= found.high)))
        for i, p in enumerate(rates)
        for j, q in enumerate(rates)
    ]
    assert min(covered) >= 0.935


def test_rates_without_a_single_failure_still_have_a_width():
    found = unpaired_differences(side([1] * 20, rate=True), side([1] * 20, rate=True))
    assert found.low[0] < 0 < found.high[0]


def test_swapping_the_sides_turns_the_sign():
    a, b = side([1, 1, 0, 1], rate=True), side([0, 0, 1, 0, 0], rate=True)
    plain, turned = unpaired_differences(a, b), unpaired_differences(b, a)
    assert plain.difference[0] == -turned.difference[0]
    assert plain.p_value[0] == pytest.approx(turned.p_value[0])


def test_one_cluster_on_a_side_cannot_be_tested():
    found = unpaired_differences(side([1, 0], [0, 0], rate=True), side([1, 0, 1], rate=True))
    assert np.isnan(found.p_value[0])


def test_clusters_that_agree_within_count_as_few_rows():
    values, cluster = [1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]
    rows = unpaired_differences(side(values, rate=True), side(values, rate=True))
    groups = unpaired_differences(
        side(values, cluster, rate=True), side(values, cluster, rate=True)
    )
    assert (groups.high - groups.low)[0] > 2 * (rows.high - rows.low)[0]

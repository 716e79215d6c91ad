import numpy as np
import pytest
from scipy import stats

from stresslab.errors import ParamError, ShapeError
from stresslab.stats.mcnemar import mcnemar_exact
from stresslab.stats.paired import (
    concatenate,
    paired_difference,
    paired_differences,
    paired_from_counts,
)  # fmt: skip
from stresslab.stats.signflip import signflip_p
from stresslab.stats.tango import score_interval


def answers(n, seed=0, share=0.7):
    return (np.random.default_rng(seed).random(n) < share).astype(float)


def test_the_difference_is_the_difference_of_the_means():
    a, b = answers(50, 1), answers(50, 2, 0.5)
    found = paired_difference(a, b, np.arange(50) // 3, rate=True)
    assert found.difference[0] == pytest.approx(a.mean() - b.mean())


def test_independent_single_answers_take_mcnemar_and_tango():
    a, b = answers(80, 1), answers(80, 2, 0.5)
    wins, losses = int((a > b).sum()), int((a < b).sum())
    found = paired_difference(a, b, np.arange(80), rate=True)
    assert found.method[0] == "McNemar, exact"
    assert found.p_value[0] == pytest.approx(float(mcnemar_exact(wins, losses)))
    low, high = score_interval(wins, losses, 80, stats.norm.ppf(0.975))
    assert (found.low[0], found.high[0]) == pytest.approx((float(low), float(high)), abs=1e-12)
    assert found.n_discordant[0] == wins + losses


@pytest.mark.parametrize(
    ("cluster", "rate", "single"),
    [(np.arange(60) // 2, True, True), (np.arange(60), True, False), (np.arange(60), False, True)],
)
def test_anything_else_takes_sign_flips_of_cluster_sums(cluster, rate, single):
    a, b = answers(60, 1), answers(60, 2, 0.5)
    found = paired_difference(a, b, cluster, rate=rate, single_trial=single)
    expected = signflip_p(np.bincount(cluster, weights=a - b), rng=np.random.default_rng(0))
    assert (found.p_value[0], found.method[0]) == expected


def test_scores_take_the_paired_t_interval_of_scipy():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=25), rng.normal(size=25)
    found = paired_difference(a, b, np.arange(25), rate=False)
    expected = stats.ttest_rel(a, b).confidence_interval(0.95)
    assert (found.low[0], found.high[0]) == pytest.approx((expected.low, expected.high), abs=1e-8)


def test_swapping_the_models_changes_only_the_sign():
    a, b, cluster = answers(60, 1), answers(60, 2, 0.4), np.arange(60) // 4
    one, two = (paired_difference(*pair, cluster, rate=True) for pair in ((a, b), (b, a)))
    assert one.difference[0] == -two.difference[0]
    assert one.p_value[0] == pytest.approx(two.p_value[0])
    assert (one.low[0], one.high[0]) == pytest.approx((-two.high[0], -two.low[0]), abs=1e-12)


def test_row_order_does_not_matter():
    a, b, cluster = answers(60, 1), answers(60, 2, 0.4), np.arange(60) // 4
    order = np.random.default_rng(5).permutation(60)
    one = paired_difference(a, b, cluster, rate=True)
    two = paired_difference(a[order], b[order], cluster[order], rate=True)
    assert one.p_value[0] == pytest.approx(two.p_value[0], rel=1e-12)
    assert one.low[0] == pytest.approx(two.low[0], abs=1e-12)


def test_unknown_values_leave_the_pair_out():
    a, b = answers(40, 1), answers(40, 2)
    a[3], b[7] = np.nan, np.nan
    keep = np.isfinite(a - b)
    found = paired_difference(a, b, np.arange(40), rate=True)
    alone = paired_difference(a[keep], b[keep], np.arange(38), rate=True)
    assert found.n_pairs[0] == 38
    assert found.low[0] == alone.low[0]


@pytest.mark.parametrize("rate", [True, False])
def test_each_group_is_what_it_is_alone(rate):
    rng = np.random.default_rng(4)
    a, b = answers(200, 1), answers(200, 2, 0.4)
    cluster, group = rng.integers(0, 40, 200), rng.integers(-1, 4, 200)
    found = paired_differences(a, b, cluster, group, 4, rate=rate, margin=0.1)
    for one in range(4):
        rows = group == one
        alone = paired_difference(a[rows], b[rows], cluster[rows], rate=rate, margin=0.1)
        for name in ("difference", "low", "high", "p_value", "p_tost", "n_clusters"):
            assert getattr(found, name)[one] == pytest.approx(getattr(alone, name)[0], abs=1e-12)


def test_sparse_codes_give_what_dense_codes_give():
    a, b, cluster = answers(60, 1), answers(60, 2, 0.4), np.arange(60) // 4
    dense = paired_difference(a, b, cluster, rate=True)
    sparse = paired_difference(a, b, cluster * 10_000_019, rate=True)
    assert (dense.p_value[0], dense.low[0]) == (sparse.p_value[0], sparse.low[0])


def test_counts_give_what_rows_give():
    a, b = answers(90, 1), answers(90, 2, 0.6)
    rows = paired_difference(a, b, np.arange(90), rate=True, margin=0.05)
    table = paired_from_counts([(a > b).sum()], [(a < b).sum()], [90], margin=0.05)
    for name in ("difference", "low", "high", "p_value", "p_tost", "sd_cluster"):
        assert getattr(table, name)[0] == pytest.approx(getattr(rows, name)[0], abs=1e-12)


def test_equal_models_differ_by_zero_but_not_certainly():
    a = answers(30, 1)
    found = paired_difference(a, a, np.arange(30) // 2, rate=True, margin=0.02)
    assert (found.difference[0], found.p_value[0]) == (0.0, 1.0)
    assert found.low[0] < 0 < found.high[0]
    assert found.p_tost[0] > 0.05


def test_equal_scores_without_bounds_have_no_interval_and_with_bounds_a_wide_one():
    a = np.random.default_rng(0).random(30)
    unbounded = paired_difference(a, a, np.arange(30), rate=False, margin=0.02)
    assert np.isnan([unbounded.low[0], unbounded.p_tost[0]]).all()
    bounded = paired_difference(a, a, np.arange(30), rate=False, bounds=(0, 1), margin=0.02)
    assert bounded.low[0] < 0 < bounded.high[0]
    assert bounded.p_tost[0] > 0.05


def test_no_pairs_give_unknown_numbers_and_no_error():
    found = paired_differences(
        np.empty(0), np.empty(0), np.empty(0, int), np.empty(0, int), 3, rate=True, margin=0.1
    )
    assert np.isnan(found.difference).all()
    assert np.isnan(found.p_value).all()
    assert found.n_pairs.tolist() == [0, 0, 0]


def test_one_cluster_of_several_pairs_has_no_interval_and_p_of_one():
    found = paired_difference(np.ones(4), np.zeros(4), np.zeros(4, int), rate=True)
    assert (found.difference[0], found.p_value[0]) == (1.0, 1.0)
    assert np.isnan(found.low[0])


def test_means_over_trials_make_an_interval_narrower():
    rng = np.random.default_rng(6)
    chance = rng.random((2, 200))
    one = (rng.random((2, 200)) < chance).astype(float)
    ten = rng.binomial(10, chance) / 10
    wide = paired_difference(*one, np.arange(200), rate=True)
    narrow = paired_difference(*ten, np.arange(200), rate=True, single_trial=False)
    assert narrow.high[0] - narrow.low[0] < 0.8 * (wide.high[0] - wide.low[0])


def test_tost_of_scores_equals_statsmodels():
    from statsmodels.stats.weightstats import ttost_paired

    rng = np.random.default_rng(8)
    a = rng.normal(size=40)
    b = a + rng.normal(0.05, 0.3, size=40)
    found = paired_difference(a, b, np.arange(40), rate=False, margin=0.2)
    assert found.p_tost[0] == pytest.approx(ttost_paired(a, b, -0.2, 0.2)[0], abs=1e-8)


def test_tost_of_rates_passes_where_the_90_percent_interval_lies_within_the_margin():
    for wins in range(0, 40, 3):
        found = paired_from_counts([wins], [8], [400], margin=0.05)
        low, high = found.interval(0.90)
        assert (found.p_tost[0] < 0.05) == bool(low[0] > -0.05 and high[0] < 0.05)


def test_several_families_join_in_order():
    one = paired_from_counts([5, 6], [1, 2], [30, 30])
    two = paired_difference(np.arange(5.0), np.zeros(5), np.arange(5), rate=False)
    both = concatenate([one, two])
    low, _ = both.interval(0.95)
    assert low.tolist() == [*one.low.tolist(), *two.low.tolist()]


def test_arrays_of_different_length_are_refused():
    with pytest.raises(ShapeError, match=r"\(4,\).*\(3,\)"):
        paired_difference(np.zeros(4), np.zeros(3), np.zeros(4, int), rate=True)


def test_a_margin_of_zero_is_refused():
    with pytest.raises(ParamError, match="margin"):
        paired_from_counts([1], [1], [5], margin=0.0)


def test_means_over_trials_in_clusters_have_the_error_of_their_clusters():
    """Rows of a cluster move together, so many trials of many rows are worth little."""
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(200), 8)
    pull = rng.random((200, 1)).repeat(8, axis=1).ravel()
    a = rng.binomial(5, 0.2 + 0.6 * pull) / 5
    b = rng.binomial(5, np.full(1600, 0.5)) / 5
    found = paired_difference(a, b, cluster, rate=True, single_trial=False)
    sums = np.bincount(cluster, weights=a - b)
    error = np.sqrt(200 / 199 * ((sums - sums.mean()) ** 2).sum()) / 1600
    half = (found.high[0] - found.low[0]) / 2
    assert half == pytest.approx(1.972 * error, rel=0.03)

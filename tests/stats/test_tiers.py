import numpy as np
import pytest

from stresslab.stats.paired import paired_difference
from stresslab.stats.tiers import (
    NONE,
    monotone_p,
    onset,
    rise,
    share_recovering,
    tier_means,
    worst_of_tiers,
)
from stresslab.stats.trend import contrast


@pytest.fixture
def clustered():
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(40), 3)
    easy = rng.random(120)[:, None] * 0.7 + rng.random((40, 1))[cluster] * 0.3
    values = (easy < np.array([0.8, 0.7, 0.65, 0.4])).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    return values, cluster


def test_the_covariance_is_that_of_the_pulls(clustered):
    values, cluster = clustered
    found = tier_means(values, cluster)
    mean, n = np.nanmean(values, axis=0), np.isfinite(values).sum(axis=0)
    pulls = np.nan_to_num((values - mean) / n)
    sums = np.array([pulls[cluster == one].sum(axis=0) for one in range(40)])
    assert found.mean == pytest.approx(mean)
    assert found.covariance == pytest.approx(40 / 39 * sums.T @ sums)
    assert found.n.tolist() == n.tolist()


def test_a_contrast_of_the_means_has_the_variance_of_trend(clustered):
    values, cluster = clustered
    values = values * 3.7  # no rate: the interval is value +- t se
    found = tier_means(values, cluster)
    weights = np.array([1.0, 0, 0, -1.0])
    theirs = contrast(values, weights, cluster, rate=False)
    half = (theirs.high - theirs.low) / 2
    from stresslab.stats.intervals import t_quantile

    ours = float(t_quantile(0.95, 39)) * np.sqrt(weights @ found.covariance @ weights)
    assert ours == pytest.approx(half)


def test_profiles_of_single_items_give_the_same_as_rows():
    rng = np.random.default_rng(1)
    values = (rng.random((300, 5)) < 0.6).astype(float)
    one = tier_means(values, np.arange(300))
    other = tier_means(values * 2, np.arange(300))  # not 0 or 1: rows are not merged
    assert other.covariance == pytest.approx(4 * one.covariance)


def test_the_onset_is_the_first_tier_that_is_clearly_lower():
    rng = np.random.default_rng(2)
    easy = rng.random((800, 1))
    values = (easy < np.array([0.8, 0.79, 0.6, 0.5])).astype(float)
    found = onset(values, np.arange(800), rate=True)
    assert found.index == 2
    paired = paired_difference(values[:, 2], values[:, 0], np.arange(800), rate=False)
    assert found.difference[1] == pytest.approx(paired.difference[0])


def test_equal_tiers_have_no_onset_and_no_rise():
    values = np.repeat(np.arange(50)[:, None] % 2, 4, axis=1).astype(float)
    assert onset(values, np.arange(50), rate=True).index == NONE
    assert rise(values, np.arange(50), rate=True).index == NONE


def test_a_curve_that_comes_back_rises_where_it_does():
    rng = np.random.default_rng(3)
    easy = rng.random((800, 1))
    values = (easy < np.array([0.8, 0.5, 0.3, 0.6])).astype(float)
    assert rise(values, np.arange(800), rate=True).index == 3
    assert rise(1 - values, np.arange(800), rate=True, falls=False).index == 3


def test_an_onset_is_seldom_false():
    rng = np.random.default_rng(4)
    found = [
        onset((rng.random((100, 5)) < 0.7).astype(float), np.arange(100), rate=True).index
        for _ in range(400)
    ]
    assert np.mean(np.array(found) != NONE) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_the_worst_tier_of_an_item_is_its_minimum(clustered):
    values, cluster = clustered
    whole = np.isfinite(values).all(axis=1)
    found = worst_of_tiers(values, cluster, rate=True)
    assert float(found.value) == pytest.approx(values[whole].min(axis=1).mean())
    assert found.low < found.value < found.high
    most = worst_of_tiers(values, cluster, rate=True, higher_is_better=False)
    assert float(most.value) == pytest.approx(values[whole].max(axis=1).mean())


def test_who_broke_and_is_right_again_recovers():
    values = np.array([[1, 0, 1], [1, 0, 0], [1, 1, 1], [0, 1, 1]], float)
    share, broke = share_recovering(values, np.arange(4))
    assert (float(share.value), broke) == (0.5, 2)


def test_nothing_known_is_undefined():
    unknown = np.full((5, 3), np.nan)
    assert np.isnan(tier_means(unknown, np.arange(5)).mean).all()
    assert onset(unknown, np.arange(5), rate=True).index == NONE


def test_a_falling_curve_is_no_chance_and_a_shuffled_one_is():
    rng = np.random.default_rng(5)
    values = (rng.random((80, 1)) < np.array([0.9, 0.7, 0.5, 0.3])).astype(float)
    assert monotone_p(values, np.arange(80), rng=rng) < 1e-6
    p = [monotone_p(rng.permuted(values, axis=1), np.arange(80), rng=rng) for _ in range(300)]
    assert np.mean(np.array(p) < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_items_known_at_one_tier_only_cannot_be_ordered():
    values = np.full((6, 2), np.nan)
    values[:3, 0], values[3:, 1] = 1.0, 0.0
    assert np.isnan(monotone_p(values, np.arange(6), rng=np.random.default_rng(0)))

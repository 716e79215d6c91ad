import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.stats import profiles as module
from stresslab.stats.breaks import survival
from stresslab.stats.profiles import profiles
from stresslab.stats.trend import area, contrast, slope


def items(rng, n=200, tiers=4, groups=None):
    values = (rng.random((n, tiers)) < 0.6).astype(float)
    values[rng.random((n, tiers)) < 0.15] = np.nan
    cluster = np.arange(n) * 7 if groups is None else rng.integers(3, 3 + groups, n)
    return values, cluster


@pytest.mark.parametrize("groups", [None, 30])
def test_profiles_are_the_items_counted(groups):
    values, cluster = items(np.random.default_rng(0), groups=groups)
    found = profiles(values, cluster)
    assert len(found.rows) <= 3**4
    np.testing.assert_array_equal(found.rows[found.of_item], values)
    assert found.n.sum() == len(values)
    assert found.alone is (groups is None)
    same = found.cluster[:, None] == found.cluster
    np.testing.assert_array_equal(same, cluster[:, None] == cluster)


@pytest.mark.parametrize("groups", [None, 30])
@pytest.mark.parametrize("rate", [True, False])
def test_counting_profiles_changes_no_number(monkeypatch, groups, rate):
    values, cluster = items(np.random.default_rng(1), groups=groups)
    weights = [1.0, 0.0, -0.5, -0.5]

    def every():
        yield contrast(values, weights, cluster, rate=rate)
        yield slope(values, cluster, rate=rate)
        yield area(values, cluster, rate=rate)

    counted, held = list(every()), survival(values, cluster)
    monkeypatch.setattr(module, "MOST_TIERS", 0)
    for one, plain in zip(counted, every(), strict=True):
        expected = [plain.value, plain.low, plain.high, plain.n_clusters]
        assert [one.value, one.low, one.high, one.n_clusters] == pytest.approx(expected, abs=1e-12)
    plain = survival(values, cluster)
    np.testing.assert_allclose(held.share.low, plain.share.low, atol=1e-12)
    np.testing.assert_array_equal(held.n_clusters, plain.n_clusters)


def test_scores_between_zero_and_one_are_kept_one_by_one():
    values = np.random.default_rng(2).random((5, 3))
    assert len(profiles(values, np.arange(5)).rows) == 5


def test_profiles_of_profiles_are_themselves():
    one = profiles(np.ones((3, 2)), np.arange(3))
    assert profiles(one) is one


def test_nothing_has_no_profiles():
    assert profiles(np.zeros((0, 3)), np.zeros(0, dtype=int)).n.sum() == 0


def test_a_cluster_for_each_item_is_needed():
    with pytest.raises(ShapeError):
        profiles(np.ones((3, 2)))
    with pytest.raises(ShapeError):
        profiles(np.ones((3, 2)), np.arange(2))

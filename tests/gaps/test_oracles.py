"""Pieces of gaps held against scikit-learn, numpy and formulas worked out another way, to 1e-8."""

from functools import cache

import numpy as np
import pytest

from stresslab.gaps.decompose import GroupSums, decompose
from stresslab.gaps.leakage import folds, near_duplicates
from stresslab.gaps.relative import ratio_interval
from stresslab.gaps.segments import edit_distance
from stresslab.gaps.transfer import asymmetry, pooling_benefit, transfer_gaps
from stresslab.gaps.valley import valley, widest_interval
from stresslab.gaps.worst import level_of_each, worst
from stresslab.stats.intervals import wilson

NEAR = {"rtol": 0, "atol": 1e-8}


def counts(n, total):
    n, total = np.asarray(n, float), np.asarray(total, float)
    return GroupSums(total, n, total, total, n, float(n.sum()))


def test_mix_and_drop_within_are_those_of_kitagawa():
    n_in, n_out = [50, 30, 20], [10, 30, 60]
    right_in, right_out = [45, 15, 5], [8, 9, 12]
    found = decompose(counts(n_in, right_in), counts(n_out, right_out))
    mix = within = 0.0
    for a, b, x, y in zip(n_in, n_out, right_in, right_out, strict=True):
        mix += (a / 100 - b / 100) * (x / a + y / b) / 2
        within += (a / 100 + b / 100) / 2 * (x / a - y / b)
    np.testing.assert_allclose([found.mix[0], found.within[0]], [mix, within], **NEAR)


def test_a_quotient_of_symmetric_intervals_is_fiellers():
    a, se_a, b, se_b, z = 0.55, 0.03, 0.8, 0.05, 1.96
    _, low, high = ratio_interval(a, a - z * se_a, a + z * se_a, b, b - z * se_b, b + z * se_b)
    roots = np.roots([b**2 - (z * se_b) ** 2, -2 * a * b, a**2 - (z * se_a) ** 2])
    np.testing.assert_allclose([low, high], np.sort(roots), **NEAR)


def test_near_duplicates_are_those_of_scikit_learn():
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(0)
    train = rng.normal(size=(80, 3)) * [1, 10, 100]
    test = np.concatenate([train[:10] + 1e-6, rng.normal(size=(20, 3)) * [1, 10, 100]])
    scale = train.std(axis=0)
    distance, _ = NearestNeighbors(n_neighbors=1).fit(train / scale).kneighbors(test / scale)
    found = near_duplicates(train, test, limit=0.3)
    assert (found == (distance[:, 0] < 0.3)).all()
    assert 10 <= found.sum() < len(test)


def test_folds_by_participant_never_share_one_as_scikit_learn_has_it():
    from sklearn.model_selection import GroupKFold

    group = np.repeat(np.arange(12), 3)
    made = list(folds(group, 4, by_group=True, rng=np.random.default_rng(0)))
    expected = list(GroupKFold(4).split(group, groups=group))
    assert sorted(len(test) for _, test in made) == sorted(len(test) for _, test in expected)
    assert sorted(np.concatenate([test for _, test in made])) == list(range(36))
    for train, test in made:
        assert not set(group[train]) & set(group[test])


@pytest.mark.parametrize("seed", range(5))
def test_the_edit_distance_is_that_of_its_recursion(seed):
    rng = np.random.default_rng(seed)
    a, b = (tuple(rng.integers(0, 3, size).tolist()) for size in (6, 5))

    @cache
    def away(i, j):
        if not i or not j:
            return i + j
        same = away(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(away(i - 1, j) + 1, away(i, j - 1) + 1, same)

    assert edit_distance(a, b) == away(len(a), len(b))


def test_transfers_are_those_of_a_loop():
    rng = np.random.default_rng(1)
    matrix, pooled = rng.random((4, 4)), rng.random(4)
    gaps, ways = transfer_gaps(matrix), asymmetry(matrix)
    for a in range(4):
        for b in range(4):
            lost = matrix[b, b] - matrix[a, b]
            back = matrix[a, a] - matrix[b, a]
            assert gaps[a, b] == pytest.approx(lost, abs=1e-12)
            assert ways[a, b] == pytest.approx(lost - back, abs=1e-12)
        benefit = pooling_benefit(matrix, pooled)[a]
        assert benefit == pytest.approx(pooled[a] - matrix[a, a], abs=1e-12)


def test_the_vertex_of_a_valley_is_that_of_a_fitted_parabola():
    inside, outside = np.array([0.9, 0.85, 0.8, 0.7, 0.5]), np.array([0.8, 0.6, 0.35, 0.5, 0.45])
    found = valley(inside, outside)
    c, b, _ = np.polyfit([2, 3, 4], (inside - outside)[1:4], 2)
    np.testing.assert_allclose(found.vertex, -b / (2 * c), **NEAR)


def test_the_widest_gap_is_bounded_by_every_level_together():
    from scipy.stats import norm

    gap, se = np.array([0.1, 0.3, 0.2]), np.array([0.05, 0.02, 0.1])
    z = norm.ppf(1 - 0.05 / 6)
    low, high = widest_interval(gap, se)
    np.testing.assert_allclose([low, high], [max(gap - z * se), max(gap + z * se)], **NEAR)


def test_the_worst_group_lies_between_intervals_of_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    right, n = np.array([40, 30, 35, 31]), np.array([50, 50, 50, 60])
    each = wilson(right, n, level_of_each(0.95, 4))
    found = worst(each.value, each.low, each.high)
    low, high = proportion_confint(right, n, alpha=0.05 / 4, method="wilson")
    np.testing.assert_allclose([found.low, found.high], [min(low), min(high)], **NEAR)
    assert found.place == int(np.argmin(right / n))
    assert (found.candidates == (low <= min(high))).all()

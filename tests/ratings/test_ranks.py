"""Places, ranks and distances against scipy and by hand."""

import itertools

import numpy as np
import pytest
from scipy import stats

from stresslab.errors import ParamError
from stresslab.ratings.ranks import (
    kendall_distance,
    kendall_tau,
    mid_ranks,
    places,
    rank_by,
    tie_groups,
)


@pytest.mark.parametrize("higher", [True, False])
def test_ranks_are_those_of_scipy(higher):
    values = np.random.default_rng(0).integers(0, 4, (30, 6)).astype(float)
    turned = -values if higher else values
    least = stats.rankdata(turned, method="min", axis=1)
    middle = stats.rankdata(turned, axis=1)
    assert (places(values, higher_is_better=higher) == least).all()
    assert (mid_ranks(values, higher_is_better=higher) == middle).all()


def test_the_last_digit_of_a_sum_decides_nothing():
    assert places(np.array([0.3, 0.1 + 0.2, 0.2])).tolist() == [1, 1, 3]


def test_unknown_values_come_last():
    assert places(np.array([0.1, np.nan, 0.5])).tolist() == [2, 3, 1]
    assert places(np.array([0.1, np.nan, 0.5]), higher_is_better=False).tolist() == [1, 3, 2]


def test_tau_is_that_of_scipy_and_distance_follows_without_ties():
    rng = np.random.default_rng(1)
    for _ in range(20):
        a, b = rng.integers(0, 4, (2, 7)).astype(float)
        assert kendall_tau(a, b) == pytest.approx(stats.kendalltau(a, b).statistic)
    a, b = rng.permutation(8), rng.permutation(8)
    assert kendall_distance(a, b) == pytest.approx((1 - kendall_tau(a, b)) / 2)


def test_the_distance_is_a_distance():
    orders = [np.array(one) for one in itertools.permutations((1, 2, 3))]
    orders.append(np.array([1, 1, 2]))
    for a, b, c in itertools.product(orders, repeat=3):
        assert kendall_distance(a, b) == kendall_distance(b, a)
        assert kendall_distance(a, c) <= kendall_distance(a, b) + kendall_distance(b, c) + 1e-12
    assert kendall_distance(orders[0], orders[0][::-1]) == 1
    assert kendall_distance(np.array([1.0]), np.array([1.0])) == 0


def test_right_or_wrong_scores_rank_alike_by_mean_and_by_mean_rank():
    scores = (np.random.default_rng(2).random((200, 5)) < [0.3, 0.5, 0.7, 0.6, 0.4]).astype(float)
    assert rank_by(scores, "mean").tolist() == rank_by(scores, "mean rank").tolist()


def test_a_group_holds_who_cannot_be_told_from_its_best():
    apart = np.zeros((4, 4), dtype=bool)
    apart[0, 2] = apart[2, 0] = apart[0, 3] = apart[3, 0] = True
    assert tie_groups(np.array([0.9, 0.8, 0.7, 0.6]), apart).tolist() == [1, 1, 2, 2]


def test_an_unknown_rule_is_refused():
    with pytest.raises(ParamError, match="mean rank"):
        rank_by(np.ones((3, 2)), "mode")

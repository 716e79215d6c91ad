"""The known answers of the challenge ranking, and scipy as oracle."""

import numpy as np
import pytest
from scipy import stats

from stresslab.ratings.ranks import aggregate, rank_by
from stresslab.ratings.signed_rank import signed_rank, win_p_values, win_scores
from stresslab.ratings.stability import stability

CASES = np.array(
    [
        [0.91, 0.88, 0.93, 0.86, 0.90, 0.84, 0.92, 0.89, 0.87, 0.95],
        [0.89, 0.87, 0.90, 0.87, 0.86, 0.83, 0.90, 0.85, 0.86, 0.90],
        [0.88, 0.89, 0.86, 0.85, 0.88, 0.80, 0.91, 0.84, 0.88, 0.87],
    ]
).T


def test_known_answers():
    tests = {(a, b): signed_rank(CASES[:, a], CASES[:, b]) for a in range(3) for b in range(3)}
    assert [tests[one].w_plus for one in ((0, 1), (0, 2), (1, 2))] == [52.5, 50, 36.5]
    found = win_p_values(CASES)
    pairs = [found[0, 1], found[0, 2], found[1, 2], found[1, 0], found[2, 0], found[2, 1]]
    assert pairs == pytest.approx([0.00592, 0.01200, 0.1908, 0.9956, 0.9909, 0.8359], abs=1e-4)
    assert win_scores(found).tolist() == [2, 0, 0]
    assert win_scores(found, holm=True).tolist() == [1, 0, 0]


def test_rules_disagree_on_the_second_place():
    assert aggregate(CASES, "mean") == pytest.approx([0.895, 0.873, 0.866])
    assert aggregate(CASES, "median") == pytest.approx([0.895, 0.870, 0.875])
    assert aggregate(CASES, "mean rank") == pytest.approx([1.3, 2.3, 2.4])
    assert rank_by(CASES, "mean").tolist() == [1, 2, 3]
    assert rank_by(CASES, "median").tolist() == [1, 3, 2]


def test_wilcoxon_equals_scipy():
    rng = np.random.default_rng(3)
    for n in (6, 20, 60):
        a, b = rng.normal(size=(2, n)).round(1)
        ours = signed_rank(a, b)
        theirs = stats.wilcoxon(
            np.round(a - b, 6), zero_method="wilcox", correction=True, alternative="greater",
            method="approx",
        )  # fmt: skip
        # scipy's correction moves towards the middle from either side, ours is one-sided
        if ours.w_plus > ours.n * (ours.n + 1) / 4:
            assert ours.p_value == pytest.approx(theirs.pvalue, abs=1e-10)
        assert ours.w_plus == theirs.statistic


def test_identical_vectors_win_nothing_and_share_the_first_place():
    same = np.tile(CASES[:, :1], (1, 4))
    assert (win_p_values(same) == 1).all()
    assert rank_by(same, "mean").tolist() == [1, 1, 1, 1]
    assert stability(same, rng=np.random.default_rng(0), resamples=20).p_first.tolist() == [1] * 4


def test_few_differences_are_said_to_be_few():
    assert signed_rank(np.array([1.0, 2, 3, 0]), np.array([0.0, 1, 2, 0])).too_few
    assert not signed_rank(CASES[:, 0], CASES[:, 1]).too_few


@pytest.mark.slow
def test_a_false_winner_is_the_normal_outcome_without_correction():
    rng, plain, held = np.random.default_rng(0), 0, 0
    for _ in range(400):
        found = win_p_values(rng.normal(size=(50, 5)))
        plain += win_scores(found).any()
        held += win_scores(found, holm=True).any()
    assert plain / 400 == pytest.approx(0.51, abs=0.08)
    assert held / 400 == pytest.approx(0.03, abs=0.03)


def test_stability_says_who_is_first_how_often():
    found = stability(CASES, rng=np.random.default_rng(0), resamples=400)
    assert found.full.tolist() == [1, 2, 3]
    assert found.p_first[0] > 0.95
    assert found.shares().sum(axis=1) == pytest.approx([1, 1, 1])
    assert found.tau.max() == 1

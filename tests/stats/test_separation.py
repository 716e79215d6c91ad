"""Average precision, misses at a kept share, ROC points: by hand and beside scikit-learn."""

import numpy as np
import pytest

from stresslab.errors import ParamError
from stresslab.stats.separation import roc_points, separation


def one(truth, score, **settings):
    found = separation(truth, score, np.ones((1, len(truth))), **settings)
    return found.average_precision[0], found.missed[0]


def test_perfect_and_useless_scores():
    truth = np.repeat([0, 1], [30, 10])
    assert one(truth, truth) == pytest.approx((1, 0))
    assert one(truth, np.zeros(40)) == pytest.approx((0.25, 1))
    assert one(truth, -truth)[1] == pytest.approx(1)


def test_average_precision_is_that_of_scikit_learn():
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 500)
    score = np.round(truth + rng.standard_normal(500), 1)  # with ties
    weights = rng.integers(0, 4, (3, 500)).astype(float)
    found = separation(truth, score, weights).average_precision
    theirs = [average_precision_score(truth, score, sample_weight=w) for w in weights]
    assert found == pytest.approx(theirs, abs=1e-12)


def test_what_is_missed_at_a_kept_share_by_hand():
    negative, positive = np.arange(20), np.array([3.5, 17.5, 18.5, 30])
    truth = np.repeat([0, 1], [20, 4])
    # 95 % of 20 negatives pass below 19: the positives at or above it are caught
    assert one(truth, np.append(negative, positive))[1] == pytest.approx(0.5)
    assert one(truth, np.append(negative, positive), kept=1.0)[1] == pytest.approx(0.75)
    with pytest.raises(ParamError, match="got 0"):
        one(truth, np.append(negative, positive), kept=0)


def test_weights_are_repetitions():
    rng = np.random.default_rng(1)
    truth, score = rng.integers(0, 2, 60), rng.standard_normal(60)
    counts = rng.integers(0, 3, 60)
    weighted = separation(truth, score, counts[None])
    repeated = separation(
        np.repeat(truth, counts), np.repeat(score, counts), np.ones((1, counts.sum()))
    )
    assert weighted.average_precision == pytest.approx(repeated.average_precision)
    assert weighted.missed == pytest.approx(repeated.missed)


def test_without_one_class_nothing_is_known():
    assert np.isnan(one(np.ones(5), np.arange(5.0))).all()


def test_roc_points_are_points_of_scikit_learns_curve():
    from sklearn.metrics import auc, roc_curve

    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 3000)
    score = truth + rng.standard_normal(3000)
    false, true = roc_points(truth, score)
    theirs_false, theirs_true, _ = roc_curve(truth, score, drop_intermediate=False)
    theirs = set(zip(theirs_false.round(9), theirs_true.round(9), strict=True))
    assert set(zip(false.round(9), true.round(9), strict=True)) <= theirs
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert len(false) <= 202
    assert auc(false, true) == pytest.approx(auc(theirs_false, theirs_true), abs=5e-3)

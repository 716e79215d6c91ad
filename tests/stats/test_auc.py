import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stresslab.errors import ShapeError
from stresslab.stats.auc import auc, auc_difference


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 300)
    one = truth + rng.normal(size=300)
    return truth, one, np.round(0.5 * one + rng.normal(size=300), 1)


def test_the_area_is_that_of_scikit_learn_ties_too(rows):
    truth, one, other = rows
    for score in (one, other, np.ones(300)):
        assert auc(truth, score).value == pytest.approx(roc_auc_score(truth, score), abs=1e-12)


def test_the_variance_is_delongs_by_the_definition(rows):
    truth, one, other = rows
    up, down = truth == 1, truth == 0

    def kernel(score):
        a, b = score[up][:, None], score[down][None, :]
        return (a > b) + 0.5 * (a == b)

    k = kernel(other)
    expected = k.mean(1).var(ddof=1) / up.sum() + k.mean(0).var(ddof=1) / down.sum()
    assert auc(truth, other).error == pytest.approx(expected**0.5, abs=1e-12)
    gap = kernel(one) - k
    expected = gap.mean(1).var(ddof=1) / up.sum() + gap.mean(0).var(ddof=1) / down.sum()
    value, low, high = auc_difference(truth, one, other)
    assert value == pytest.approx(gap.mean(), abs=1e-12)
    assert (high - low) / 2 == pytest.approx(1.959963984540054 * expected**0.5, abs=1e-12)


def test_the_interval_covers_and_stays_between_0_and_1():
    rng, hits = np.random.default_rng(1), 0
    truth = np.repeat([0, 1], [150, 50])
    for _ in range(400):
        found = auc(truth, truth * 1.5 + rng.normal(size=200))
        hits += found.low <= 0.8555778 <= found.high
        assert 0 < found.low < found.high < 1
    assert 0.92 < hits / 400 < 0.98


def test_one_class_is_undefined_and_few_have_no_interval():
    assert np.isnan(auc([1, 1, 1], [1, 2, 3]).value)
    few = auc([1] * 9 + [0] * 50, np.arange(59))
    assert few.value == 0
    assert np.isnan(few.low)


def test_a_monotone_score_changes_nothing_and_a_negated_one_mirrors(rows):
    truth, one, _ = rows
    assert auc(truth, np.exp(one)).value == auc(truth, one).value
    assert auc(truth, -one).value == pytest.approx(1 - auc(truth, one).value)
    assert auc(1 - truth, -one).value == pytest.approx(auc(truth, one).value)
    assert auc_difference(truth, one, 2 * one) == (0, 0, 0)


def test_truth_that_is_not_0_or_1_is_refused():
    with pytest.raises(ShapeError, match="positive class"):
        auc([1, 2], [0, 1])
    with pytest.raises(ShapeError, match="One score per row"):
        auc([1, 0], [0.5])

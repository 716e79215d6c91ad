import numpy as np
import pytest

from stresslab.stats.breaks import NEVER, NOT_AT_RISK, break_tiers, median_break, survival
from stresslab.stats.intervals import wilson

ITEMS = np.array(
    [
        [1, 1, 0, 0],  # breaks at 2
        [1, 1, 1, 1],  # holds
        [0, 1, 1, 1],  # wrong from the start
        [1, 0, 1, 1],  # breaks at 1, recovers
        [1, np.nan, 1, 0],  # breaks at 3
        [1, 1, np.nan, np.nan],  # holds as far as known
    ]
)


def test_breaks_by_hand():
    found = break_tiers(ITEMS)
    assert found.index.tolist() == [2, NEVER, NOT_AT_RISK, 1, 3, NEVER]
    assert found.recovers.tolist() == [False, False, False, True, False, False]


def test_survival_by_hand():
    found = survival(ITEMS, np.arange(6))
    assert found.n.tolist() == [5, 4, 4, 4]
    assert found.share.value == pytest.approx([1, 3 / 4, 2 / 4, 1 / 4])


def test_survival_never_rises_when_all_is_known():
    values = np.random.default_rng(0).integers(0, 2, (60, 5)).astype(float)
    assert (np.diff(survival(values, np.arange(60)).share.value) <= 0).all()


def test_survival_of_independent_items_has_wilson_intervals():
    found = survival(ITEMS, np.arange(6))
    expected = wilson([5, 3, 2, 1], found.n)
    assert found.share.low == pytest.approx(expected.low, abs=1e-12)


def test_half_of_the_items_are_gone_at_the_median_break():
    assert median_break(survival(ITEMS, np.arange(6))) == 2
    assert median_break(survival(np.ones((5, 3)), np.arange(5))) is None


def test_partial_credit_counts_as_right_from_the_threshold():
    values = np.array([[1.0, 0.6, 0.4]])
    assert break_tiers(values).index.tolist() == [2]
    assert break_tiers(values, right_from=0.7).index.tolist() == [1]


def test_no_items_give_an_unknown_curve():
    found = survival(np.empty((0, 3)), np.empty(0, int))
    assert found.n.tolist() == [0, 0, 0]
    assert np.isnan(found.share.value).all()


def test_survival_is_that_of_kaplan_and_meier_where_all_is_known():
    from statsmodels.duration.survfunc import SurvfuncRight

    n_tiers = 6
    first = np.random.default_rng(3).integers(1, n_tiers + 1, 80)
    found = survival((np.arange(n_tiers) < first[:, None]).astype(float), np.arange(80))
    oracle = SurvfuncRight(np.minimum(first, n_tiers), first < n_tiers)
    expected = [oracle.surv_prob[oracle.surv_times == tier].item() for tier in range(1, n_tiers)]
    assert found.share.value[1:] == pytest.approx(expected, abs=1e-8)

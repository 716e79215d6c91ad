import numpy as np
import pytest

from stresslab.errors import ParamError, ShapeError
from stresslab.gaps.leakage import folds, lift, near_duplicates


def test_a_split_by_participant_keeps_each_on_one_side():
    group = np.repeat(np.arange(30), 4)
    seen = []
    for train, test in folds(group, 5, by_group=True, rng=np.random.default_rng(0)):
        assert not set(group[train]) & set(group[test])
        assert len(train) + len(test) == 120
        seen += test.tolist()
    assert sorted(seen) == list(range(120))


def test_a_split_by_rows_does_not():
    group = np.repeat(np.arange(30), 4)
    train, test = next(folds(group, 5, by_group=False, rng=np.random.default_rng(0)))
    assert set(group[train]) & set(group[test])


def test_too_few_participants_and_unknown_ones_are_refused():
    with pytest.raises(ParamError, match="folds"):
        list(folds([1, 1, 2, 2], 3, by_group=True, rng=np.random.default_rng(0)))
    with pytest.raises(ShapeError, match="participant of every row"):
        list(folds(["a", None, "b"], 2, by_group=True, rng=np.random.default_rng(0)))


def test_near_duplicates_are_found_at_any_scale():
    rng = np.random.default_rng(1)
    train = rng.normal(size=(50, 3)) * [1, 1000, 1e-3]
    test = np.vstack([train[:5] * (1 + 1e-6), rng.normal(size=(5, 3)) * [1, 1000, 1e-3]])
    assert near_duplicates(train, test).tolist() == [True] * 5 + [False] * 5


def test_lift_is_0_at_the_no_skill_line_and_undefined_without_room():
    assert lift(0.8, 0.8) == 0
    assert lift(1.0, 0.8) == pytest.approx(1)
    assert np.isnan(lift(1.0, 1.0))

from dataclasses import fields
from itertools import combinations

import numpy as np
import pytest

from stresslab.stats.marks import by_block, by_group, marks
from stresslab.stats.paired import concatenate, paired_differences
from stresslab.stats.paired_marks import differences_of_marks


def scores(rng, n, k=4):
    ease = rng.normal(size=(n, 1))
    return np.asfortranarray((ease + rng.normal(size=(n, k)) > 0).astype(float))


@pytest.mark.parametrize("rows_a_cluster", [1, 7])
@pytest.mark.parametrize("n_groups", [1, 3])
def test_all_pairs_at_once_are_the_pairs_one_by_one(rows_a_cluster, n_groups):
    rng = np.random.default_rng(rows_a_cluster)
    values = scores(rng, 700)
    cluster = rng.permutation(np.arange(700) // rows_a_cluster)
    group = rng.integers(-1, n_groups, 700)
    compared = list(combinations(range(4), 2))
    found = differences_of_marks(
        marks(values), compared, cluster, group, n_groups, rng=lambda: np.random.default_rng(0),
        margin=0.02,
    )  # fmt: skip
    expected = concatenate(
        [
            paired_differences(
                values[:, a], values[:, b], cluster, group, n_groups, rate=True, margin=0.02
            )
            for a, b in compared
        ]
    )
    for one in fields(expected):
        ours, theirs = getattr(found, one.name), getattr(expected, one.name)
        if ours.dtype == object:
            assert (ours == theirs).all()
        else:
            assert ours == pytest.approx(theirs, abs=1e-12, nan_ok=True), one.name


def test_counts_by_block_are_those_of_each_column():
    rng = np.random.default_rng(2)
    rows = marks(scores(rng, 500, 6))
    block = rng.integers(0, 9, 500)
    found = np.array(list(by_block(rows.code, block, np.bincount(block), rows.right)))
    expected = [np.bincount(block, rows.right[rows.code, one]) for one in range(6)]
    assert (found == np.array(expected)).all()


def test_counts_by_group_add_up_to_the_rows():
    rng = np.random.default_rng(3)
    values = scores(rng, 300)
    rows, group = marks(values), rng.integers(0, 4, 300)
    counts = by_group(rows.code, len(rows.right), group, 4)
    expected = [values[group == one].sum(axis=0) for one in range(4)]
    assert (counts @ rows.right == np.array(expected)).all()


def test_a_value_that_is_not_known_leaves_no_marks():
    assert marks(np.array([[1.0, np.nan], [0.0, 1.0]])) is None
    assert marks(np.zeros((3, 17))) is None

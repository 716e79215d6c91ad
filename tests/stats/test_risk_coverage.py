"""Risk over coverage: by hand, and as repetitions."""

import numpy as np
import pytest

from stresslab.errors import ParamError
from stresslab.stats.risk_coverage import risk_coverage


def test_dropping_the_wrong_rows_leaves_the_right_ones():
    right = np.array([1, 1, 1, 0, 0.0])
    found = risk_coverage(right, [0, 1, 2, 3, 4], np.ones((1, 5)), dropped=[0, 0.2, 0.4, 0.8])
    assert found.kept[0] == pytest.approx([0.6, 0.75, 1, 1])
    assert found.area[0] == pytest.approx((0 + 0 + 0 + 1 / 4 + 2 / 5) / 5)


def test_equal_scores_tell_nothing():
    right = np.array([1, 0, 1, 0.0])
    found = risk_coverage(right, np.zeros(4), np.ones((1, 4)), dropped=[0, 0.25, 0.5])
    assert found.kept[0] == pytest.approx([0.5, 0.5, 0.5])
    assert found.area[0] == pytest.approx(0.5)


def test_order_of_rows_does_not_matter_and_weights_are_repetitions():
    rng = np.random.default_rng(0)
    right, score = rng.integers(0, 2, 50).astype(float), rng.integers(0, 9, 50).astype(float)
    counts = rng.integers(0, 3, 50)
    order = rng.permutation(50)
    first = risk_coverage(right, score, counts[None], dropped=[0.1, 0.3])
    second = risk_coverage(right[order], score[order], counts[None, order], dropped=[0.1, 0.3])
    third = risk_coverage(
        np.repeat(right, counts),
        np.repeat(score, counts),
        np.ones((1, counts.sum())),
        dropped=[0.1, 0.3],
    )
    for other in (second, third):
        assert other.kept == pytest.approx(first.kept)
        assert other.area == pytest.approx(first.area)


def test_everything_cannot_be_dropped():
    with pytest.raises(ParamError, match=r"\[0, 1\)"):
        risk_coverage([1.0], [0.0], np.ones((1, 1)), dropped=[1.0])

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from stresslab.errors import ShapeError, TooFewRowsError
from stresslab.gaps.divergence import jensen_shannon, score_divergence, transition_divergence


def test_it_is_the_square_of_the_distance_of_scipy():
    p, q = np.array([3.0, 1, 6]), np.array([2.0, 7, 1])
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)


def test_equal_mixes_are_zero_and_disjoint_ones_a_bit_apart():
    assert jensen_shannon(np.array([1, 2, 3]), np.array([2, 4, 6])) == 0
    assert jensen_shannon(np.array([1, 0]), np.array([0, 5])) == 1


def test_transitions_of_the_same_place_do_not_differ():
    one = np.array([[0, 9, 1], [0, 0, 10], [0, 0, 0]])
    assert transition_divergence(one, one * 2) == 0
    other = np.array([[0, 0, 10], [10, 0, 0], [0, 0, 0]])
    assert transition_divergence(np.array([[0, 10, 0], [0, 0, 10], [0, 0, 0]]), other) == 1


def test_scores_of_one_source_are_close_and_far_ones_a_bit_apart():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 2000))
    assert score_divergence(a, b) < 0.01
    assert score_divergence(a, b + 50) == pytest.approx(1, abs=1e-6)
    assert np.isnan(score_divergence(a, np.ones(5)))


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ShapeError):
        jensen_shannon(np.ones(2), np.ones(3))
    with pytest.raises(TooFewRowsError):
        jensen_shannon(np.zeros(2), np.ones(2))

import numpy as np
import pytest

from stresslab.errors import ParamError
from stresslab.gaps.valley import critical_interval, peak, valley


def test_published_means_of_a_small_model_have_their_valley_at_level_two():
    found = valley(
        np.array([0.91, 0.53, 0.13, 0.10, 0.09]), np.array([0.91, 0.41, 0.16, 0.09, 0.07])
    )
    assert found.gap == pytest.approx([0, 0.12, 0, 0.01, 0.02])
    assert (found.critical, found.flat) == (2, False)


def test_the_vertex_of_the_parabola_around_the_peak():
    level, widest, vertex = peak(np.array([0.02, 0.10, 0.35, 0.12, 0.03]), np.arange(1.0, 6))
    assert (level, widest) == (3, 0.35)
    assert vertex == pytest.approx(3 - (0.12 - 0.10) / (2 * (0.12 - 2 * 0.35 + 0.10)))
    assert vertex == pytest.approx(3.0208, abs=5e-5)


def test_the_vertex_is_exact_for_a_parabola_on_uneven_levels():
    levels = np.array([1.0, 2.0, 4.0])
    assert peak(1 - 0.05 * (levels - 2.3) ** 2, levels)[2] == pytest.approx(2.3)


def test_score_takes_off_the_gap_once_more():
    assert valley(np.array([0.6]), np.array([0.5])).score == pytest.approx([0.4])
    assert valley(np.array([0.4]), np.array([0.5])).score == pytest.approx([0.5])


def test_no_gap_is_flat_and_scores_one():
    found = valley(np.ones(5), np.ones(5))
    assert found.flat
    assert found.score == pytest.approx(np.ones(5))


def test_ties_go_to_the_lower_level_and_ends_have_no_vertex():
    found = valley(np.array([0.5, 0.5, 0.5]), np.array([0.3, 0.4, 0.3]))
    assert found.critical == 1
    assert np.isnan(found.vertex)


def test_an_unknown_level_is_passed_over():
    found = valley(np.array([0.5, np.nan, 0.5]), np.array([0.4, 0.1, 0.2]), np.array([1, 2, 4]))
    assert found.critical == 4


def test_relative_gap_is_unknown_where_nothing_is_right_inside():
    assert np.isnan(valley(np.array([0.0]), np.array([0.0])).relative[0])


def test_a_share_outside_zero_and_one_is_refused():
    with pytest.raises(ParamError, match=r"\[0, 1\]"):
        valley(np.array([1.2]), np.array([0.5]))


def test_the_critical_interval_narrows_to_the_peak_and_tells_a_flat_one():
    gap, levels, rng = np.array([0.0, 0.1, 0.3, 0.1]), np.arange(1.0, 5), np.random.default_rng(0)
    assert critical_interval(gap, np.full(4, 1e-4), levels, rng=rng)[:2] == (3, 3)
    wide = critical_interval(gap, np.full(4, 0.3), levels, rng=rng)
    assert (wide[0], wide[1]) == (1, 4)
    flat = critical_interval(np.zeros(4), np.full(4, 1e-3), levels, rng=rng)
    assert np.isnan(flat[0])
    assert flat[2] == 1

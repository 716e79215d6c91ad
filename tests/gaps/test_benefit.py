import numpy as np
import pytest

from stresslab.errors import ParamError, ShapeError
from stresslab.gaps.benefit import crossover, data_equivalence, interaction, log_slope


def test_the_first_change_of_sign_is_interpolated_in_log_size():
    assert crossover([10, 1000], [0.1, -0.1]) == pytest.approx(100)
    assert crossover([10, 100, 1000], [-0.1, 0.3, -0.3]) == pytest.approx(10 ** (1 + 0.25))
    assert crossover([10, 100, 1000], [0.1, 0.0, 0.2]) == 100
    assert np.isnan(crossover([10, 100], [0.1, 0.2]))
    assert np.isnan(crossover([10], [0.1]))


def test_unknown_benefits_are_skipped():
    assert crossover([10, 100, 1000], [0.1, np.nan, -0.1]) == pytest.approx(100)


def test_a_single_size_has_no_slope_and_negative_benefits_no_logarithm():
    assert np.isnan(log_slope([10], [0.1]))
    assert np.isnan(log_slope([10, 100], [0.1, -0.1]))
    assert log_slope([1, np.e], [1, np.e**-0.5]) == pytest.approx(-0.5)


def test_own_data_that_never_get_there_are_censored():
    assert data_equivalence([10, 1000], [0.5, 0.7], 0.6) == pytest.approx(100)
    assert data_equivalence([10, 1000], [0.5, 0.7], 0.4) == 10
    assert data_equivalence([10, 1000], [0.5, 0.7], 0.8) == np.inf
    assert np.isnan(data_equivalence([10, 1000], [0.5, 0.7], np.nan))


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ParamError, match="positive"):
        crossover([0, 10], [1, 2])
    with pytest.raises(ParamError, match="increase"):
        log_slope([10, 10], [1, 2])
    with pytest.raises(ShapeError, match="One value per size"):
        crossover([10], [1, 2])


def test_the_interaction_is_least_squares_and_its_interval_holds_the_truth():
    import statsmodels.api as sm

    rng = np.random.default_rng(0)
    n, broad, task = np.tile([10, 100, 1000], 20), np.repeat([0, 1], 30), np.repeat(range(20), 3)
    benefit = 0.3 - 0.05 * np.log(n) + 0.1 * broad + rng.normal(0, 0.02, 60)
    value, low, high = interaction(n, broad, benefit, task, draws=500, rng=rng)
    design = np.column_stack([np.ones(60), np.log(n), broad, np.log(n) * broad])
    np.testing.assert_allclose(value, sm.OLS(benefit, design).fit().params, atol=1e-8)
    assert ((low < [0.3, -0.05, 0.1, 0]) & (high > [0.3, -0.05, 0.1, 0])).all()
    _, low, _ = interaction([10, 100], [0, 0], [1, 2], ["a", "a"], draws=5, rng=rng)
    assert np.isnan(low).all()

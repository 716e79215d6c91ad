import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from stresslab.stats.forecast import forecast, pair_accuracy


def of(x, y, families=None, seed=0):
    families = families or ["a", "b", "c"] * (len(x) // 3) + ["a"] * (len(x) % 3)
    return forecast(
        np.array(x, float), np.array(y, float), families, rng=np.random.default_rng(seed)
    )


def test_correlations_are_those_of_scipy():
    rng = np.random.default_rng(0)
    x = rng.normal(size=24)
    y = x + rng.normal(size=24)
    found = of(x, y)
    assert found.pearson == pytest.approx(pearsonr(x, y).statistic)
    assert found.spearman == pytest.approx(spearmanr(x, y).statistic)
    assert found.pearson_low < found.pearson < found.pearson_high
    assert found.p_value < 0.05


def test_a_line_is_forecast_without_error_in_either_direction():
    x = np.arange(9.0)
    for slope in (2.0, -2.0):
        found = of(x, 1 + slope * x)
        assert found.error == pytest.approx(0, abs=1e-12)
        assert found.pairs == 1
        assert found.error_of_mean > 1


def test_left_out_family_by_hand():
    found = of([0, 1, 2, 3, 4, 5], [0, 1, 2, 4, 5, 6], ["a"] * 3 + ["b"] * 3)
    assert found.error == pytest.approx(1.0)  # lines y = x + 1 and y = x, each off by 1
    assert found.n_families == 2


def test_noise_orders_half_of_the_pairs_and_has_no_error_to_spare():
    rng = np.random.default_rng(0)
    noise = [pair_accuracy(rng.normal(size=12), rng.normal(size=12)) for _ in range(300)]
    assert np.mean(noise) == pytest.approx(0.5, abs=0.06)


def test_p_values_of_noise_are_below_a_level_as_often_as_the_level():
    rng = np.random.default_rng(1)
    found = [of(rng.normal(size=12), rng.normal(size=12), seed=s).p_value for s in range(200)]
    assert np.mean(np.array(found) < 0.1) == pytest.approx(0.1, abs=0.06)


def test_under_six_models_and_constant_markers_say_nothing():
    assert np.isnan(of([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]).pearson)
    assert np.isnan(of([1] * 8, range(8)).pearson)
    assert of([1, 2, np.nan, 4, 5, 6], range(6)).n_models == 5

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from stresslab.errors import ShapeError
from stresslab.gaps.selection import quality_draws, relative_gain, selection_quality


def test_correlations_are_those_of_scipy():
    rng = np.random.default_rng(0)
    value, truth = rng.integers(0, 8, 40).astype(float), rng.normal(size=40)
    found = selection_quality(value, truth)
    assert found.spearman == pytest.approx(spearmanr(value, truth).statistic, abs=1e-12)
    assert found.pearson == pytest.approx(pearsonr(value, truth).statistic, abs=1e-12)


def test_the_best_choice_has_no_regret_and_ties_share_it():
    truth = np.array([0.1, 0.5, 0.9, 0.3, 0.2])
    assert selection_quality(truth, truth).regret == 0
    tied = selection_quality([1, 2, 2, 0, 0], truth)
    assert tied.chosen == pytest.approx(0.7)
    assert tied.regret == pytest.approx(0.2)


def test_few_models_or_constants_have_no_correlation():
    assert np.isnan(selection_quality([1, 2, 3, 4], [1, 2, 3, 4]).spearman)
    assert np.isnan(selection_quality([1] * 6, range(6)).spearman)
    assert np.isnan(selection_quality(range(6), [1] * 6).pearson)


def test_one_criterion_per_model():
    with pytest.raises(ShapeError, match="per model"):
        selection_quality([1, 2], [1])


def test_gain_is_relative_to_the_other_choice():
    assert relative_gain(0.6, 0.5) == pytest.approx(0.2)
    assert np.isnan(relative_gain(0.6, 0.0))


def test_draws_hold_the_estimate():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=50)
    value = truth + rng.normal(size=50)
    rho, regret = quality_draws(value, truth, draws=200, rng=rng)
    low, high = np.nanquantile(rho, [0.025, 0.975])
    assert low < selection_quality(value, truth).spearman < high
    assert (regret >= 0).all()

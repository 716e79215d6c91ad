import numpy as np
import pytest

from stresslab.gaps.line import on_the_line, probit, robustness


def on_line(inside, slope=1.2, intercept=-0.5):
    from scipy.special import ndtr

    return ndtr(intercept + slope * probit(np.asarray(inside)))


def test_the_line_is_that_of_scipy_on_the_probit_scale():
    from scipy import stats

    rng = np.random.default_rng(0)
    inside = rng.uniform(0.5, 0.95, 12)
    outside = on_line(inside) + rng.normal(0, 0.02, 12)
    line, theirs = on_the_line(inside, outside), stats.linregress(probit(inside), probit(outside))
    assert line.slope == pytest.approx(theirs.slope, rel=1e-10)
    assert line.intercept == pytest.approx(theirs.intercept, rel=1e-10)
    assert line.r2 == pytest.approx(theirs.rvalue**2, rel=1e-10)
    half = stats.t.ppf(0.975, 10) * theirs.stderr
    assert line.slope_high - line.slope == pytest.approx(half, rel=1e-8)


def test_models_on_a_line_have_no_effective_robustness():
    inside = np.array([0.6, 0.7, 0.8, 0.9])
    found = robustness(inside, on_line(inside), np.full(4, 0.01), np.full(4, 0.01))
    assert found.effective == pytest.approx(np.zeros(4), abs=1e-12)
    assert found.residual == pytest.approx(np.zeros(4), abs=1e-12)
    assert (found.low < 0).all()
    assert (found.high > 0).all()


def test_a_model_above_the_line_of_the_others_is_found_in_points():
    inside = np.array([0.6, 0.7, 0.75, 0.8, 0.9])
    outside = on_line(inside)
    outside[2] += 0.1
    found = robustness(inside, outside, np.full(5, 0.005), np.full(5, 0.005))
    assert found.effective[2] == pytest.approx(0.1)
    assert found.low[2] > 0.07
    assert 0 < found.residual[2] < 0.1  # the model itself pulls the line of all towards it


def test_shares_are_clipped_before_the_probit():
    assert probit(np.array([0.0, 1.0])) == pytest.approx(probit(np.array([1e-4, 1 - 1e-4])))


@pytest.mark.parametrize("inside", [[0.5, 0.6], [0.7, 0.7, 0.7], []])
def test_too_few_or_equal_models_have_no_line(inside):
    line = on_the_line(np.array(inside), np.array(inside))
    assert not line.known


def test_three_models_have_a_line_and_none_against_the_others():
    inside = np.array([0.5, 0.6, 0.9])
    found = robustness(inside, inside, np.zeros(3), np.zeros(3))
    assert on_the_line(inside, inside).slope == pytest.approx(1)
    assert np.isnan(found.effective).all()


def test_the_interval_covers_with_sampling_error_and_scatter():
    rng = np.random.default_rng(4)
    true_inside = np.linspace(0.55, 0.9, 8)
    truth, n, covered = on_line(true_inside), 2000, []
    for _ in range(150):
        inside = rng.binomial(n, true_inside) / n
        outside = rng.binomial(n, truth) / n
        se = [np.sqrt(one * (1 - one) / n) for one in (inside, outside)]
        found = robustness(inside, outside, *se)
        covered.append((found.low <= 0) & (found.high >= 0))
    assert np.mean(covered) > 0.93

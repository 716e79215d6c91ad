import numpy as np
import pytest

from stresslab.stats.tango import score_interval, score_statistic

Z = 1.959963984540054


def constrained_statistic(wins, losses, n, delta):
    """Maximise the likelihood under "difference = delta" by search: an independent oracle."""
    from scipy.optimize import minimize_scalar

    def loss(second):
        first = second + delta
        rest = 1 - first - second
        if min(first, second, rest) <= 0:
            return np.inf
        return -(
            wins * np.log(first) + losses * np.log(second) + (n - wins - losses) * np.log(rest)
        )

    ends = max(0, -delta), (1 - delta) / 2
    second = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-13}).x
    return (wins - losses - n * delta) / np.sqrt(n * (2 * second + delta * (1 - delta)))


def test_at_zero_the_statistic_is_mcnemars():
    assert score_statistic(9, 4, 50, 0.0) == pytest.approx((9 - 4) / np.sqrt(13))


@pytest.mark.parametrize("delta", [-0.3, -0.05, 0.02, 0.4])
def test_the_statistic_is_that_of_the_constrained_likelihood(delta):
    expected = constrained_statistic(9, 4, 50, delta)
    assert score_statistic(9, 4, 50, delta) == pytest.approx(expected, abs=1e-5)


def test_without_discordant_pairs_the_bound_is_the_closed_form():
    low, high = score_interval(0, 0, 30, Z)
    assert high == pytest.approx(Z**2 / (30 + Z**2), abs=1e-12)
    assert low == pytest.approx(-high, abs=1e-15)


def test_the_statistic_at_a_bound_is_the_quantile():
    low, high = score_interval(9, 4, 50, Z)
    assert score_statistic(9, 4, 50, low) == pytest.approx(Z, abs=1e-9)
    assert score_statistic(9, 4, 50, high) == pytest.approx(-Z, abs=1e-9)


def test_bounds_of_many_tables_are_those_of_bisection():
    rng = np.random.default_rng(3)
    n = np.concatenate([rng.integers(1, most, 60) for most in (3, 30, 2000, 10**8)]).astype(float)
    differing = np.floor(rng.random(240) ** 3 * (n + 0.99))
    wins = np.floor(rng.choice([0.0, 0.2, 0.9, 1.0], 240) * differing)
    quantile = rng.choice([0.1, 1.96, 3.5, 12.7], 240)
    inside, outside = (2 * wins - differing) / n, np.ones(240)
    for _ in range(60):
        middle = (inside + outside) / 2
        covered = score_statistic(wins, differing - wins, n, middle) >= -quantile
        inside, outside = np.where(covered, middle, inside), np.where(covered, outside, middle)
    _, high = score_interval(wins, differing - wins, n, quantile)
    assert high == pytest.approx(inside, abs=1e-11)


def test_swapping_the_models_mirrors_the_interval():
    low, high = score_interval(9, 4, 50, Z)
    mirrored = score_interval(4, 9, 50, Z)
    assert np.array(mirrored) == pytest.approx([-high, -low], abs=1e-12)


def test_all_pairs_won_reaches_one():
    assert score_interval(12, 0, 12, Z)[1] == 1.0


def test_no_pairs_have_no_interval():
    assert np.isnan(score_interval(0, 0, 0, Z)).all()

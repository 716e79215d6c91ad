import numpy as np
import pytest
from scipy import stats

from stresslab.stats.dose import akaike_weights, bend, bend_of, crossing, fits
from stresslab.stats.tiers import TierMeans, tier_means

LEVELS = np.array([1.0, 3, 5, 6, 8, 10])
MMLU = np.array([27.50, 29.06, 56.02, 55.60, 51.89, 53.02])
BBH = np.array([33.99, 38.05, 42.11, 41.19, 41.57, 40.20])


def means_of(values, sd=0.01, n=10_000):
    values = np.asarray(values, float)
    width = len(values)
    return TierMeans(values, np.eye(width) * sd**2, np.full(width, n), n)


def test_the_printed_mmlu_levels_are_not_certified():
    found = bend(LEVELS, MMLU)
    assert found.curvature == pytest.approx(-0.642, abs=5e-4)
    assert found.vertex == pytest.approx(8.00, abs=5e-3)
    assert (found.slope_low, found.slope_high) == pytest.approx((8.99, -2.57), abs=5e-3)
    assert (found.p_low, found.p_high) == pytest.approx((0.043, 0.26), abs=5e-3)
    assert found.verdict == "no bend"


def test_the_printed_bbh_levels_are():
    found = bend(LEVELS, BBH)
    assert (found.curvature, found.vertex) == pytest.approx((-0.222, 7.03), abs=5e-3)
    assert (found.slope_low, found.slope_high) == pytest.approx((2.67, -1.32), abs=5e-3)
    assert (found.p_low, found.p_high) == pytest.approx((0.002, 0.014), abs=1e-3)
    assert found.verdict == "inverted U"


def test_reversed_levels_mirror_the_vertex_and_the_sign_makes_a_u():
    assert bend(11 - LEVELS, BBH).vertex == pytest.approx(11 - bend(LEVELS, BBH).vertex, abs=1e-9)
    assert bend(LEVELS, -BBH).verdict == "U"


def test_monotone_data_are_seldom_certified():
    rng = np.random.default_rng(0)
    x = np.arange(1.0, 9)
    draws = [bend(x, 50 - 3 * x + rng.normal(size=8)).verdict for _ in range(500)]
    assert np.mean(np.array(draws) != "no bend") <= 0.05


def test_a_planted_hill_is_found():
    rng = np.random.default_rng(1)
    x = np.arange(1.0, 11)
    found = bend(x, 50 - 2 * (x - 5.5) ** 2 + rng.normal(size=10))
    assert found.verdict == "inverted U"
    assert found.vertex == pytest.approx(5.5, abs=0.2)


def test_a_hill_of_items_is_found_with_the_errors_of_its_clusters():
    rng = np.random.default_rng(3)
    chance = 0.4 + 0.05 * np.arange(7) * (6 - np.arange(7))
    values = (rng.random((500, 1)) < chance).astype(float)
    found = bend_of(tier_means(values, np.arange(500)), np.arange(7))
    assert found.verdict == "inverted U"
    assert found.vertex == pytest.approx(3, abs=0.3)
    line = (rng.random((500, 1)) < 0.9 - 0.1 * np.arange(7)).astype(float)
    assert bend_of(tier_means(line, np.arange(500)), np.arange(7)).verdict == "no bend"


def test_three_levels_tell_nothing():
    assert bend([1, 2, 3], [1, 2, 1]).verdict == "no bend"


@pytest.mark.parametrize(
    ("shape", "values", "mark"),
    [
        ("flat", [0.7] * 7, None),
        ("linear", 0.9 - 0.05 * np.arange(7), None),
        ("quadratic", 0.5 + 0.04 * np.arange(7) * (5 - np.arange(7)), 2.5),
        ("logistic", 0.1 + 0.8 / (1 + np.exp((np.arange(7) - 3) / 0.6)), 3.0),
        ("changepoint", 0.9 - 0.12 * np.maximum(np.arange(7) - 2, 0), 2.0),
    ],
)
def test_the_shape_that_made_the_means_is_chosen_and_its_mark_found(shape, values, mark):
    best = fits(means_of(values), np.arange(7), floor=0.1, ceiling=1.0)[0]
    assert best.shape == shape
    assert best.chi2 == pytest.approx(0, abs=1e-2)
    assert best.curve(np.arange(7)) == pytest.approx(np.asarray(values), abs=2e-3)
    if mark is not None:
        assert best.mark == pytest.approx(mark, abs=0.05)
        assert best.mark_low <= mark <= best.mark_high


def test_the_line_and_its_chi2_are_those_of_least_squares():
    y = np.array([0.9, 0.8, 0.76, 0.6])
    found = {one.shape: one for one in fits(means_of(y), np.arange(4))}
    theirs = stats.linregress(np.arange(4), y)
    assert found["linear"].parameters == pytest.approx([theirs.intercept, theirs.slope], abs=1e-10)
    left = y - (theirs.intercept + theirs.slope * np.arange(4))
    assert found["linear"].chi2 == pytest.approx(float(left @ left) / 0.01**2, rel=1e-6)
    assert found["flat"].aic == pytest.approx(found["flat"].chi2 + 2)


def test_weights_add_up_and_follow_the_order():
    found = fits(means_of(0.9 - 0.05 * np.arange(6)), np.arange(6), floor=0.0, ceiling=1.0)
    worth = akaike_weights(found)
    assert worth.sum() == pytest.approx(1)
    assert (np.diff(worth) <= 0).all()


def test_a_shape_needs_more_tiers_than_parameters():
    shapes = {n: {one.shape for one in fits(means_of(np.linspace(1, 0, n)), np.arange(n), floor=0.0,
                                            ceiling=1.0)} for n in (1, 2, 3, 4)}  # fmt: skip
    assert shapes[1] == set()
    assert shapes[2] == {"flat"}
    assert shapes[3] == {"flat", "linear"}
    assert shapes[4] == {"flat", "linear", "quadratic", "changepoint", "logistic"}


def test_tiers_where_every_item_agrees_do_not_break_the_fit():
    values = np.ones((20, 5))
    values[:, 3:] = 0
    found = fits(tier_means(values, np.arange(20)), np.arange(5), floor=0.0, ceiling=1.0)
    assert np.isfinite([one.aic for one in found]).all()
    assert found[0].shape in ("logistic", "changepoint")


def test_the_true_shape_of_simulated_items_is_usually_chosen():
    rng = np.random.default_rng(2)
    chance = 0.95 / (1 + np.exp((np.arange(7) - 3) / 0.7))
    chosen = []
    for _ in range(20):
        easy = rng.random((600, 1))
        values = (easy < chance).astype(float)
        chosen.append(fits(tier_means(values, np.arange(600)), np.arange(7), floor=0.0,
                           ceiling=1.0)[0])  # fmt: skip
    assert np.mean([one.shape == "logistic" for one in chosen]) >= 0.8
    covered = [one.mark_low <= 3 <= one.mark_high for one in chosen if one.shape == "logistic"]
    assert np.mean(covered) >= 0.8


def test_a_crossing_is_interpolated_censored_or_below_the_range():
    tiers = np.arange(0, 11)
    assert crossing(tiers, 0.9**tiers) == pytest.approx(6.59, abs=0.01)
    assert np.isnan(crossing([0, 1], [0.9, 0.8]))
    assert crossing([0, 1], [0.4, 0.3]) == -np.inf

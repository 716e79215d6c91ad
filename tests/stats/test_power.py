import numpy as np
import pytest
from scipy import stats

from stresslab.stats.mcnemar import mcnemar_exact
from stresslab.stats.paired import paired_difference, paired_from_counts
from stresslab.stats.power import clusters_for_mean, n_needed, pairs_for_rate


def exact_power(n, discordant, effect, alpha):
    """Sum over all discordant counts the chance that McNemar's exact test rejects."""
    chance, win = discordant, (discordant + effect) / 2 / discordant
    power = 0.0
    for pairs, weight in enumerate(stats.binom.pmf(np.arange(n + 1), n, chance)):
        wins = np.arange(pairs + 1)
        rejects = mcnemar_exact(wins, pairs - wins) < alpha
        power += weight * stats.binom.pmf(wins, pairs, win)[rejects].sum()
    return power


@pytest.mark.parametrize("effect", [0.2, 0.5, 1.0])
def test_clusters_for_a_mean_are_those_of_statsmodels_within_one(effect):
    from statsmodels.stats.power import TTestPower

    expected = TTestPower().solve_power(effect, alpha=0.05, power=0.8)
    assert clusters_for_mean(1.0, effect, alpha=0.05, power=0.8) == pytest.approx(expected, abs=1.1)


@pytest.mark.parametrize(("discordant", "effect"), [(0.1, 0.05), (0.3, 0.1), (0.5, 0.2)])
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_mcnemar_has_the_promised_power_at_that_many_pairs(discordant, effect, power):
    n = int(pairs_for_rate(discordant, effect, alpha=0.05, power=power))
    assert power - 0.002 < exact_power(n, discordant, effect, 0.05) < power + 0.03


def test_no_difference_and_no_margin_need_no_finite_number():
    found = paired_from_counts([3], [3], [40])
    assert np.isnan(n_needed(found, alpha=0.05, power=0.8)[0])
    assert n_needed(found, alpha=0.05, power=0.8, margin=0.02)[0] > 40


def test_a_smaller_difference_needs_more():
    found = paired_from_counts([9, 7], [3, 5], [100, 100])
    near, far = n_needed(found, alpha=0.05, power=0.8)[::-1]
    assert near > far


def test_copies_of_a_pair_do_not_help():
    a, b = np.random.default_rng(0).integers(0, 2, (2, 60)).astype(float)
    once = paired_difference(a, b, np.arange(60), rate=True)
    copied = paired_difference(
        np.repeat(a, 5), np.repeat(b, 5), np.repeat(np.arange(60), 5), rate=True
    )
    one, five = (n_needed(x, alpha=0.05, power=0.8, margin=0.05)[0] for x in (once, copied))
    assert five == pytest.approx(one, rel=0.05)

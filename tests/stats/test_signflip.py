import itertools

import numpy as np
import pytest

from stresslab.stats import signflip
from stresslab.stats.mcnemar import mcnemar_exact
from stresslab.stats.signflip import signflip_p


def rng():
    return np.random.default_rng(0)


def brute_force(sums):
    flips = itertools.product([-1, 1], repeat=len(sums))
    totals = np.array([np.dot(signs, np.abs(sums)) for signs in flips])
    return np.mean(np.abs(totals) >= abs(np.sum(sums)) - 1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_ten_clusters_equal_brute_force(seed):
    sums = np.random.default_rng(seed).normal(0.3, 1, size=10)
    assert signflip_p(sums, rng=rng()) == (pytest.approx(brute_force(sums)), "sign flip, exact")


def test_ten_clusters_equal_the_permutation_test_of_scipy():
    from scipy.stats import permutation_test

    sums = np.random.default_rng(9).normal(0.5, 1, size=10)
    found = permutation_test(
        (sums, np.zeros(10)), lambda a, b, axis: np.sum(a - b, axis=axis), vectorized=True,
        permutation_type="samples", n_resamples=np.inf,
    )  # fmt: skip
    assert signflip_p(sums, rng=rng())[0] == pytest.approx(found.pvalue, abs=1e-8)


@pytest.mark.parametrize("divisor", [1, 3, 10])
def test_the_lattice_equals_enumeration(divisor):
    sums = np.random.default_rng(4).integers(-4, 6, size=14) / divisor
    sizes = np.abs(sums[sums != 0])
    exact = signflip._from_lattice(*signflip._on_lattice(sizes), abs(sums.sum()), sizes.sum())
    assert exact == pytest.approx(brute_force(sums), abs=1e-12)


def test_unit_sums_equal_mcnemar():
    sums = np.repeat([1.0, -1.0], [45, 23])
    assert signflip_p(sums, rng=rng())[0] == pytest.approx(mcnemar_exact(45, 23), rel=1e-9)


def test_float32_means_over_trials_are_still_exact():
    sums = (np.random.default_rng(5).integers(-3, 5, size=60) / 3).astype(np.float32)
    assert signflip_p(sums, rng=rng())[1] == "sign flip, exact"


def test_draws_agree_with_the_exact_value():
    sums = np.random.default_rng(6).integers(-3, 4, size=40).astype(float) + 0.0
    exact, _ = signflip_p(sums, rng=rng())
    sizes = np.abs(sums[sums != 0])
    drawn = signflip._drawn(sizes, abs(sums.sum()) - 1e-9, rng(), 40_000)
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 40_000))


def test_a_drawn_p_value_is_never_zero_and_repeats_with_its_seed():
    sums = np.random.default_rng(7).normal(5, 1, size=50)
    found = signflip_p(sums, rng=rng(), draws=999)
    assert found == (1 / 1000, "sign flip, drawn")
    noise = np.random.default_rng(8).normal(size=50)
    assert signflip_p(noise, rng=rng()) == signflip_p(noise, rng=rng())


def test_clusters_without_a_difference_change_nothing():
    sums = np.array([1.0, 2.0, -1.0, 3.0])
    padded = np.concatenate([sums, np.zeros(100)])
    assert signflip_p(padded, rng=rng()) == signflip_p(sums, rng=rng())


def test_no_difference_at_all_gives_one():
    assert signflip_p(np.zeros(5), rng=rng())[0] == 1.0
    assert signflip_p(np.empty(0), rng=rng())[0] == 1.0


def test_the_sign_of_all_sums_does_not_matter():
    sums = np.random.default_rng(1).integers(-3, 5, size=30).astype(float)
    assert signflip_p(sums, rng=rng())[0] == pytest.approx(signflip_p(-sums, rng=rng())[0])

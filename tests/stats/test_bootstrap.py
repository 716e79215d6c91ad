import numpy as np
import pytest

from stresslab.errors import TooFewRowsError
from stresslab.stats.bootstrap import bootstrap, bootstrap_ratio


def rng(seed=0):
    return np.random.default_rng(seed)


def test_it_agrees_with_scipy_on_rows():
    from scipy.stats import bootstrap as scipy_bootstrap

    values = rng(1).integers(0, 2, 200).astype(float)
    ours = bootstrap_ratio(values, np.ones(200), rng=rng())
    theirs = scipy_bootstrap(
        (values,), np.mean, method="percentile", rng=rng(2)
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_profiles_and_picked_clusters_are_the_same_distribution():
    sums, sizes = rng(3).integers(0, 6, 300), np.full(300, 5)
    grouped = bootstrap_ratio(sums, sizes, rng=rng())
    jitter = sums + np.arange(300) * 1e-9
    picked = bootstrap_ratio(jitter, sizes, rng=rng())
    assert (grouped.low, grouped.high) == pytest.approx((picked.low, picked.high), abs=0.004)


def test_a_single_profile_leaves_nothing_to_vary():
    found = bootstrap_ratio(np.full(9, 2.0), np.full(9, 4.0), rng=rng())
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_the_same_seed_gives_the_same_interval():
    values = rng(5).normal(size=50)
    one, two = (bootstrap_ratio(values, np.ones(50), rng=rng(7), resamples=500) for _ in "ab")
    assert one == two


def test_any_statistic_of_sums_can_be_resampled():
    profiles = rng(6).integers(0, 2, (100, 2)).astype(float)
    found = bootstrap(profiles, lambda sums: sums[:, 0] - sums[:, 1], rng=rng(), resamples=2000)
    assert found.low <= found.value == (profiles[:, 0] - profiles[:, 1]).sum() <= found.high


def test_no_clusters_are_refused():
    with pytest.raises(TooFewRowsError, match="at least one cluster"):
        bootstrap(np.empty((0, 2)), lambda sums: sums[:, 0], rng=rng())


def test_one_cluster_has_no_interval():
    assert np.isnan(bootstrap(np.ones((1, 1)), lambda sums: sums[:, 0], rng=rng()).low)

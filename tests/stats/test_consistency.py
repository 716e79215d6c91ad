"""Error consistency against its definition, statsmodels and simulation."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from stresslab.stats import consistency
from stresslab.stats.consistency import error_consistency


def draw(rng, n, p=0.7, shared=0.5):
    common = rng.random(n) < shared
    base = rng.random(n) < p
    return np.where(common, base, rng.random(n) < p), np.where(common, base, rng.random(n) < p)


def test_kappa_is_that_of_statsmodels_and_of_the_definition():
    a, b = draw(np.random.default_rng(0), 200)
    found = error_consistency(a, b, np.arange(200))
    table = pd.crosstab(a, b).to_numpy()
    assert found.kappa[0] == pytest.approx(cohens_kappa(table).kappa, abs=1e-12)
    observed = (a == b).mean()
    expected = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
    assert found.kappa[0] == pytest.approx((observed - expected) / (1 - expected))


def test_the_variance_is_that_of_statsmodels_without_smoothing(monkeypatch):
    monkeypatch.setattr(consistency, "SMOOTH", 0.0)
    a, b = draw(np.random.default_rng(1), 5000)
    found = error_consistency(a, b, np.arange(5000))
    theirs = cohens_kappa(pd.crosstab(a, b).to_numpy())
    z = np.arctanh([found.low[0], found.high[0]])
    error = (z[1] - z[0]) / 2 / 1.9604386 * (1 - found.kappa[0] ** 2)
    assert error == pytest.approx(theirs.std_kappa, rel=1e-5)


def test_by_group_equals_group_by_group():
    rng = np.random.default_rng(2)
    a, b = draw(rng, 300)
    group, cluster = np.arange(300) % 3, np.arange(300) // 5
    together = error_consistency(a, b, cluster, group, 3)
    for one in range(3):
        mine = group == one
        alone = error_consistency(a[mine], b[mine], cluster[mine])
        for name in ("kappa", "low", "high", "n", "n_clusters", "both_wrong"):
            assert getattr(together, name)[one] == pytest.approx(getattr(alone, name)[0])


def test_rows_said_twice_in_a_cluster_tell_nothing_new():
    a, b = draw(np.random.default_rng(3), 400)
    once = error_consistency(a, b, np.arange(400))
    twice = error_consistency(np.repeat(a, 2), np.repeat(b, 2), np.repeat(np.arange(400), 2))
    assert twice.kappa == pytest.approx(once.kappa)
    assert twice.high - twice.low == pytest.approx(once.high - once.low, rel=0.02)


def test_who_is_always_right_has_no_kappa_and_the_same_errors_have_one_of_one():
    right = np.ones(20, dtype=bool)
    found = error_consistency(right, right, np.arange(20))
    assert np.isnan([found.kappa[0], found.low[0]]).all()
    half = np.arange(20) % 2 == 0
    found = error_consistency(half, half, np.arange(20))
    assert found.kappa[0] == found.high[0] == 1
    assert 0.3 < found.low[0] < 0.95


@pytest.mark.slow
@pytest.mark.parametrize(("n", "each"), [(40, 1), (200, 1), (60, 5)])
@pytest.mark.parametrize("p", [0.5, 0.85])
def test_intervals_cover(n, each, p):
    rng, truth, inside = np.random.default_rng(4), 0.5, 0
    for _ in range(1000):
        a, b = (np.repeat(one, each) for one in draw(rng, n, p))
        found = error_consistency(a, b, np.repeat(np.arange(n), each))
        inside += not (found.low[0] > truth or found.high[0] < truth)
    assert inside / 1000 > 0.925


def test_the_mean_over_conditions_is_that_of_the_authors():
    rng = np.random.default_rng(5)
    a, b = draw(rng, 400)
    group = np.arange(400) % 4
    found = error_consistency(a, b, np.arange(400) // 4, group, 4)
    assert found.mean == pytest.approx(found.kappa.mean())
    assert found.mean_low < found.mean < found.mean_high
    alone = [error_consistency(a[group == g], b[group == g], np.arange(100)) for g in range(4)]
    errors = [
        (np.arctanh(one.high) - np.arctanh(one.low)) / 2 * (1 - one.kappa**2) for one in alone
    ]
    pooled = np.sqrt(np.sum(np.square(errors))) / 4  # independent conditions
    assert (found.mean_high - found.mean_low) / 2 == pytest.approx(pooled, rel=0.15)

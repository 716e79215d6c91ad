"""Resampled totals: both ways have the mean and covariance of the bootstrap."""

import numpy as np
import pytest

from stresslab.errors import TooFewRowsError
from stresslab.stats import resampled
from stresslab.stats.resampled import resampled_totals


@pytest.mark.parametrize("up_to", [10**9, 0])
def test_moments_are_those_of_the_stratified_bootstrap(up_to, monkeypatch):
    monkeypatch.setattr(resampled, "DRAWN_UP_TO", up_to)
    rng = np.random.default_rng(0)
    sums = rng.normal(size=(60, 3)) * [1, 2, 3] + [1, 0, 5]
    stratum = np.arange(60) % 2 * 7
    found = resampled_totals(sums, stratum, rng=rng, resamples=20_000)
    parts = [sums[stratum == one] for one in (0, 7)]
    exact = sum(len(part) * np.cov(part.T, bias=True) for part in parts)
    assert found.mean(axis=0) == pytest.approx(sums.sum(axis=0), abs=0.6)
    assert np.cov(found.T) == pytest.approx(exact, rel=0.08, abs=12)


def test_a_stratum_keeps_its_size():
    one = np.eye(3)[[0, 0, 1, 1, 1, 2]]
    found = resampled_totals(one, one.argmax(axis=1), rng=np.random.default_rng(0), resamples=50)
    assert (found == [2, 3, 1]).all()


def test_no_cluster_is_refused():
    with pytest.raises(TooFewRowsError):
        resampled_totals(np.zeros((0, 2)), np.zeros(0), rng=np.random.default_rng(0))

import numpy as np
import pytest

from stresslab.errors import TooFewRowsError
from stresslab.stats.jackknife import ends, jackknife, p_value


def test_the_error_of_a_mean_is_the_usual_one():
    x = np.random.default_rng(0).normal(size=40)
    found = jackknife(lambda rows: {"mean": x[rows].mean()}, np.arange(40))
    assert found.values["mean"] == x.mean()
    assert found.error("mean") == pytest.approx(x.std(ddof=1) / np.sqrt(40))


def test_intervals_of_clustered_means_cover():
    rng, hits = np.random.default_rng(1), 0
    for _ in range(400):
        cluster = np.repeat(np.arange(50), 4)
        x = rng.normal(size=50)[cluster] + 0.3 * rng.normal(size=200)
        found = jackknife(lambda rows, x=x: {"mean": x[rows].mean()}, cluster % 10)
        low, high = ends(found.values["mean"], found.error("mean"), 10)
        hits += low <= 0 <= high
    assert hits / 400 == pytest.approx(0.95, abs=0.035)


def test_one_block_has_no_interval_and_no_rows_are_refused():
    found = jackknife(lambda rows: {"n": float(rows.sum())}, np.zeros(5, int))
    assert np.isnan(ends(5.0, found.error("n"), 1)).all()
    assert np.isnan(p_value(5.0, found.error("n"), 1))
    with pytest.raises(TooFewRowsError):
        jackknife(lambda rows: {}, np.zeros(0, int))

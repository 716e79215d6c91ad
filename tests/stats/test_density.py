"""Densities add up to 1, stay within bounds and know their peers."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from stresslab.errors import ParamError, TooFewRowsError
from stresslab.stats.density import density


def test_without_bounds_it_is_scipys_with_the_same_width():
    values = np.random.default_rng(0).normal(size=300)
    at = np.linspace(-4, 4, 81)
    spread = min(values.std(), np.subtract(*np.percentile(values, [75, 25])) / 1.34)
    width = 0.9 * spread * 300**-0.2
    theirs = gaussian_kde(values, bw_method=width / values.std(ddof=1))(at)
    assert density(values, at) == pytest.approx(theirs)


def test_within_bounds_nothing_is_lost():
    values = np.random.default_rng(1).random(500) ** 3
    at = np.linspace(0, 1, 2001)
    found = density(values, at, bounds=(0.0, 1.0))
    assert np.trapezoid(found, at) == pytest.approx(1, abs=1e-3)
    assert np.trapezoid(density(values, at), at) < 0.97


def test_uniform_values_are_flat_up_to_the_ends():
    values = np.linspace(0, 1, 20_001)
    found = density(values, np.linspace(0, 1, 11), bounds=(0.0, 1.0))
    assert found == pytest.approx(np.ones(11), abs=0.01)


def test_equal_values_are_one_narrow_hill():
    at = np.linspace(0, 1, 1001)
    found = density([0.5] * 10, at)
    assert at[found.argmax()] == pytest.approx(0.5)
    assert np.trapezoid(found, at) == pytest.approx(1, abs=0.02)


def test_nothing_and_what_lies_beyond_a_bound_are_refused():
    with pytest.raises(TooFewRowsError, match="there are none"):
        density([], [0.0])
    with pytest.raises(ParamError, match=r"within \(0\.0, None\)"):
        density([-1.0], [0.0], bounds=(0.0, None))
    with pytest.raises(ParamError, match="finite"):
        density([np.nan], [0.0])

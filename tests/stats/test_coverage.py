"""Coverage of the intervals at 95 %, simulated (exact where it can be summed)."""

import itertools

import numpy as np
import pytest
from scipy import stats

from stresslab.stats.intervals import from_moments, wilson
from stresslab.stats.paired import paired_differences
from stresslab.stats.tango import score_interval

RUNS = 800
NOISE = 3 * np.sqrt(0.935 * 0.065 / RUNS)
"""Three Monte-Carlo errors of a share of RUNS repetitions."""

DESIGNS = [
    (20, 1, 0),
    (20, 5, 0),
    (20, 5, 0.3),
    (100, 1, 0),
    (100, 5, 0),
    (100, 5, 0.3),
    (1000, 5, 0.3),
]
SHARES = [0.02, 0.5, 0.9]


def shared(own, common, icc, rng):
    """Let each row take its cluster's value with chance sqrt(icc): rows correlate by icc."""
    return np.where(rng.random(own.shape) < np.sqrt(icc), common, own)


@pytest.mark.parametrize("n", [20, 100, 1000])
@pytest.mark.parametrize("share", SHARES)
def test_wilson_covers_exactly_at_least_93_5_percent(n, share):
    counts = np.arange(n + 1)
    found = wilson(counts, n)
    covered = (found.low <= share) & (share <= found.high)
    assert stats.binom.pmf(counts, n, share)[covered].sum() >= 0.935


@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.parametrize(
    "joint", [(0.02, 0.02), (0.05, 0.02), (0.2, 0.2), (0.3, 0.1), (0.09, 0.04)]
)
def test_tango_covers_exactly_at_least_93_5_percent(n, joint):
    wins, losses = np.array(
        [pair for pair in itertools.product(range(n + 1), repeat=2) if sum(pair) <= n]
    ).T
    chances = stats.multinomial.pmf(
        np.stack([wins, losses, n - wins - losses], axis=1), n, [*joint, 1 - sum(joint)]
    )
    low, high = score_interval(wins, losses, n, stats.norm.ppf(0.975))
    truth = joint[0] - joint[1]
    covered = (low <= truth + 1e-12) & (truth <= high + 1e-12)
    assert chances[covered].sum() >= 0.935


@pytest.mark.slow
@pytest.mark.parametrize(("clusters", "rows", "icc"), DESIGNS)
@pytest.mark.parametrize("share", SHARES)
def test_intervals_of_rates_cover(clusters, rows, icc, share):
    rng = np.random.default_rng(1)
    shape = (RUNS, clusters, rows)
    common = rng.random((RUNS, clusters, 1)) < share
    right = shared(rng.random(shape) < share, common, icc, rng).sum(axis=2)
    found = from_moments(
        right.sum(axis=1), clusters * rows, clusters, (right**2).sum(axis=1),
        (right * rows).sum(axis=1), clusters * rows**2, rate=True,
    )  # fmt: skip
    covered = np.mean((found.low <= share) & (share <= found.high))
    floor = 0.925 if share == 0.02 and rows > 1 else 0.935
    assert covered >= floor - NOISE


@pytest.mark.slow
@pytest.mark.parametrize(("clusters", "rows", "icc"), DESIGNS)
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("gap", [0.0, 0.05])
def test_intervals_and_tests_of_paired_rates_hold(clusters, rows, icc, share, gap):
    rng = np.random.default_rng(2)
    other = share + gap if share < 0.5 else share - gap
    both = min(share * other + 0.5 * share * (1 - share), share, other)
    corners = np.cumsum([both, share - both, other - both])
    shape = (RUNS, clusters, rows)
    common = np.searchsorted(corners, rng.random((RUNS, clusters, 1)))
    corner = shared(np.searchsorted(corners, rng.random(shape)), common, icc, rng)
    found = paired_differences(
        np.isin(corner, (0, 1)).ravel(), np.isin(corner, (0, 2)).ravel(),
        np.tile(np.repeat(np.arange(clusters), rows), RUNS),
        np.repeat(np.arange(RUNS), clusters * rows), RUNS, rate=True, margin=0.05,
    )  # fmt: skip
    truth = share - other
    covered = np.mean((found.low <= truth + 1e-12) & (truth <= found.high + 1e-12))
    assert covered >= (0.925 if share == 0.02 and rows > 1 else 0.935) - NOISE
    alarm = found.p_value if gap == 0 else found.p_tost
    assert np.mean(alarm < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / RUNS)

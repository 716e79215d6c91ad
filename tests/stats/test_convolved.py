"""Percentiles of the bootstrap without drawing: the same as of very many draws."""

import numpy as np
import pytest

from stresslab.stats.bootstrap import bootstrap, bootstrap_ratio
from stresslab.stats.convolved import percentiles

SHARES = (0.025, 0.5, 0.975)


def drawn(sums, sizes, resamples=200_000):
    rng = np.random.default_rng(1)
    ends = []
    for _ in range(resamples // 1000):
        picks = rng.integers(0, len(sums), (1000, len(sums)))
        ends.append(sums[picks].sum(axis=1) / sizes[picks].sum(axis=1))
    return np.quantile(np.concatenate(ends), SHARES)


@pytest.mark.parametrize("kind", ["beta", "skewed", "sizes", "small sizes"])
def test_they_are_those_of_two_hundred_thousand_resamples(kind):
    rng = np.random.default_rng(0)
    sizes = np.ones(80)
    values = rng.beta(5, 2, 80) if kind != "skewed" else rng.lognormal(0, 1, 80)
    if "sizes" in kind:
        sizes = rng.integers(1, 4 if kind == "small sizes" else 30, 80).astype(float)
    found = percentiles(values * sizes, sizes, SHARES)
    many = drawn(values * sizes, sizes)
    width = many[2] - many[0]
    assert np.abs(found - many).max() < 0.008 * width  # the error of the draws themselves


def test_a_shifted_and_stretched_score_shifts_and_stretches_them():
    values = np.random.default_rng(2).normal(size=200)
    ones = np.ones(200)
    plain = percentiles(values, ones, SHARES)
    assert percentiles(3 * values + 7, ones, SHARES) == pytest.approx(3 * plain + 7, rel=1e-6)
    assert percentiles(values * 5, ones * 5, SHARES) == pytest.approx(plain, rel=1e-6, abs=1e-9)


def test_equal_values_have_no_width_and_few_or_lumpy_ones_are_drawn():
    ones = np.ones(60)
    assert percentiles(ones * 0.3, ones, SHARES) == pytest.approx([0.3] * 3)
    assert percentiles(ones[:20], ones[:20], SHARES) is None
    assert percentiles(np.arange(60.0), ones * 0, SHARES) is None
    outlier = np.append(np.random.default_rng(3).normal(size=59) * 1e-6, 1.0)
    assert percentiles(outlier, ones, SHARES) is None


def test_a_mean_of_continuous_scores_needs_no_draws():
    values = np.random.default_rng(4).beta(5, 2, 300)
    one = bootstrap_ratio(values, np.ones(300), rng=np.random.default_rng(0))
    two = bootstrap_ratio(values, np.ones(300), rng=np.random.default_rng(9))
    assert one == two
    draws = bootstrap(
        np.column_stack([values, np.ones(300)]), lambda sums: sums[:, 0] / sums[:, 1],
        rng=np.random.default_rng(0), resamples=20_000,
    )  # fmt: skip
    assert (one.low, one.high) == pytest.approx(
        (draws.low, draws.high), abs=0.02 * (draws.high - draws.low)
    )

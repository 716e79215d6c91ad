from itertools import combinations

import numpy as np
import pytest

from stresslab.stats.consistencies import consistencies
from stresslab.stats.consistency import error_consistency

NUMBERS = ("kappa", "low", "high", "mean", "mean_low", "mean_high", "n", "n_clusters", "only_a")


@pytest.mark.parametrize("layout", ["alone", "across groups", "within groups"])
@pytest.mark.parametrize("k", [3, 17])
def test_all_pairs_at_once_are_the_pairs_one_by_one(layout, k):
    rng = np.random.default_rng(k)
    n = 240
    cluster = np.arange(n) if layout == "alone" else np.arange(n) // 4
    group = np.arange(n) % 4 if layout == "across groups" else rng.integers(0, 3, n)
    ease = rng.normal(size=n)
    right = [ease + rng.normal(size=n) > 0 for _ in range(k)]
    right[0][group == 0] = right[1][group == 0] = True  # chance alone makes both agree there
    compared = list(combinations(range(k), 2))[:6]
    found = consistencies(right, compared, cluster, group, 5)
    for (a, b), one in zip(compared, found, strict=True):
        expected = error_consistency(right[a], right[b], cluster, group, 5)
        for name in NUMBERS:
            ours, theirs = getattr(one, name), getattr(expected, name)
            assert ours == pytest.approx(theirs, abs=1e-12, nan_ok=True), name


def test_all_rows_together_are_one_group():
    rng = np.random.default_rng(4)
    right = [rng.random(100) < 0.7 for _ in range(2)]
    cluster = np.arange(100) // 5
    found = consistencies(right, [(0, 1)], cluster)[0]
    expected = error_consistency(*right, cluster)
    assert found.kappa == pytest.approx(expected.kappa, abs=1e-12)
    assert found.low == pytest.approx(expected.low, abs=1e-12)

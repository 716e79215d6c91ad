import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.gaps.decompose import PARTS, GroupSums, _Side, _slopes_of, _values, decompose

DRAWN = 2000


def sums(values, group, n_groups):
    """Sums of rows that are clusters of their own."""
    n = np.bincount(group, minlength=n_groups).astype(float)
    total = np.bincount(group, weights=values, minlength=n_groups)
    squares = np.bincount(group, weights=values**2, minlength=n_groups)
    return GroupSums(total, n, squares, total, n, float(len(values)))


def side(rng, shares, rates, n=400):
    group = rng.choice(len(shares), size=n, p=shares)
    return sums((rng.random(n) < np.asarray(rates)[group]).astype(float), group, len(shares))


def counts(n, total):
    n, total = np.asarray(n, float), np.asarray(total, float)
    return GroupSums(total, n, total, total, n, float(n.sum()))


def test_parts_add_up_to_the_gap_exactly():
    rng = np.random.default_rng(0)
    found = decompose(
        side(rng, [0.5, 0.3, 0.2], [0.9, 0.6, 0.3]), side(rng, [0.1, 0.2, 0.7], [0.8, 0.6, 0.1])
    )
    parts = found.mix[0] + found.within[0] + found.one_sided[0]
    assert parts == pytest.approx(found.gap[0], abs=1e-15)
    assert found.one_sided == (0.0, 0.0, 0.0)


def test_another_mix_alone_leaves_nothing_within():
    found = decompose(counts([80, 20], [72, 10]), counts([20, 80], [18, 40]))
    assert found.within[0] == pytest.approx(0, abs=1e-15)
    assert found.mix[0] == pytest.approx(found.gap[0]) == pytest.approx(0.24)


def test_the_same_mix_puts_everything_within():
    found = decompose(counts([50, 50], [45, 30]), counts([20, 20], [10, 8]))
    assert found.mix[0] == pytest.approx(0, abs=1e-15)
    assert found.within[0] == pytest.approx(found.gap[0])


def test_groups_of_one_side_are_kept_apart():
    found = decompose(counts([50, 50, 0], [45, 30, 0]), counts([50, 0, 50], [40, 0, 10]))
    assert (found.n_shared, found.n_groups) == (1, 3)
    assert found.within[0] == pytest.approx(0.1)
    assert found.mix[0] == pytest.approx(0)
    assert found.one_sided[0] == pytest.approx((0.75 - 0.9) - (0.5 - 0.8))


def test_without_a_common_group_only_the_gap_is_known():
    found = decompose(counts([10, 0], [9, 0]), counts([0, 10], [0, 3]))
    assert found.gap[0] == pytest.approx(0.6)
    assert np.isnan([found.mix[0], found.within[0], found.one_sided[0]]).all()


def test_slopes_are_those_of_the_formula():
    rng = np.random.default_rng(1)
    n = [rng.integers(5, 50, 4).astype(float) for _ in range(2)]
    total = [rng.random(4) * one for one in n]
    n[0][3] = total[0][3] = 0.0

    def parts(n_in, total_in):
        shared = (n_in > 0) & (n[1] > 0)
        both = GroupSums(total_in, n_in, n_in, n_in, n_in, 9), counts(n[1], total[1])
        return [_Side.of(one, shared) for one in both]

    by_n, by_total = _slopes_of(*parts(n[0], total[0]), 1.0)
    start = _values(*parts(n[0], total[0]))
    for slopes, which in ((by_n, 0), (by_total, 1)):
        for group in range(3):
            moved = [n[0].copy(), total[0].copy()]
            moved[which][group] += 1e-6
            step = (_values(*parts(*moved)) - start) / 1e-6
            assert step == pytest.approx(slopes[:, group], abs=1e-5)


def test_the_interval_of_the_gap_is_welchs():
    from scipy import stats

    rng = np.random.default_rng(2)
    a, b = rng.random(60), rng.random(40) * 0.8
    sides = [sums(one, np.arange(len(one)) % 2, 2) for one in (a, b)]
    theirs = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    assert decompose(*sides).gap[1:] == pytest.approx((theirs.low, theirs.high), rel=1e-10)


def test_intervals_cover_the_true_parts():
    rng = np.random.default_rng(3)
    w, v = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    r, q = np.array([0.9, 0.6, 0.4]), np.array([0.8, 0.5, 0.3])
    truth = {
        "gap": w @ r - v @ q, "mix": ((w - v) * (r + q) / 2).sum(),
        "within": ((w + v) / 2 * (r - q)).sum(),
    }  # fmt: skip
    runs = [decompose(side(rng, w, r), side(rng, v, q)) for _ in range(500)]
    for name, value in truth.items():
        ends = np.array([getattr(run, name)[1:] for run in runs])
        covered = ((ends[:, 0] <= value) & (value <= ends[:, 1])).mean()
        assert 0.92 <= covered <= 0.98  # 500 runs: within three standard errors of .95
    assert set(truth) < set(PARTS)


def test_two_sides_name_the_same_groups():
    with pytest.raises(ShapeError, match="same number of rows"):
        decompose(counts([1], [1]), counts([1, 2], [1, 1]))

from itertools import permutations

import numpy as np
import pytest

from stresslab.stats import label_null
from stresslab.stats.label_null import gathering


def case(n=5, cells=2, seed=0):
    rng = np.random.default_rng(seed)
    item, cell = np.repeat(np.arange(n), cells), np.tile(np.arange(cells), n)
    return rng.random((2, n * cells)) < 0.4, rng.integers(0, 2, n * cells).astype(float), item, cell


def every(inside, values, item, cell):
    grid = values.reshape(-1, cell.max() + 1)
    places = inside.reshape(grid.shape)
    return np.array([(places * grid[list(one)]).sum() for one in permutations(range(len(grid)))])


def test_moments_and_p_are_those_of_all_permutations():
    inside, values, item, cell = case()
    found = gathering(inside, values, item, cell, n_draws=20_000)
    for row, one in enumerate(inside):
        sums = every(one, values, item, cell)
        assert found.expected[row] == pytest.approx(sums.mean() / one.sum())
        assert found.error[row] == pytest.approx(sums.std() / one.sum())
        seen = abs(values[one].sum() - sums.mean())
        share = (np.abs(sums - sums.mean()) >= seen - 1e-9).mean()
        assert found.p_value[row] == pytest.approx(share, abs=0.015)


def test_the_normal_null_is_near_the_drawn_one(monkeypatch):
    inside, values, item, cell = case(400, 3, seed=2)
    drawn = gathering(inside, values, item, cell)
    monkeypatch.setattr(label_null, "MOST_DRAWN", 0)
    normal = gathering(inside, values, item, cell)
    assert (drawn.n_draws, normal.n_draws) == (2000, 0)
    np.testing.assert_allclose(normal.p_value, drawn.p_value, atol=0.04)


def test_what_a_cell_explains_is_no_finding():
    item, cell = np.repeat(np.arange(100), 2), np.tile([0, 1], 100)
    values = cell.astype(float)  # the second tier always fails
    inside = (cell == 1) & (item < 40)
    found = gathering(inside[None], values, item, cell)
    assert found.value[0] == found.expected[0] == 1
    assert np.isnan(found.p_value[0])


def test_a_planted_gathering_is_found_and_p_is_even_without_one():
    rng = np.random.default_rng(1)
    item, cell = np.arange(300), np.zeros(300, int)
    inside = (np.arange(300) < 60)[None]
    planted = (rng.random(300) < np.where(inside[0], 0.6, 0.2)).astype(float)
    assert gathering(inside, planted, item, cell).p_value[0] < 0.002
    ps = [
        gathering(inside, (rng.random(300) < 0.3).astype(float), item, cell, n_draws=200).p_value[0]
        for _ in range(200)
    ]
    assert 0.01 <= np.mean(np.array(ps) < 0.05) <= 0.1

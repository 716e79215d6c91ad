"""The cube of a model that was asked little needs no look at the other variants."""

import numpy as np
import pytest

from stresslab.store import build_parts
from stresslab.store.build_cubes import Layout, cube_columns, merged, n_clusters, values_of

N = 400


def variants_of(rng):
    perturbation = rng.integers(-1, 3, N)
    return {
        "item": rng.integers(0, 60, N), "cluster": rng.integers(0, 30, N),
        "domain": rng.integers(-1, 4, N), "perturbation": perturbation,
        "tier": np.where(perturbation == -1, 0, rng.integers(1, 4, N)),
        "echo_set": np.where(perturbation == -1, rng.integers(-1, 2, N), -1),
    }  # fmt: skip


def test_a_layout_of_the_asked_variants_gives_the_cube_of_the_whole():
    rng = np.random.default_rng(0)
    whole = Layout(variants_of(rng), [(0, 0), (0, 2), (1, 1)])
    asked = np.sort(rng.choice(N, 90, replace=False))
    variant = rng.choice(asked, 200)
    status, value = rng.integers(0, 5, 200), rng.integers(0, 2, 200) / 1.0
    value[status != 0] = np.nan
    one = cube_columns(whole, values_of((variant, status), variant, status, value, N))
    few = whole.among(asked)
    at = np.searchsorted(asked, variant)
    other = cube_columns(few, values_of((at, status), at, status, value, len(asked)))
    for mine, theirs in zip(one, other, strict=True):
        assert mine.keys() == theirs.keys()
        for name in mine:
            np.testing.assert_array_equal(mine[name], theirs[name], err_msg=name)


@pytest.mark.parametrize("held", [0, 1000], ids=["on the disk", "in memory"])
def test_parts_of_whole_clusters_add_up_to_the_cube_of_the_whole(tmp_path, monkeypatch, held):
    monkeypatch.setattr(build_parts, "CLUSTERS", 4)
    monkeypatch.setattr(build_parts, "HELD", held)
    rng = np.random.default_rng(1)
    whole = Layout(variants_of(rng), [(0, 0), (0, 2), (1, 1)])
    parts = build_parts.Parts(whole, tmp_path / "spill")
    variant = rng.integers(0, N, 300)
    rows = (variant, rng.integers(0, 5, 300)), variant, rng.integers(0, 5, 300)
    value = np.where(rng.random(300) < 0.1, np.nan, rng.integers(0, 2, 300))
    values = values_of(*rows, value, N)
    one = cube_columns(whole, values)
    for _ in range(2):  # computed, then read again
        found, total, n = [], np.zeros(N), 0
        for places, layout, part in parts.values(*rows, value):
            found += cube_columns(layout, part)
            total[places] = part.total
            n += n_clusters(layout, part)
        mine = merged(found)
        assert len(found) == 8 * 8
        np.testing.assert_array_equal(total, values.total)
        assert n == n_clusters(whole, values)
        for name in one[0]:
            theirs = np.concatenate([level[name] for level in one])
            np.testing.assert_array_equal(mine[name], theirs, err_msg=name)
    assert (tmp_path / "spill").exists() == (not held)

"""The cube of a model that was asked little needs no look at the other variants."""

import numpy as np

from stresslab.store.build_cubes import Layout, cube_columns, values_of

N = 400


def test_a_layout_of_the_asked_variants_gives_the_cube_of_the_whole():
    rng = np.random.default_rng(0)
    perturbation = rng.integers(-1, 3, N)
    variants = {
        "item": rng.integers(0, 60, N), "cluster": rng.integers(0, 30, N),
        "domain": rng.integers(-1, 4, N), "perturbation": perturbation,
        "tier": np.where(perturbation == -1, 0, rng.integers(1, 4, N)),
        "echo_set": np.where(perturbation == -1, rng.integers(-1, 2, N), -1),
    }  # fmt: skip
    whole = Layout(variants, [(0, 0), (0, 2), (1, 1)])
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

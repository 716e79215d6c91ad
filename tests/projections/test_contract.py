"""What holds for every projection, present and future."""

import numpy as np
import pytest

from stresslab import projections

pytestmark = pytest.mark.slow  # numba translates UMAP at its first call


def vectors(n=150, dimension=8, seed=0):
    rng = np.random.default_rng(seed)
    centres = np.repeat(
        [[0.0] * dimension, [30.0] * dimension, [-30.0] * dimension], n // 3, axis=0
    )
    return (centres + rng.normal(size=(n, dimension))).astype(np.float32)


@pytest.mark.parametrize("name", projections.names())
def test_shape_seed_and_input(name):
    piece, given = projections.get(name), vectors()
    before = given.copy()
    found = piece.compute(given, seed=3, **piece.settings)
    assert found.shape == ((150, 2) if piece.kind == "projection" else (150,))
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(found, piece.compute(given, seed=3, **piece.settings))


@pytest.mark.parametrize("name", projections.names())
def test_three_far_clouds_stay_apart(name):
    piece = projections.get(name)
    found = piece.compute(vectors(), seed=0, **piece.settings)
    groups = np.repeat([0, 1, 2], 50)
    if piece.kind == "clusters":
        assert all(len(set(found[groups == one].tolist()) - {-1}) == 1 for one in range(3))
        assert len({found[groups == one].max() for one in range(3)}) == 3
        return
    centres = np.array([found[groups == one].mean(axis=0) for one in range(3)])
    apart = np.linalg.norm(found[:, None] - centres, axis=2).argmin(axis=1)
    assert (apart == groups).mean() == 1


@pytest.mark.parametrize("name", projections.names())
@pytest.mark.parametrize("made", ["few", "same", "constant", "one dimension"])
def test_odd_clouds_have_a_place(name, made):
    given = {
        "few": vectors(6, 20), "same": np.ones((30, 4), np.float32),
        "constant": np.hstack([vectors(60), np.ones((60, 3), np.float32)]),
        "one dimension": vectors(60, 1),
    }[made]  # fmt: skip
    piece = projections.get(name)
    found = piece.compute(given, seed=0, **piece.settings)
    assert len(found) == len(given)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", projections.names())
def test_what_a_report_raises_ends_the_computation(name):
    def stop(done, total, what):
        raise KeyboardInterrupt

    piece = projections.get(name)
    with pytest.raises(KeyboardInterrupt):
        piece.compute(vectors(), seed=0, report=stop, **piece.settings)

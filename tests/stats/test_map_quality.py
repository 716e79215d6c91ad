import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from stresslab.errors import TooFewRowsError
from stresslab.stats.map_quality import map_quality


@pytest.mark.parametrize(("n", "k"), [(60, 5), (300, 15)])
def test_trustworthiness_of_all_points_is_that_of_scikit_learn(n, k):
    rng = np.random.default_rng(n)
    vectors, places = rng.normal(size=(n, 12)), rng.normal(size=(n, 2))
    places[:, 0] += vectors[:, 0]
    found = map_quality(vectors, places, k=k)
    assert found.trustworthiness == pytest.approx(trustworthiness(vectors, places, n_neighbors=k))
    assert (found.n_sampled, found.low, found.high) == (n, *[found.trustworthiness] * 2)


def test_a_plane_drawn_as_it_is_keeps_everything():
    places = np.random.default_rng(0).normal(size=(80, 2))
    turned = places @ np.linalg.qr(np.random.default_rng(1).normal(size=(5, 2)))[0].T
    found = map_quality(turned, places)
    assert found.trustworthiness == pytest.approx(1)
    assert found.preservation == pytest.approx(1)


def test_a_map_by_chance_keeps_neighbours_by_chance():
    rng = np.random.default_rng(2)
    found = map_quality(rng.normal(size=(1500, 8)), rng.normal(size=(1500, 2)), sample=700)
    assert found.preservation == pytest.approx(15 / 1499, abs=0.004)
    assert found.trustworthiness == pytest.approx(0.5, abs=0.02)


def test_a_sample_estimates_what_all_points_give():
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(900, 6))
    places = vectors[:, :2]
    whole = map_quality(vectors, places)
    some = map_quality(vectors, places, sample=300, seed=3)
    assert some.n_sampled == 300
    assert some.low - 0.01 < whole.trustworthiness < some.high + 0.01


def test_duplicates_and_few_points():
    assert map_quality(np.ones((40, 3)), np.zeros((40, 2))).trustworthiness == 1
    with pytest.raises(TooFewRowsError, match="at least 5 points; got 4"):
        map_quality(np.ones((4, 3)), np.zeros((4, 2)))

import numpy as np
import pytest

from stresslab.errors import ParamError, RowError, ShapeError
from stresslab.stats import neighbours
from stresslab.stats.neighbours import nearest


def _brute(references, queries, k, metric, own=False):
    a, b = references.astype(float), queries.astype(float)
    if metric == "cosine":
        a, b = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (a, b))
        apart = 1 - b @ a.T
    else:
        apart = np.sqrt(((b[:, None] - a[None]) ** 2).sum(axis=2))
    if own:
        np.fill_diagonal(apart, np.inf)
    places = np.argsort(apart, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(apart, places, 1), places


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(("n", "d", "k"), [(1, 3, 1), (7, 2, 7), (500, 20, 10), (2000, 3, 1)])
def test_neighbours_are_those_of_brute_force(n, d, k, metric):
    rng = np.random.default_rng(n + d)
    references, queries = rng.normal(size=(n, d)), rng.normal(size=(50, d))
    distances, places = nearest(references, queries, k, metric=metric)
    wanted, there = _brute(references, queries, k, metric)
    np.testing.assert_allclose(distances, wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(places, there)


def test_three_points_on_a_line_by_hand():
    points = np.array([[0.0], [1.0], [3.0]])
    distances, places = nearest(points, points, 2, exclude_self=True)
    assert places.tolist() == [[1, 2], [0, 2], [1, 0]]
    assert distances.tolist() == [[1, 3], [1, 2], [2, 3]]


def test_rounding_of_float32_hides_no_neighbour():
    # far from the origin, neighbours differ by less than float32 resolves of the squares
    rng = np.random.default_rng(0)
    points = 1000 + rng.normal(size=(3000, 16)) * 1e-3
    points[0] += 5000  # what centring cannot help against
    distances, places = nearest(points, points, 5, exclude_self=True)
    wanted, there = _brute(points, points, 5, "euclidean", own=True)
    np.testing.assert_array_equal(places[1:], there[1:])
    np.testing.assert_allclose(distances[1:], wanted[1:], rtol=1e-6)


def test_many_duplicates_come_in_order_of_place():
    points = np.repeat(np.eye(3), 40, axis=0)
    distances, places = nearest(points, points, 12, exclude_self=True)
    assert (distances == 0).all()
    assert places[0].tolist() == list(range(1, 13))
    assert places[119].tolist() == list(range(80, 92))


def test_small_blocks_give_the_same(monkeypatch):
    rng = np.random.default_rng(3)
    references, queries = rng.normal(size=(300, 9)).astype(np.float32), rng.normal(size=(200, 9))
    whole = nearest(references, queries, 4)
    monkeypatch.setattr(neighbours, "BLOCK_BYTES", 1)
    again = nearest(references, queries, 4)
    np.testing.assert_array_equal(whole[1], again[1])
    np.testing.assert_allclose(whole[0], again[0])


def test_half_precision_comes_back_as_single():
    points = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float16)
    distances, places = nearest(points, points, 3, exclude_self=True)
    wanted, there = _brute(points, points, 3, "euclidean", own=True)
    assert distances.dtype == np.float32
    np.testing.assert_array_equal(places, there)
    np.testing.assert_allclose(distances, wanted, rtol=1e-6)


def test_bad_input_is_named():
    points = np.eye(3)
    with pytest.raises(ShapeError, match=r"\(3, 3\).*\(3, 2\)"):
        nearest(points, points[:, :2], 1)
    with pytest.raises(ParamError, match=r"k = 3 other points.*there are 2"):
        nearest(points, points, 3, exclude_self=True)
    with pytest.raises(RowError, match="query 1 is zero"):
        nearest(points, np.array([[1.0, 0, 0], [0, 0, 0]]), 1, metric="cosine")
    with pytest.raises(RowError, match="reference 2 is not"):
        nearest(np.where(np.eye(3)[::-1] > 2, 0, [[1, 1, 1], [1, 1, 1], [1, np.nan, 1]]), points, 1)

import numpy as np
import pytest

from stresslab.slices._clusters import Clusters
from stresslab.slices.choose import choose
from stresslab.slices.columns import of_numbers, of_texts
from stresslab.slices.search import search


def chosen(columns, values, cluster=None, *, direction="low", most=20, min_rows=20):
    cluster = np.arange(len(values)) if cluster is None else cluster
    found = search(columns, values, min_rows=min_rows)
    picked = choose(found, columns, values, cluster, direction=direction, most=most)
    return found, picked


def texts(found, picked, columns):
    from stresslab.analyses._found_test import _condition, _tests
    from stresslab.predicate import to_text

    return [to_text(_condition(_tests(found, one.place, columns))) for one in picked]


@pytest.fixture(scope="module")
def planted():
    """One conjunction of two conditions is hard; nothing else is."""
    rng = np.random.default_rng(1)
    columns = [of_numbers(name, rng.integers(0, 3, 6000)) for name in "abcd"]
    hard = (columns[0].codes == 1) & (columns[1].codes == 2)
    return columns, (rng.random(6000) < np.where(hard, 0.4, 0.8)).astype(float)


def test_a_planted_conjunction_comes_first_and_its_parts_do_not_come(planted):
    columns, values = planted
    found, picked = chosen(columns, values)
    named = texts(found, picked, columns)
    assert named[0] == "a = 1 and b = 2"
    assert "a = 1" not in named
    assert "b = 2" not in named
    assert len([one for one in named if "a = 1 and b = 2 and" in one]) <= 1  # by chance


def test_looking_the_other_way_does_not_find_it(planted):
    columns, values = planted
    found, picked = chosen(columns, values, direction="high")
    assert "a = 1 and b = 2" not in texts(found, picked, columns)
    found, picked = chosen(columns, values, direction="both")
    assert texts(found, picked, columns)[0] == "a = 1 and b = 2"


def test_two_names_of_the_same_rows_are_one_slice():
    rng = np.random.default_rng(2)
    a = rng.integers(0, 4, 3000)
    columns = [of_numbers("a", a), of_texts("b", [f"is {one}" for one in a])]
    values = (rng.random(3000) < np.where(a == 0, 0.5, 0.8)).astype(float)
    found, picked = chosen(columns, values)
    assert texts(found, picked, columns) == ["a = 0"]
    assert len(picked[0].same) == 1


def test_a_slice_within_another_one_is_kept_when_it_is_worse_still():
    rng = np.random.default_rng(3)
    columns = [of_numbers(name, rng.integers(0, 3, 9000)) for name in "ab"]
    inner = (columns[0].codes == 0) & (columns[1].codes == 0)
    chance = np.where(inner, 0.2, np.where(columns[0].codes == 0, 0.6, 0.8))
    found, picked = chosen(columns, (rng.random(9000) < chance).astype(float))
    named = texts(found, picked, columns)
    assert set(named[:2]) == {"a = 0", "a = 0 and b = 0"}
    places = dict(zip(named, picked, strict=True))
    assert places["a = 0 and b = 0"].within in (places["a = 0"].place, None)


def test_clusters_that_agree_make_a_slice_less_sure():
    item = np.repeat(np.arange(30), 50)
    found = {"rows": 0, "items": 0}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        column = of_numbers("a", np.repeat(rng.permutation(30) % 3, 50))
        values = np.repeat((rng.random(30) < 0.5).astype(float), 50)
        found["rows"] += bool(chosen([column], values)[1])
        found["items"] += bool(chosen([column], values, item)[1])
    assert found["rows"] > 25
    assert found["items"] < 10


def test_sums_over_clusters_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(5)
    cluster = rng.permutation(np.repeat(np.arange(20), 5))
    masks, values = rng.random((3, 100)) < 0.4, rng.normal(size=100)
    total, size = Clusters(cluster).sums(masks, values)
    expected = np.array([np.bincount(cluster, weights=one * values) for one in masks])
    assert total == pytest.approx(expected)
    assert (size == [np.bincount(cluster, weights=one) for one in masks]).all()
    alone = Clusters(rng.permutation(100))
    assert alone.sums(masks, values)[0].sum(axis=1) == pytest.approx(masks @ values)
    assert alone.whole(values)[0].sum() == pytest.approx(values.sum())

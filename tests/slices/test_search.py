import itertools

import numpy as np
import pytest

from stresslab.errors import ParamError, ShapeError
from stresslab.predicate import to_text
from stresslab.slices.columns import of_bools, of_codes, of_numbers, of_texts
from stresslab.slices.search import search


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(3)
    columns = [of_numbers(f"c{i}", rng.integers(0, 2 + i % 3, 400)) for i in range(5)]
    return columns, (rng.random(400) < 0.3).astype(float)


def every(columns, values, min_rows, most):
    """Return {conditions: (rows, sum)} by looking at every conjunction in turn."""
    found = {}
    for depth in range(1, most + 1):
        for which in itertools.combinations(range(len(columns)), depth):
            for codes in itertools.product(*(range(len(columns[i].conditions)) for i in which)):
                inside = np.all(
                    [columns[i].codes == code for i, code in zip(which, codes, strict=True)], axis=0
                )
                if min_rows <= inside.sum() < len(values):
                    found[tuple(zip(which, codes, strict=True))] = inside
    return found


def named(found, place):
    pairs = zip(found.column[place].tolist(), found.code[place].tolist(), strict=True)
    return tuple(pair for pair in pairs if pair[0] >= 0)


@pytest.mark.parametrize("kind", ["rate", "score"])
@pytest.mark.parametrize("most", [1, 2, 3])
def test_every_slice_with_enough_rows_is_found_and_no_other(made, kind, most):
    columns, values = made
    if kind == "score":
        values = values + np.random.default_rng(4).normal(size=len(values))
    found = search(columns, values, min_rows=20, most=most)
    truth = every(columns, values, 20, most)
    assert {named(found, place) for place in range(len(found))} == set(truth)
    for place in range(len(found)):
        inside = truth[named(found, place)]
        assert found.n[place] == inside.sum()
        assert found.total[place] == pytest.approx(values[inside].sum())
        assert (found.rows(place, columns) == inside).all()


def test_statistics_are_score_tests_against_the_rest_of_every_part(made):
    columns, values = made
    found = search(columns, values, min_rows=20)
    truth = every(columns, values, 20, 3)

    def score(inside, parent):
        rest = parent & ~inside
        if not rest.any():
            return 0.0
        gap = values[inside].mean() - values[rest].mean()
        variance = values[parent].var() * (1 / inside.sum() + 1 / rest.sum())
        return gap / variance**0.5 if variance > 0 else 0.0

    whole = np.ones(len(values), dtype=bool)
    for place in np.random.default_rng(0).choice(len(found), 60, replace=False):
        parts = named(found, place)
        inside = truth[parts]
        assert found.contrast[place] == pytest.approx(score(inside, whole), abs=1e-9)
        smaller = [whole] if len(parts) == 1 else [
            truth[one] for one in itertools.combinations(parts, len(parts) - 1)
        ]  # fmt: skip
        against = [score(inside, parent) for parent in smaller]
        low, high = min(against), max(against)
        expected = low if low > 0 else high if high < 0 else 0.0
        assert found.beyond[place] == pytest.approx(expected, abs=1e-9)
        assert found.share[place] == pytest.approx(max(inside.sum() / one.sum() for one in smaller))


def test_values_too_rare_or_everywhere_are_no_slices():
    column = of_texts("c", ["a"] * 97 + ["b"] * 3)
    same = of_texts("d", ["x"] * 100)
    found = search([column, same], np.arange(100.0), min_rows=5)
    assert [named(found, place) for place in range(len(found))] == [((0, 0),)]


def test_nothing_to_search_finds_nothing():
    assert len(search([], np.zeros(10), min_rows=1)) == 0
    assert len(search([of_texts("c", ["a"] * 10)], np.zeros(10), min_rows=1)) == 0


def test_a_search_that_makes_no_sense_is_refused(made):
    columns, values = made
    with pytest.raises(ParamError, match="min_rows"):
        search(columns, values, min_rows=0)
    with pytest.raises(ParamError, match="1 to 3"):
        search(columns, values, min_rows=5, most=4)
    with pytest.raises(ShapeError, match="one code per value"):
        search(columns, values[:-1], min_rows=5)


def test_many_numbers_become_bins_of_like_size_with_readable_ends():
    values = np.random.default_rng(0).normal(size=1000)
    column = of_numbers("item.length", values)
    sizes = np.bincount(column.codes)
    assert len(sizes) == 4
    assert sizes.min() > 230
    texts = [to_text(one) for one in column.conditions]
    assert texts[0].startswith("item.length <= -0.")
    assert " and " in texts[1]
    assert texts[3].startswith("item.length > 0.")


def test_every_condition_of_a_column_holds_for_its_rows_alone():
    values = np.array([1.0, 2.0, np.nan, 50.0, 2.0, *range(3, 40)])
    column = of_numbers("x", values)
    for code, test in enumerate(column.conditions):
        text = to_text(test).replace("x", "v").replace(" = ", " == ")
        met = [eval(text, {"v": one}) for one in values.tolist()]
        assert (column.codes == code).tolist() == met, text


def test_few_numbers_and_codes_are_taken_one_by_one():
    column = of_numbers("tier", np.array([0, 5, 5, np.nan]))
    assert [to_text(one) for one in column.conditions] == ["tier = 0", "tier = 5"]
    assert column.codes.tolist() == [0, 1, 1, -1]
    column = of_codes("domain", np.array([7, 3, -1, 7]), {7: "b", 3: "a", 9: "c"})
    assert [to_text(one) for one in column.conditions] == ['domain = "a"', 'domain = "b"']
    assert column.codes.tolist() == [1, 0, -1, 1]
    column = of_bools("input.digits", np.array([1, 0, 0]), np.array([True, True, False]))
    assert column.codes.tolist() == [1, 0, -1]

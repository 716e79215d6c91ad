"""What holds for every estimator, present and future."""

from dataclasses import replace

import numpy as np
import pytest

from stresslab import estimators
from stresslab.estimators import applicable
from stresslab.evidence import PARTS, Evidence
from tests.estimators.worlds import graph_side, known_or_guessed

NAMES = estimators.names()


def sides(name, n=4000, seed=0):
    """Return two halves of one world that the estimator applies to."""
    rng = np.random.default_rng(seed)
    if "network" in estimators.get(name).needs:
        source = graph_side(60, rng)
        return source, graph_side(60, rng, source.network)
    return known_or_guessed(n, rng), known_or_guessed(n, rng)


def estimate(name, source, target, seed=0):
    return estimators.get(name).estimate(source, target, rng=np.random.default_rng(seed))


def arrays(evidence):
    return {one: part for one in PARTS if (part := getattr(evidence, one)) is not None}


@pytest.mark.parametrize("name", NAMES)
def test_it_equals_the_truth_where_nothing_shifts(name):
    piece = estimators.get(name)
    source, target = sides(name)
    found = estimate(name, source, target)
    if piece.is_score:  # a score of errors is in no unit; it is at least 0
        assert found >= 0
        return
    truth = target.correct.mean()
    assert 0.5 < truth < 0.95
    assert found == pytest.approx(truth, abs=0.035)  # 4 standard errors of both halves


SHARES = [one for one in NAMES if not estimators.get(one).is_score]


@pytest.mark.parametrize("name", [one for one in SHARES if estimators.get(one).needs])
def test_it_follows_a_world_that_is_harder(name):
    rng = np.random.default_rng(1)
    source, harder = known_or_guessed(3000, rng), known_or_guessed(3000, rng, skill=0.6)
    fell = estimate(name, source, known_or_guessed(3000, rng)) - estimate(name, source, harder)
    true = source.correct.mean() - harder.correct.mean()
    if "features" in estimators.get(name).needs and name == "importance":
        assert abs(fell) < 0.04  # features do not tell how hard an input is, so it cannot see it
        return
    assert fell > 0.5 * true > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_labels_and_correctness_of_the_target_are_never_read(name):
    source, target = sides(name, 400)
    poison = replace(target, labels=np.full(target.n, 10**9), correct=np.full(target.n, np.nan))
    without = replace(target, labels=None, correct=None)
    found = estimate(name, source, target)
    assert np.isfinite(found)
    assert estimate(name, source, poison) == found
    assert estimate(name, source, without) == found


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_does_not_matter_and_nothing_is_changed(name):
    source, target = sides(name, 400)
    before = {one: part.copy() for one, part in arrays(target).items()}
    found = estimate(name, source, target)
    for one, part in arrays(target).items():
        np.testing.assert_array_equal(part, before[one])
    if target.edges is not None:  # a graph is renumbered in test_lebed
        return
    order = np.random.default_rng(2).permutation(target.n)
    if name == "importance":  # folds are every fifth row: another draw of them
        assert estimate(name, source, target.take(order)) == pytest.approx(found, abs=0.02)
        return
    assert estimate(name, source, target.take(order)) == pytest.approx(found, abs=1e-9)
    back = source.take(np.arange(source.n)[::-1])
    assert estimate(name, back, target) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same(name):
    source, target = sides(name, 300)
    assert estimate(name, source, target, 5) == estimate(name, source, target, 5)


@pytest.mark.parametrize("name", [one for one in NAMES if estimators.get(one).weighted])
def test_a_weight_of_two_is_a_row_that_stands_twice(name):
    source, target = sides(name, 200)
    piece = estimators.get(name)
    weights = np.random.default_rng(3).integers(1, 3, (2, source.n)).astype(float)
    of_target = np.random.default_rng(4).integers(1, 3, (2, target.n)).astype(float)
    found = piece.weighted(source, weights)(target, of_target)
    assert found.shape == (2,)
    if piece.needs == ("features",) or "features" in piece.needs:
        return  # neighbours and classifier are those of the rows themselves
    rows = np.repeat(np.arange(source.n), weights[1].astype(int))
    others = np.repeat(np.arange(target.n), of_target[1].astype(int))
    again = piece.estimate(source.take(rows), target.take(others), rng=None)
    assert found[1] == pytest.approx(again, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_said_and_no_rows_are_undefined(name):
    piece = estimators.get(name)
    assert applicable(piece, None, Evidence(labels=np.zeros(3, int))).startswith("not applicable")
    source, target = sides(name, 100)
    assert applicable(piece, source, target) == ""
    if piece.of_source:
        assert "in distribution" in applicable(piece, None, target)
    nobody = target.take(np.zeros(0, int))
    if target.edges is not None:
        nobody = replace(nobody, edges=target.edges[:0])
    assert np.isnan(piece.estimate(source, nobody, rng=np.random.default_rng(0)))


@pytest.mark.parametrize("name", SHARES)
def test_rows_that_are_not_known_are_left_out(name):
    source, target = sides(name, 400)
    kept = np.arange(target.n) % 4 > 0
    holes = {one: part.astype(float) for one, part in arrays(target).items() if one != "labels"}
    for one, part in holes.items():
        part[~kept] = -1 if one in ("answers", "twin", "others") else np.nan
    holed = replace(
        target, **{one: part.astype(arrays(target)[one].dtype) for one, part in holes.items()}
    )
    assert estimate(name, source, holed) == pytest.approx(
        estimate(name, source, target.take(kept)), abs=1e-9
    )

"""Labels of neighbours, importance weighting, transport: closed forms and other people's code."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from stresslab import estimators
from stresslab.errors import ShapeError
from stresslab.estimators.importance import importance_weights
from stresslab.evidence import Evidence
from stresslab.stats.transport import onto_classes


def of(name, source, target):
    return estimators.get(name).estimate(source, target, rng=None)


def test_neighbours_by_hand():
    source = Evidence(
        features=np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [9.0]]),
        labels=np.array([1, 1, 1, 1, 0, 0]),
    )
    target = Evidence(features=np.array([[0.0], [0.15]]), answers=np.array([1, 0]))
    assert of("neighbours", source, target) == pytest.approx((4 / 5 + 1 / 5) / 2)


def test_neighbours_without_a_label_are_not_asked():
    source = Evidence(features=np.array([[0.0], [1.0]]), labels=np.array([-1, 1]))
    assert of("neighbours", source, Evidence(features=np.zeros((1, 1)), answers=np.array([1]))) == 1
    unknown = Evidence(features=source.features, labels=np.array([-1, -1]))
    target = Evidence(features=np.zeros((1, 1)), answers=np.array([1]))
    assert np.isnan(of("neighbours", unknown, target))


def test_importance_moves_to_the_mix_of_the_target():
    rng = np.random.default_rng(0)

    def side(share, n=4000):
        kind = (rng.random(n) < share).astype(float)
        right = (rng.random(n) < np.where(kind > 0, 0.95, 0.55)).astype(float)
        return Evidence(features=np.column_stack([kind, rng.normal(size=n)]), correct=right)

    source, target = side(0.8), side(0.2)
    expected = 0.2 * 0.95 + 0.8 * 0.55
    assert source.correct.mean() > 0.85
    assert of("importance", source, target) == pytest.approx(expected, abs=0.03)


def test_importance_weights_are_the_ratio_of_gaussian_densities():
    rng = np.random.default_rng(1)
    source, target = rng.normal(0, 1, (5000, 1)), rng.normal(1, 1, (5000, 1))
    found = np.log(importance_weights(source, target))
    exact = source[:, 0] - 0.5  # log N(x; 1, 1) - log N(x; 0, 1)
    assert np.abs(found - exact).mean() < 0.08


def test_importance_with_few_rows_is_undefined_and_many_dimensions_are_not():
    rng = np.random.default_rng(2)
    few = Evidence(features=rng.normal(size=(10, 3)), correct=np.ones(10))
    assert np.isnan(of("importance", few, few))
    wide = Evidence(features=rng.normal(size=(40, 200)), correct=(np.arange(40) % 2).astype(float))
    assert of("importance", wide, wide) == pytest.approx(0.5, abs=0.1)
    constant = Evidence(features=np.ones((40, 5)), correct=(np.arange(40) % 4 > 0).astype(float))
    assert of("importance", constant, constant) == pytest.approx(0.75)


@pytest.mark.parametrize("seed", range(6))
def test_transport_is_the_assignment_of_another_solver(seed):
    rng = np.random.default_rng(seed)
    n, n_classes = 60, int(rng.integers(2, 6))
    costs = 1 - rng.dirichlet(np.ones(n_classes) * 0.5, n)
    counts = rng.multinomial(n, rng.dirichlet(np.ones(n_classes)))
    rows, columns = linear_sum_assignment(np.repeat(costs, counts, axis=1))
    expected = np.repeat(costs, counts, axis=1)[rows, columns].mean()
    assert onto_classes(costs, counts / n) == pytest.approx(expected, abs=1e-10)


def test_transport_splits_points_where_shares_are_no_whole_numbers():
    # one point, two classes of weight 1/2: it is halved
    assert onto_classes(np.array([[0.1, 0.7]]), np.array([0.5, 0.5])) == pytest.approx(0.4)


def test_transport_equals_confidence_where_the_mix_is_right_and_is_lower_where_not():
    probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    target = Evidence(probs=probs)
    right = Evidence(labels=np.array([0, 0, 1]))
    assert of("transport", right, target) == pytest.approx(0.8)
    wrong = Evidence(labels=np.array([0, 1, 1]))
    assert of("transport", wrong, target) == pytest.approx((0.9 + 0.2 + 0.7) / 3)


def test_shares_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="sum to 1"):
        onto_classes(np.ones((2, 2)), np.array([0.5, 0.6]))

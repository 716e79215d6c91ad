import numpy as np
import pytest
from scipy.optimize import nnls

from stresslab.geometry._cone import project_on_cones

KINDS = ["random", "clusters", "few dimensions", "repeated", "one point", "crowded"]


def problem(kind, draws=12, seed=0):
    rng = np.random.default_rng(seed)
    classes, points, dimension = 6, 20, 130
    x = rng.normal(size=(classes * points, dimension))
    if kind == "clusters":
        x += 4 * np.repeat(rng.normal(size=(classes, dimension)), points, axis=0)
    elif kind == "few dimensions":
        x = rng.normal(size=(classes * points, 7)) @ rng.normal(size=(7, dimension))
    elif kind == "repeated":
        x = np.repeat(x[::20], 20, axis=0)
    elif kind == "one point":
        x, points = x[:6], 1
    elif kind == "crowded":
        x = np.maximum(x[:, :60] + 0.5, 0)
    signs = np.repeat(rng.choice([-1.0, 1.0], size=(draws, classes)), points, axis=1)
    return x, signs, rng.normal(size=(draws, x.shape[1]))


@pytest.mark.parametrize("kind", KINDS)
def test_every_projection_has_a_certificate_of_being_the_nearest(kind):
    x, signs, targets = problem(kind)
    found = project_on_cones(x, signs, targets).weights
    assert (found >= 0).all()
    for weight, sign, target in zip(found, signs, targets, strict=True):
        units = x * (sign / np.linalg.norm(x, axis=1))[:, None]
        left = target - (x * sign[:, None]).T @ weight
        size = np.linalg.norm(target)
        pull = units @ left
        assert pull.max() <= 1e-9 * size  # nothing outside could still help ...
        assert np.abs(pull[weight > 0]).max(initial=0) <= 1e-9 * size  # ... nor what is inside


@pytest.mark.parametrize("kind", KINDS)
def test_no_other_solver_comes_nearer(kind):
    x, signs, targets = problem(kind)
    found = project_on_cones(x, signs, targets).weights
    for weight, sign, target in zip(found, signs, targets, strict=True):
        cone = (x * sign[:, None]).T
        theirs = nnls(cone, target)[1] ** 2
        ours = float(((target - cone @ weight) ** 2).sum())
        assert ours <= theirs + 1e-10 * float((target**2).sum())


def test_a_quadratic_program_finds_the_same():
    solvers = pytest.importorskip("cvxopt.solvers")
    from cvxopt import matrix

    x, signs, targets = problem("random", draws=2)
    found = project_on_cones(x, signs, targets).weights
    solvers.options.update(show_progress=False, abstol=1e-11, reltol=1e-11, feastol=1e-11)
    for weight, sign, target in zip(found, signs, targets, strict=True):
        cone = (x * sign[:, None]).T
        n = len(weight)
        answer = solvers.qp(
            matrix(cone.T @ cone), matrix(-cone.T @ target), matrix(-np.eye(n)), matrix(np.zeros(n))
        )
        np.testing.assert_allclose(np.array(answer["x"]).ravel(), weight, atol=1e-5)


def test_a_target_behind_every_point_stays_at_the_tip():
    x = np.eye(3)[:2] + 0.1
    found = project_on_cones(x, np.ones((1, 2)), -np.ones((1, 3)))
    np.testing.assert_array_equal(found.weights, 0)


def test_a_point_by_itself_carries_its_share():
    found = project_on_cones(np.array([[2.0, 0.0]]), np.array([[-1.0]]), np.array([[-3.0, 5.0]]))
    np.testing.assert_allclose(found.weights, [[1.5]])

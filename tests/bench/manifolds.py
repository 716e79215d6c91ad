"""How long do 300 projections on cones of 10 x 50 points take, beside a loop of other solvers?"""

from collections.abc import Iterator

import numpy as np

from stresslab.geometry._cone import project_on_cones
from tests.bench._kind import Asked, Bench, Row, Took, best, once

CLASSES, POINTS, DIMENSION = 10, 50, 512
N_NNLS, N_QP = 12, 3
"""Draws the slow solvers are given; their time is scaled to all."""


def run(asked: Asked) -> Iterator[Row]:
    """Yield the time of all draws, with the gap of the objective to the other solver."""
    draws = max(asked.n(300), 20)
    rng = np.random.default_rng(0)
    points = rng.normal(size=(CLASSES * POINTS, DIMENSION))
    signs = np.repeat(rng.choice([-1.0, 1.0], size=(draws, CLASSES)), POINTS, axis=1)
    targets = rng.normal(size=(draws, DIMENSION))
    found = project_on_cones(points, signs, targets)
    took = best(lambda: project_on_cones(points, signs, targets), times=3)
    for name, solve, n, wanted in (
        ("scipy nnls", _nnls, N_NNLS, "x 15"),
        ("cvxopt qp", _qp, N_QP, "x 40"),
    ):
        n = min(n, draws)
        errors: list[float] = []

        def loop(solve=solve, n=n, errors=errors):
            errors[:] = [solve((points * signs[row][:, None]).T, targets[row]) for row in range(n)]

        try:
            theirs = once(loop)
        except ImportError:
            continue
        ours = ((targets[:n] - (signs[:n] * found.weights[:n]) @ points) ** 2).sum(axis=1)
        gap = float(((ours - errors) / np.array(errors)).max())
        against = Took(theirs.wall * draws / n, theirs.cpu * draws / n)
        yield Row("projections on cones", draws, took, name, against, wanted, f"gap {gap:.0e}")


def _nnls(cone: np.ndarray, target: np.ndarray) -> float:
    from scipy.optimize import nnls

    return float(nnls(cone, target)[1] ** 2)


def _qp(cone: np.ndarray, target: np.ndarray) -> float:
    from cvxopt import matrix, solvers

    solvers.options.update(show_progress=False, abstol=1e-12, reltol=1e-12, feastol=1e-12)
    n = cone.shape[1]
    answer = solvers.qp(
        matrix(cone.T @ cone), matrix(-cone.T @ target), matrix(-np.eye(n)), matrix(np.zeros(n))
    )
    left = target - cone @ np.array(answer["x"]).ravel()
    return float(left @ left)


PIECE = Bench("projections on cones", run)

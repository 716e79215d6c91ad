"""Project many random vectors on cones of signed points: one product serves all draws."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array

STEPS = 80
"""Accelerated gradient steps before the polish; they name most of the active points."""

CROWDED = 4
"""From this many points a dimension on, faces are small and the batch would cycle on them."""

RANK = 1e-13
"""Smallest eigenvalue of the products that counts, relative to the largest."""

TRIES = 4
"""Exchanges that may fail to make fewer points wrong before points are taken one by one."""

GRADIENT = 1e-11
"""A point outside the cone's face may pull this much, relative to the length of t."""


@dataclass(frozen=True, eq=False)
class Cones:
    """Solutions of ``min ||t - K lam||**2, lam >= 0`` for every draw.

    Parameters
    ----------
    weights : ndarray of shape (n_draws, n_points)
        lam, for the points as they were given.
    targets : ndarray of shape (n_draws, dimension)
        t.
    signs : ndarray of shape (n_draws, n_points)
        Sign of every point.
    """

    weights: Array
    targets: Array
    signs: Array


def project_on_cones(points: Array, signs: Array, targets: Array, *, steps: int = STEPS) -> Cones:
    """Return the weights of the nearest point of each cone ``{sum_j lam_j sign_j x_j, lam >= 0}``.

    All draws share one Gram matrix, and signs only flip its rows and columns, so accelerated
    projected gradient with restarts takes one product per step for all of them. What it finds
    active is then solved exactly, draw by draw, in steps along faces (Lawson and Hanson) that
    take in several points at a time.

    Parameters
    ----------
    points : ndarray of shape (n_points, dimension)
        Finite; none is zero.
    signs : ndarray of shape (n_draws, n_points)
        +1 or -1.
    targets : ndarray of shape (n_draws, dimension)
        t.
    steps : int
        Of the gradient.

    References
    ----------
    Beck and Teboulle (2009); O'Donoghue and Candes (2015) for restarts; Lawson and Hanson (1974),
    chapter 23; Bro and de Jong (1997) for the form with products.
    """
    lengths = np.linalg.norm(points, axis=1)
    units = points / lengths[:, None]
    gram = units @ units.T
    basis = _basis(units, gram)
    if CROWDED * basis.shape[1] <= len(units):
        thin, wanted = units @ basis, targets @ basis
        found = [_one_by_one(thin, *one) for one in zip(signs, wanted, strict=True)]
        return Cones(np.array(found).reshape(signs.shape) / lengths, targets, signs)
    pulls = signs * (targets @ units.T)
    start = _accelerated(units, gram, signs, pulls, steps)
    weights = np.empty_like(pulls)
    scales = np.linalg.norm(targets, axis=1)
    for row, sign in enumerate(signs):
        exact = _polished(gram, sign, pulls[row], start[row], GRADIENT * scales[row])
        weights[row] = _one_by_one(units, sign, targets[row]) if exact is None else exact
    return Cones(weights / lengths, targets, signs)


def _basis(units: Array, gram: Array) -> Array:
    """Return an orthonormal basis of the span of the points, shape (dimension, rank)."""
    dimension = units.shape[1]
    square = units.T @ units if dimension < len(units) else gram
    values, vectors = np.linalg.eigh(square)
    kept = vectors[:, values > RANK * values[-1]]
    if dimension < len(units):
        return kept
    basis: Array = np.linalg.qr(units.T @ kept)[0]
    return basis


def _one_by_one(points: Array, sign: Array, target: Array) -> Array:
    """Return the weights of one draw, points entering singly: slower, and it always ends."""
    from scipy.optimize import nnls

    found: Array = nnls((points * sign[:, None]).T, target, maxiter=30 * len(sign) + 100)[0]
    return found


def _accelerated(units: Array, gram: Array, signs: Array, pulls: Array, steps: int) -> Array:
    """Return weights near the best ones, in float32."""
    n_points, dimension = units.shape
    largest = float(np.linalg.eigvalsh(gram if n_points <= dimension else units.T @ units)[-1])
    rate = np.float32(1 / largest)
    flips, wanted = signs.astype(np.float32), pulls.astype(np.float32)
    small, thin = gram.astype(np.float32), units.astype(np.float32)
    in_span = 2 * dimension < n_points
    now: Array = np.zeros_like(wanted)
    ahead: Array = now.copy()
    speed: Array = np.ones((len(now), 1), dtype=np.float32)
    for _ in range(steps):
        turned = ahead * flips
        product = (turned @ thin) @ thin.T if in_span else turned @ small
        slope = product * flips - wanted
        after = np.maximum(ahead - rate * slope, 0)
        move = after - now
        turn = np.einsum("ij,ij->i", ahead - after, move) > 0  # momentum points uphill
        speed[turn] = 1
        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        ahead = after + (speed - 1) / faster * move
        ahead[turn] = after[turn]
        now, speed = after, faster
    return now.astype(np.float64)


def _polished(gram: Array, sign: Array, pull: Array, start: Array, slack: float) -> Array | None:
    """Return the exact weights of one draw from a guess of what is active, or None if it cycles.

    Every point that should be active and is not, and the reverse, changes at once, as long as
    there are fewer of them than ever before or for a few tries more.
    """
    active = start > 1e-4 * start.max(initial=0.0)
    if not active.any():
        return None
    fewest, tries = len(pull) + 1, TRIES
    while tries:
        at = np.flatnonzero(active)
        best = sign[at] * _solved(gram[np.ix_(at, at)], (sign * pull)[at])
        slope = sign * (gram[:, at] @ (sign[at] * best)) - pull
        slope[at] = 0
        enter, leave = slope < -slack, at[best < 0]
        n_wrong = int(enter.sum()) + len(leave)
        if not n_wrong:
            weights = np.zeros(len(pull))
            weights[at] = best
            return weights
        tries = TRIES if n_wrong < fewest else tries - 1
        fewest = min(fewest, n_wrong)
        active[enter] = True
        active[leave] = False
    return None


def _solved(gram: Array, pull: Array) -> Array:
    """Return the solution of a system that may be singular, refined until its residual is small."""
    from scipy.linalg.lapack import dposv, dpotrs

    ridge = 0.0
    while True:
        held = gram.copy(order="F")
        held[np.diag_indices_from(held)] += ridge
        factor, best, failed = dposv(held, pull, overwrite_a=True)
        if not failed:
            break
        ridge = max(1e-13 * len(gram), 10 * ridge)  # points that repeat or depend on each other
    for _ in range(12 if ridge else 1):
        best += dpotrs(factor, pull - gram @ best)[0]
    found: Array = best
    return found

"""Importance weighting: labelled inputs count as much as they look like the unlabelled ones."""

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, OnTarget, once
from stresslab.estimators._rows import mean
from stresslab.evidence import Evidence

DIRECTIONS = 32
"""Principal directions of both clouds that the classifier sees."""

FOLDS = 5
FEWEST = 20
"""Rows on either side below which no classifier is trained."""


def importance(source: Evidence, weights: Array) -> OnTarget:
    """Return the mean of correctness on the source, weighted by p(target | x) / p(source | x).

    A logistic regression tells the sides apart on up to 32 principal directions of both together
    (standardised, ridge), and each row's odds are those of the classifier that did not see it
    (five folds: every fifth row). It is the share right if only the mix of inputs changes and the
    sides overlap. The classifier stays as it is in every draw, so an interval knows the labelled
    rows only. Below 20 rows on either side it is undefined.

    Parameters
    ----------
    source : Evidence
        ``features`` of both, ``correct`` of the source.
    weights : ndarray of shape (n_draws, n)
        Weights of its rows.

    References
    ----------
    Shimodaira (2000); Bickel, Brueckner and Scheffer (2007). Directions and folds: ours.
    """
    inside, right = np.asarray(source.features, float), np.asarray(source.correct, float)
    of_source = weights

    def on(target: Evidence, weights: Array) -> Array:
        odds = importance_weights(inside, np.asarray(target.features, float))
        known = np.where(np.isfinite(odds), right, np.nan)
        return mean(known, of_source * np.nan_to_num(odds))

    return on


def importance_weights(source: Array, target: Array) -> Array:
    """Return the odds of every source row to be of the target, NaN where they are not known."""
    found = np.full(len(source), np.nan)
    known = np.isfinite(source).all(axis=1)
    rows, outside = source[known], target[np.isfinite(target).all(axis=1)]
    if min(len(rows), len(outside)) < FEWEST:
        return found
    both = directions(np.vstack([rows, outside]))
    side = np.repeat([0.0, 1.0], [len(rows), len(outside)])
    fold = np.concatenate([np.arange(len(rows)), np.arange(len(outside))]) % FOLDS
    logit = np.empty(len(both))
    for one in range(FOLDS):
        seen = fold != one
        logit[~seen] = both[~seen] @ _logistic(both[seen], side[seen])
    found[known] = np.exp(np.clip(logit[: len(rows)], -30, 30)) * len(rows) / len(outside)
    return found


def directions(rows: Array) -> Array:
    """Return standardised coordinates along the principal directions, and a column of ones."""
    centred = rows - rows.mean(axis=0)
    _, values, axes = np.linalg.svd(centred.T @ centred, hermitian=True)
    most = min(DIRECTIONS, len(rows) // 10 + 1, int((values > 1e-9 * max(values[0], 1e-300)).sum()))
    along = centred @ axes[:most].T
    scale = along.std(axis=0)
    return np.column_stack([along / np.where(scale > 0, scale, 1.0), np.ones(len(rows))])


def _logistic(rows: Array, side: Array) -> Array:
    """Return the coefficients of a ridge logistic regression, by Newton's steps."""
    found = np.zeros(rows.shape[1])
    ridge = np.append(np.ones(rows.shape[1] - 1), 1e-6)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(rows @ found, -30, 30)))
        slope = rows.T @ (side - chance) - ridge * found
        bend = (rows * (chance * (1 - chance))[:, None]).T @ rows + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        found += step
        if np.abs(step).max() < 1e-8:
            break
    return found


PIECE = Estimator(
    title="importance weighting",
    estimate=once(importance),
    needs=("features",),
    of_source=("features", "correct"),
    weighted=importance,
    cost="n * dimension**2",
    source="Shimodaira (2000), Bickel et al. (2007)",
)

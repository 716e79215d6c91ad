"""Agreement on the line: how agreement between models falls is how accuracy falls."""

from itertools import combinations

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, OnTarget, once
from stresslab.estimators._rows import answers_of, mean, quotient
from stresslab.evidence import Evidence

FEWEST_PAIRS = 3
"""Pairs of models a line is drawn through; three models have three."""


def agreement_line(source: Evidence, weights: Array) -> OnTarget:
    """Return the accuracy the line of agreements gives, for every draw.

    Least squares of probit(agreement on the target) on probit(agreement on the source) over all
    pairs of models; its slope and intercept are then used on probit(accuracy on the source). With
    less than three pairs, or agreements that are all the same, it is undefined. Agreements of 0
    or 1 count as half an input away from it.

    Parameters
    ----------
    source : Evidence
        ``others`` of shape (n, n_others) and ``answers`` or ``probs``; ``correct`` of the source.
    weights : ndarray of shape (n_draws, n)
        Weights of its rows.

    References
    ----------
    Baek, Jiang, Raghunathan and Kolter (2022), Agreement-on-the-line (ALine-S).
    """
    from scipy.special import ndtr, ndtri

    x = ndtri(agreements(source, weights))
    right = np.asarray(source.correct, float)
    accuracy = ndtri(_inside(mean(right, weights), weights.sum(axis=1)))

    def on(target: Evidence, weights: Array) -> Array:
        slope, intercept = _lines(x, ndtri(agreements(target, weights)))
        found: Array = ndtr(slope * accuracy + intercept)
        return found

    return on


def _lines(x: Array, y: Array) -> tuple[Array, Array]:
    """Return slope and intercept of every row of x and y; NaN where there is no line."""
    known = np.isfinite(x) & np.isfinite(y)
    n = known.sum(axis=1)
    x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
    middle = quotient(x.sum(axis=1), n), quotient(y.sum(axis=1), n)
    apart = np.where(known, x - middle[0][:, None], 0.0)
    spread = (apart**2).sum(axis=1)
    spread[(n < FEWEST_PAIRS) | (spread < 1e-12)] = 0.0
    slope = quotient((apart * y).sum(axis=1), spread)
    return slope, middle[1] - slope * middle[0]


def agreements(evidence: Evidence, weights: Array) -> Array:
    """Return how often every pair of models answers alike, shape (n_draws, n_pairs)."""
    others = np.asarray(evidence.others)
    answers = np.column_stack([answers_of(evidence), others])
    pairs = list(combinations(range(answers.shape[1]), 2))
    a, b = answers[:, [one for one, _ in pairs]], answers[:, [two for _, two in pairs]]
    known = (a >= 0) & (b >= 0)
    n = weights @ known.astype(float)
    return _inside(quotient(weights @ (known & (a == b)).astype(float), n), n)


def _inside(share: Array, n: Array) -> Array:
    half = quotient(np.full(np.shape(n), 0.5), n)
    return np.clip(share, half, 1 - half)


PIECE = Estimator(
    title="agreement on the line",
    estimate=once(agreement_line),
    needs=("others", "answers|probs"),
    of_source=("correct", "others", "answers|probs"),
    weighted=agreement_line,
    is_quick=True,
    cost="n * n_models**2",
    source="Baek et al. (2022)",
)

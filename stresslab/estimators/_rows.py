"""Arithmetic that estimators share: what a model says of its answers, means under weights."""

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence


def confidence_of(evidence: Evidence) -> Array:
    """Return the largest probability of each row, or the confidence where only that is kept."""
    if evidence.probs is not None:
        found: Array = np.asarray(evidence.probs, float).max(axis=1)
        return found
    return np.asarray(evidence.confidence, float)


def answers_of(evidence: Evidence) -> Array:
    """Return the answer of each row as a code; -1 where there is none."""
    if evidence.answers is not None:
        return np.asarray(evidence.answers)
    probs = np.asarray(evidence.probs, float)
    known = np.isfinite(probs).all(axis=1)
    return np.where(known, np.where(known[:, None], probs, 0.0).argmax(axis=1), -1)


def negentropy_of(evidence: Evidence) -> Array:
    """Return sum p log p of each row: 0 where a model is sure, lower where it is not."""
    probs = np.asarray(evidence.probs, float)
    logs = np.log(probs, out=np.zeros_like(probs), where=probs > 0)
    found: Array = (probs * logs).sum(axis=1)
    return found


def mean(values: Array, weights: Array) -> Array:
    """Return weighted means of shape (n_draws,) over the rows whose value is known; else NaN."""
    values = np.asarray(values, float)
    known = np.isfinite(values)
    if not known.all():
        values, weights = values[known], weights[:, known]
    return quotient(weights @ values, weights.sum(axis=1))


def quotient(above: Array, below: Array) -> Array:
    """Return above / below, NaN where there is nothing below."""
    found: Array = np.full(np.shape(above), np.nan)
    return np.divide(above, below, out=found, where=np.asarray(below) > 0)


def thresholds(scores: Array, right: Array, weights: Array) -> Array:
    """Return for every draw the least score t with at least as large a share of scores below it.

    As large as the share of wrong answers; infinite where all are wrong, NaN without rows.

    Parameters
    ----------
    scores, right : ndarray of shape (n,)
        Of labelled rows, larger = surer; whether the model was right.
    weights : ndarray of shape (n_draws, n)
        Weights of rows.
    """
    known = np.isfinite(scores) & np.isfinite(right)
    order = np.flatnonzero(known)[np.argsort(scores[known], kind="stable")]
    if not len(order):
        return np.full(len(weights), np.nan)
    ordered, weights = scores[order], weights[:, order]
    total = weights.sum(axis=1)
    wrong = weights @ (1.0 - right[order])
    below = np.cumsum(weights, axis=1) - weights
    reached = (below >= (wrong - 1e-9 * total)[:, None]) & (weights > 0)
    place = np.where(reached.any(axis=1), reached.argmax(axis=1), len(ordered))
    limits: Array = np.append(ordered, np.inf)[place]
    limits[total == 0] = np.nan
    return limits


def share_above(scores: Array, limits: Array, weights: Array) -> Array:
    """Return for every draw the share of known scores that reach its limit, shape (n_draws,)."""
    there = np.isfinite(scores)
    scores, weights = scores[there], weights[:, there]
    above = np.where(scores >= limits[:, None], weights, 0.0).sum(axis=1)
    found = quotient(above, weights.sum(axis=1))
    found[np.isnan(limits)] = np.nan
    return found

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


def above_threshold(
    scores: tuple[Array, Array], right: Array, source_weights: Array, target_weights: Array
) -> Array:
    """Return the share of the target above the threshold of each draw.

    The threshold is the least source score t such that the share of source scores below it is at
    least the share of wrong answers there.

    Parameters
    ----------
    scores : tuple of ndarray
        Of source and target, larger = surer.
    right : ndarray of shape (n_source,)
        Whether the model was right.
    source_weights, target_weights : ndarray of shape (n_draws, n)
        Weights of rows.
    """
    known = np.isfinite(scores[0]) & np.isfinite(right)
    order = np.flatnonzero(known)[np.argsort(scores[0][known], kind="stable")]
    if not len(order):
        return np.full(len(source_weights), np.nan)
    ordered, weights = scores[0][order], source_weights[:, order]
    total = weights.sum(axis=1)
    wrong = weights @ (1.0 - right[order])
    below = np.cumsum(weights, axis=1) - weights
    reached = (below >= (wrong - 1e-9 * total)[:, None]) & (weights > 0)
    place = np.where(reached.any(axis=1), reached.argmax(axis=1), len(ordered))
    limits = np.append(ordered, np.inf)[place]
    limits[total == 0] = np.nan
    there = np.isfinite(scores[1])
    if not there.any():
        return np.full(len(source_weights), np.nan)
    score, weights = scores[1][there], target_weights[:, there]
    above = np.empty(len(limits))
    for start in range(0, len(limits), 256):
        part = slice(start, start + 256)
        passed = score[None, :] >= limits[part, None]
        above[part] = np.einsum("ij,ij->i", weights[part], passed)
    above[np.isnan(limits)] = np.nan
    return quotient(above, weights.sum(axis=1))

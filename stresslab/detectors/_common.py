"""What detectors share: a fitted detector made of a function, logits and probabilities of rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax, logsumexp

from stresslab.checks import Array
from stresslab.errors import ParamError, TooFewRowsError
from stresslab.evidence import Evidence, finite_rows, lacking

BLOCK_ROWS = 8192
"""Rows whose wide intermediate results are held at once."""


@dataclass(frozen=True, eq=False)
class FittedFunction:
    """A fitted detector: a function of rows, which need the parts it was declared with.

    Parameters
    ----------
    needs : tuple of str
        Parts of evidence that `function` reads.
    function : callable
        ``function(evidence) -> ndarray of shape (n,)``.
    """

    needs: tuple[str, ...]
    function: Callable[[Evidence], Array]

    def score(self, evidence: Evidence) -> Array:
        """Return one number per row, float64; larger is more outlying.

        Raises
        ------
        ParamError
            If a part is missing, or a row is not finite.
        """
        check_parts(evidence, self.needs)
        if not evidence.n:
            return np.empty(0)
        return np.asarray(self.function(evidence), dtype=np.float64)


def check_parts(evidence: Evidence, needs: tuple[str, ...]) -> None:
    """Refuse evidence that lacks a part or holds a row that is not finite.

    Raises
    ------
    ParamError
        With the part that is missing, or the first row that is not finite.
    """
    if reason := lacking(evidence, needs):
        raise ParamError(f"This detector is {reason}. Choose another, or store that part.")
    finite = finite_rows(evidence)
    if not finite.all():
        raise ParamError(
            f"Evidence is finite; row {int(np.flatnonzero(~finite)[0])} is not "
            f"({int((~finite).sum())} of {evidence.n} rows). Leave those rows out."
        )


def fitting(evidence: Evidence, needs: tuple[str, ...]) -> None:
    """Refuse evidence that a detector cannot be fitted on.

    Raises
    ------
    ParamError
        If a part is missing, or a row is not finite.
    TooFewRowsError
        If there are no rows.
    """
    check_parts(evidence, needs)
    if not evidence.n:
        raise TooFewRowsError("A detector is fitted on in-distribution rows; there are none.")


def features_of(evidence: Evidence) -> Array:
    """Return the features as float64, shape (n, dimension)."""
    return np.asarray(evidence.features, dtype=np.float64)


def logits_of(evidence: Evidence) -> Array:
    """Return the logits as float64, shape (n, n_classes): as stored, else of features and head."""
    if evidence.logits is not None:
        return np.asarray(evidence.logits, dtype=np.float64)
    return through_head(features_of(evidence), evidence)


def through_head(features: Array, evidence: Evidence) -> Array:
    """Return ``features @ W + b``, shape (n, n_classes)."""
    assert evidence.head is not None  # checked by `check_parts`
    weights, bias = evidence.head
    found: Array = features @ np.asarray(weights, dtype=np.float64) + bias
    return found


def energy_of(logits: Array, temperature: float = 1.0) -> Array:
    """Return the free energy ``-T log sum_k exp(logit_k / T)``, shape (n,)."""
    found: Array = -temperature * logsumexp(logits / temperature, axis=1)
    return found


def log_probs_of(evidence: Evidence, temperature: float = 1.0) -> Array:
    """Return log-probabilities of shape (n, n_classes), of logits divided by `temperature`.

    Probabilities are logits up to a constant per row, so ``p ** (1 / T)`` made to sum to 1 is the
    same; a probability of 0 counts as the smallest positive number.
    """
    if evidence.logits is not None:
        logits = np.asarray(evidence.logits, dtype=np.float64)
    else:
        probs = np.asarray(evidence.probs, dtype=np.float64)
        logits = np.log(np.maximum(probs, np.finfo(np.float64).tiny))
    found: Array = log_softmax(logits / temperature, axis=1)
    return found


def predicted_of(evidence: Evidence) -> Array | None:
    """Return the predicted class of each row, or None where nothing says it."""
    part = evidence.logits if evidence.logits is not None else evidence.probs
    return None if part is None else np.argmax(part, axis=1)


def unit(vectors: Array) -> Array:
    """Return vectors of length 1; a zero vector has no direction and stays 0."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Array = vectors / np.where(lengths > 0, lengths, 1.0)
    return found


def check_temperature(temperature: float) -> None:
    """Raise ParamError unless `temperature` is positive."""
    if not temperature > 0:
        raise ParamError(f"A temperature is positive; got {temperature!r}.")

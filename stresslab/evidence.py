"""What a model left behind on some inputs: features, labels, logits, probabilities, answers.

Geometry, detectors and estimators take nothing else. A piece says in `needs` which parts it uses;
where one is missing it does not apply, and `lacking` says so in words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol, Self

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError

PARTS = (
    "features", "labels", "logits", "probs", "correct", "confidence", "answers", "twin", "others",
    "units",
)  # fmt: skip
"""Parts with one row per input."""


class Network(Protocol):
    """A trained network that can begin again from the weights it began from."""

    @property
    def initial(self) -> Array:
        """Return the weights it began from, one flat array."""
        ...

    @property
    def trained(self) -> Array:
        """Return the weights it ended with."""
        ...

    def embed(self, weights: Array, features: Array, edges: Array) -> Array:
        """Return what stands before the last layer, shape (n, width)."""
        ...

    def logits(self, weights: Array, features: Array, edges: Array) -> Array:
        """Return the logits, shape (n, n_classes)."""
        ...

    def epochs(
        self, features: Array, edges: Array, labels: Array, *, n_epochs: int
    ) -> Iterator[Array]:
        """Yield the weights (one flat array) after every epoch from `initial` on these labels."""
        ...


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of `n` inputs; every part may be missing.

    Parameters
    ----------
    features : ndarray of shape (n, dimension), optional
        Vectors of one layer.
    labels : ndarray of shape (n,) of int, optional
        True class, from 0; -1 where it is not known.
    logits : ndarray of shape (n, n_classes), optional
        Unnormalised log-probabilities of one model.
    probs : ndarray of shape (n, n_classes), optional
        Probabilities of one model; each row sums to 1.
    correct : ndarray of shape (n,), optional
        Whether the model was right, 0 to 1; NaN where it was not scored.
    confidence : ndarray of shape (n,), optional
        What the model said of its answer, where only that is kept and not all probabilities.
    answers : ndarray of shape (n,) of int, optional
        The answers of the model as codes; -1 where it gave none. Codes that also stand among
        `labels` mean the same.
    twin : ndarray of shape (n,) of int, optional
        Answers of a second model that was made alike (another seed).
    others : ndarray of shape (n, n_others) of int, optional
        Answers of other models to the same inputs.
    head : tuple of ndarray, optional
        ``(W, b)`` of shapes (dimension, n_classes) and (n_classes,): logits are ``features @ W +
        b``.
    calibration : Evidence, optional
        In-distribution inputs that were held out of the fit.
    edges : ndarray of shape (n_edges, 2) of int, optional
        Pairs of rows that are linked, for models on graphs.
    network : Network, optional
        The model itself, where it is to be trained again.
    units : ndarray of shape (n,) of int, optional
        Code of whom a row belongs to: rows of one item or cluster share it.

    Raises
    ------
    ShapeError
        If two parts have another number of rows.
    """

    features: Array | None = None
    labels: Array | None = None
    logits: Array | None = None
    probs: Array | None = None
    correct: Array | None = None
    head: tuple[Array, Array] | None = None
    calibration: "Evidence | None" = None
    edges: Array | None = None
    confidence: Array | None = None
    answers: Array | None = None
    twin: Array | None = None
    others: Array | None = None
    network: Network | None = None
    units: Array | None = None

    def __post_init__(self) -> None:
        rows = {name: len(part) for name in PARTS if (part := getattr(self, name)) is not None}
        if len(set(rows.values())) > 1:
            seen = ", ".join(f"{name} {n}" for name, n in rows.items())
            raise ShapeError(
                f"All parts of evidence have one row per input; got {seen}. "
                "Take the same inputs for each."
            )

    @property
    def n(self) -> int:
        """Return the number of inputs."""
        return next((len(part) for name in PARTS if (part := getattr(self, name)) is not None), 0)

    def take(self, rows: Array | slice) -> Self:
        """Return the evidence of some rows (places or a mask); links between rows are dropped."""
        parts = {name: part[rows] for name in PARTS if (part := getattr(self, name)) is not None}
        return replace(self, **parts, edges=None)


def lacking(evidence: Evidence, needs: Sequence[str]) -> str:
    """Return ``"not applicable: needs logits"`` and the like, or ``""`` if nothing is missing.

    Parameters
    ----------
    evidence : Evidence
        What there is.
    needs : sequence of str
        Names of parts; ``"logits|probs"`` is satisfied by either.
    """
    known = {one.name for one in fields(Evidence)}
    missing = []
    for need in needs:
        either = need.split("|")
        if unknown := set(either) - known:
            raise ValueError(f"Evidence has no part {sorted(unknown)}; it has {sorted(known)}.")
        if all(getattr(evidence, name) is None for name in either):
            missing.append(" or ".join(either))
    return f"not applicable: needs {', '.join(missing)}" if missing else ""


def finite_rows(evidence: Evidence) -> Array:
    """Return a mask of shape (n,): rows whose features, logits and probabilities are finite."""
    mask = np.ones(evidence.n, dtype=bool)
    for name in ("features", "logits", "probs"):
        part = getattr(evidence, name)
        if part is not None:
            mask &= np.isfinite(part).all(axis=1)
    return mask

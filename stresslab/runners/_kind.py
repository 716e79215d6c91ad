"""What a runner declares, and what a model says about one input."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Prediction:
    """What a model says about one input.

    Parameters
    ----------
    answer : str or None
        The answer in the vocabulary of the references; None if the model gave none.
    status : str
        One of `stresslab.nouns.STATUSES`.
    output : str or None
        What the model put out before the answer was read from it; None if there is nothing more.
    confidence : float or None
        Chance of being right in the model's own view, in [0, 1].
    probs : tuple of float or None
        Probability of every class, in the order of the model's `labels`.
    error, tokens_in, tokens_out
        As in the table of outcomes.
    """

    answer: str | None
    status: str = "answered"
    output: str | None = None
    confidence: float | None = None
    probs: tuple[float, ...] | None = None
    error: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None


Predict = Callable[[Sequence[Any]], list[Prediction]]
"""Answers a batch of inputs, one prediction for each, whatever else is in the batch."""


@dataclass(frozen=True)
class Runner:
    """A way to run a model.

    Parameters
    ----------
    title : str
        Name for people, in lower case.
    load : callable
        ``load(**settings) -> Predict``: reads weights or fits the model, once; seeded.
    task_types : tuple of str
        What it can answer: ``"classify text"``, ``"classify image"``, ``"generate"``.
    needs : tuple of str
        Distributions that must be installed, e.g. ``("torch",)``.
    batch : int
        Inputs to hand over at a time.
    source : str
        Where the method is defined.
    """

    title: str
    load: Callable[..., Predict]
    task_types: tuple[str, ...]
    needs: tuple[str, ...] = ()
    batch: int = 256
    source: str = ""


def classified(probs: Any, labels: Sequence[str]) -> list[Prediction]:
    """Return the most probable label of every row as a prediction.

    Parameters
    ----------
    probs : array of shape (n_rows, n_labels)
        Rounded to half precision, which is what a workspace keeps of them. Equal probabilities go
        to the first label.
    labels : sequence of str
        Names of the columns.
    """
    kept = np.asarray(probs, dtype=np.float64).astype(np.float16).astype(np.float64)
    best = np.asarray(probs).argmax(axis=1) if len(kept) else []
    return [
        Prediction(labels[one], confidence=float(row[one]), probs=tuple(row.tolist()))
        for row, one in zip(kept, best, strict=True)
    ]

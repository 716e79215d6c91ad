"""The public sample of answers to 140 images: what it holds, and how its lines are read."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stresslab.gaps.rescue import check_one_regime

LABELS = ("dog", "elephant", "giraffe", "guitar", "horse", "house", "person")
SAMPLE = {
    "CLIP": {"photo": (35, 35), "art": (35, 35), "cartoon": (35, 35), "sketch": (29, 35)},
    "LLaVA": {"photo": (35, 35), "art": (35, 35), "cartoon": (35, 35), "sketch": (33, 35)},
}
"""Right and asked, by model and domain."""

FAILED, RANDOM = (6, 6), (18, 20)
"""GPT-4V on the six failures of CLIP; CLIP on twenty random items."""


@dataclass(frozen=True)
class Answer:
    """One line of the sample.

    Parameters
    ----------
    image, domain, regime : str
        What was asked, and how it was chosen: ``random`` or ``failure``.
    correct : int
        1 right, 0 wrong; a class that is no label is wrong.
    confidence : float or None
        In [0, 1]; None where it is no number from 0 to 100.
    issue : str or None
        What could not be read.
    """

    image: str
    domain: str
    regime: str
    correct: int
    confidence: float | None
    issue: str | None


def read_sample(
    lines: Iterable[str], regime: str | None = None, labels: Collection[str] = LABELS
) -> list[Answer]:
    """Return the answers of a file of the sample.

    Parameters
    ----------
    lines : iterable of str
        JSON lines with ``image, domain, true_class, predicted_class`` and perhaps ``regime`` and
        ``confidence_score``.
    regime : str, optional
        How the items of the file were chosen, where its lines do not say.
    labels : collection of str
        Names of the classes.

    Raises
    ------
    ParamError
        If neither the lines nor `regime` say how items were chosen, or the lines disagree.
    """
    rows = [json.loads(line) for line in lines if line.strip()]
    check_one_regime(np.array([row.get("regime", regime) for row in rows], object))
    return [_answer(row, regime, labels) for row in rows]


def _answer(row: dict[str, Any], regime: str | None, labels: Collection[str]) -> Answer:
    said = str(row["predicted_class"]).strip().lower()
    confidence, issue = row.get("confidence_score"), None
    sure = _share(confidence)
    if said not in labels:
        issue = f"{said!r} is no class"
    elif confidence is not None and sure is None:
        issue = f"confidence {confidence!r} is no number from 0 to 100"
    right = said == str(row["true_class"]).strip().lower() and said in labels
    return Answer(
        row["image"], row["domain"], str(row.get("regime", regime)), int(right), sure, issue
    )


def _share(confidence: Any) -> float | None:
    try:
        value = float(confidence) / 100
    except (TypeError, ValueError):
        return None
    return value if 0 <= value <= 1 else None

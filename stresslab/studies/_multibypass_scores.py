"""What a video's true and recognised phases add up to, and how a sequence is written in a row."""

from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError
from stresslab.gaps.segments import edit_score


def scores(name: str, truth: Array, said: Array) -> dict[str, float]:
    """Return accuracy, class means of precision, recall and F1, and the edit score, all in [0, 1].

    Class means are over the labels in truth or prediction; what is undefined there counts 0, as in
    the challenge's own evaluation (and in scikit-learn's ``average="macro", zero_division=0``).

    Parameters
    ----------
    name : str
        The video, for the error.
    truth, said : ndarray of int, shape (n_frames,)
        Phases from 0.

    Raises
    ------
    ShapeError
        If the lengths differ.
    """
    if len(truth) != len(said):
        raise ShapeError(
            f"Video {name} has {len(truth)} frames and {len(said)} predictions. Give one for each."
        )
    n = int(max(truth.max(), said.max())) + 1
    there, told = (np.bincount(one, minlength=n) for one in (truth, said))
    right = np.bincount(truth[truth == said], minlength=n)
    met = (there + told) > 0
    precision, recall, both = (
        np.divide(top, size, out=np.zeros(n), where=size > 0)[met].mean()
        for top, size in ((right, told), (right, there), (2 * right, there + told))
    )
    return {
        "accuracy": float((truth == said).mean()), "precision": float(precision),
        "recall": float(recall), "f1": float(both),
        "edit": edit_score(truth.tolist(), said.tolist()) / 100,
    }  # fmt: skip


def recalls(truth: Array, said: Array) -> list[dict[str, Any]]:
    """Return the frames and the share of them right, of every phase that a video shows."""
    there = np.bincount(truth)
    right = np.bincount(truth[truth == said], minlength=len(there))
    return [
        {"phase": int(phase), "frames": int(there[phase]), "score": float(right[phase] / n)}
        for phase, n in enumerate(there)
        if n
    ]


def runs(labels: Array) -> str:
    """Return a sequence as text, ``phase x frames`` after another: ``0x45 1x32``."""
    starts = np.flatnonzero(np.diff(labels, prepend=labels[0] - 1))
    lengths = np.diff(starts, append=len(labels))
    return " ".join(f"{labels[at]}x{n}" for at, n in zip(starts, lengths, strict=True))


def of_runs(text: str) -> Array:
    """Return the sequence that `runs` wrote."""
    pairs = [one.split("x") for one in text.split()]
    return np.repeat([int(phase) for phase, _ in pairs], [int(n) for _, n in pairs])

"""What the paper on several problems at once prints."""

from collections.abc import Sequence

import numpy as np

from stresslab.ratings.ranks import kendall_tau
from stresslab.studies._rest_questions import LEVELS

MATH500 = {
    "R1-1.5B": (83.40, 65.53, 47.52, 34.43, 22.40),
    "L1-1.5B-Max": (83.40, 78.93, 75.28, 71.60, 67.11),
    "R1-7B": (93.00, 83.67, 72.16, 61.74, 49.42),
    "AReaL-7B": (95.00, 83.00, 68.56, 53.46, 38.07),
    "Light-R1-7B": (93.20, 83.47, 69.16, 55.17, 39.11),
    "Nemotron-8B": (94.40, 89.67, 87.48, 84.83, 82.18),
    "OpenThinker2-7B": (93.80, 89.20, 83.48, 82.23, 78.29),
    "R1-32B": (94.60, 91.47, 90.72, 88.69, 85.00),
    "QwQ-32B": (96.2, 93.80, 92.48, 92.49, 91.20),
}
"""Accuracy on MATH500, in percent, at 1, 3, 5, 7 and 9 problems per prompt."""

REVERSED = ("AReaL-7B", "Light-R1-7B", "R1-7B")

DEEPSEEK_R1 = {
    "GSM8K": (96.20, 96.16), "MATH500": (97.00, 92.09), "AMC23": (93.75, 81.80),
    "AIME24": (81.66, 52.49), "AIME25": (68.75, 37.17), "GPQA": (70.20, 64.63),
    "LiveCodeBench": (63.44, 40.83),
}  # fmt: skip
"""DeepSeek-R1, in percent: one problem per prompt, and several."""

POSITIONS = (64.58, 46.25, 40.42, 38.33, 32.50)
"""A printed list of accuracies by position, in percent."""


def report_score(row: Sequence[float]) -> float:
    """Return the mean over the levels above one problem, as a share."""
    return float(np.mean(row[1:])) / 100


def flips(first: Sequence[float], last: Sequence[float]) -> int:
    """Return how many pairs of models stand in the other order at the last level."""
    a, b = np.asarray(first, float), np.asarray(last, float)
    turned = np.sign(a[:, None] - a) * np.sign(b[:, None] - b) < 0
    return int(turned.sum() // 2)


def turned_around() -> int:
    """Return how many pairs of the printed models stand in the other order at nine."""
    return flips([row[0] for row in MATH500.values()], [row[-1] for row in MATH500.values()])


def scores() -> "list[dict[str, object]]":
    """Return score under load, drop and retention of every printed model."""
    return [
        {"model": model, "score_under_load": report_score(row), "alone": row[0] / 100,
         "drop": (row[0] - row[-1]) / 100, "retention": row[-1] / row[0]}
        for model, row in MATH500.items()
    ]  # fmt: skip


def power_to_tell() -> "list[dict[str, object]]":
    """Return, by level, how far apart the models stand and how much of their order is left."""
    shares = np.array(list(MATH500.values())) / 100
    return [
        {"level": size, "range": float(np.ptp(shares[:, place])),
         "sd": float(shares[:, place].std(ddof=1)), "models": len(shares),
         "tau_with_one_problem": float(kendall_tau(shares[:, 0], shares[:, place]))}
        for place, size in enumerate(LEVELS)
    ]  # fmt: skip

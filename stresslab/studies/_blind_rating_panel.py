"""Simulated panels of raters for the study of blind ratings."""

from typing import TYPE_CHECKING

import numpy as np

from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

SPREADS = (1.0, 2.0, 3.5, 5.0)
TOPICS = ("depression", "anxiety", "trauma", "other")
TASKS = ("ratings", "ratings with confounds")
MEANS = {"system A": 8.3, "system B": 6.5}
FLATTERY = {"system A": 0.9, "system B": 0.2}
"""What a system adds when it rates itself."""
OWN = "ratings of themselves"
N, RATERS = 18, 5
SCALE_ENDS = (0.0, 10.0)


def simulated_panel(task: str, model: str, spread: float, n_raters: int) -> "pd.DataFrame":
    """Return the ratings of one system: `N` prompts, in steps of a half, a row per rater."""
    import pandas as pd

    rng = rng_for("blind_rating", task, spread)
    drawn = rng.standard_normal(N)
    drawn = (drawn - drawn.mean()) / drawn.std(ddof=1)  # the panel has the spread it is named by
    gaps = (MEANS["system A"] - MEANS["system B"]) + spread * drawn
    level = rng.normal(0, 0.5, N)
    a_first = rng.permutation(np.arange(N) % 2 == 0)
    if task == TASKS[1]:
        a_first = rng.permutation(np.arange(N) % 6 > 0)  # five of six
    length = 0.15 * rng.standard_normal(N)
    if task == TASKS[1]:
        length += 0.2 * drawn
    of_rater = rng_for("blind_rating", "raters").normal(0, 0.4, RATERS)
    side = 0.5 if model == "system A" else -0.5
    middle = (MEANS["system A"] + MEANS["system B"]) / 2
    own = rng_for("blind_rating", task, spread, model).normal(0, 0.4, (N, RATERS))
    rated = np.clip(middle + level[:, None] + side * gaps[:, None] + of_rater + own, 0, 10)
    rated = np.round(rated * 2) / 2
    rows = [
        {
            "item": f"sd{spread:g}-{prompt:02d}", "domain": TOPICS[prompt % len(TOPICS)],
            "input": f"[{TOPICS[prompt % len(TOPICS)]} prompt {prompt}]", "perturbation": "spread",
            "axis": "graded", "tier": SPREADS.index(spread) + 1, "strength": spread,
            "unit": "sd of the difference", "trial": rater, "score": float(rated[prompt, rater]),
            "a_first": bool(a_first[prompt]), "log_length_ratio": round(float(length[prompt]), 4),
        }
        for prompt in range(N)
        for rater in range(n_raters)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def own_ratings(rated: "pd.DataFrame", model: str) -> "pd.DataFrame":
    """Return how a system rates its own answers: what people say, and `FLATTERY` more.

    Parameters
    ----------
    rated : DataFrame
        The ratings of people, from `simulated_panel`.
    model : str
        The system.
    """
    kept = ["item", "domain", "input", "perturbation", "axis", "tier", "strength", "unit"]
    mean = rated.groupby(kept, sort=False)["score"].mean().reset_index()
    drawn = rng_for("blind_rating", "own", model).normal(FLATTERY[model], 0.7, len(mean))
    own = np.round(np.clip(mean["score"] + drawn, 0, 10) * 2) / 2
    return mean.assign(score=own)

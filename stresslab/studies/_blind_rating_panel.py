"""Simulated panels of raters for the study of blind ratings."""

from typing import TYPE_CHECKING

import numpy as np

from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

SPREADS = (1.0, 2.0, 3.5, 5.0)
TOPICS = ("depression", "anxiety", "trauma", "other")
TASKS = ("ratings", "ratings with a length confound")
MEANS = {"system A": 8.3, "system B": 6.5}
N, RATERS = 18, 5


def simulated_panel(task: str, model: str, spread: float, n_raters: int) -> "pd.DataFrame":
    """Return the ratings of one system: `N` prompts, in steps of a half, a row per rater."""
    import pandas as pd

    rng = rng_for("blind_rating", task, spread)
    drawn = rng.standard_normal(N)
    drawn = (drawn - drawn.mean()) / drawn.std(ddof=1)  # the panel has the spread it is named by
    gaps = (MEANS["system A"] - MEANS["system B"]) + spread * drawn
    level = rng.normal(0, 0.5, N)
    a_first = rng.permutation(np.arange(N) % 2 == 0)
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

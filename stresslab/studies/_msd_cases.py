"""Invented segmentation challenges: cases on which five algorithms are scored."""

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for

ALGORITHMS = ("alpha", "beta", "gamma", "delta", "epsilon")
KINDS = {"ideal": 50, "random": 50, "worst": 120, "reversal": 50}
"""Cases of each kind of task: well separated, no difference, hardly any, mean against median."""

KNOWN, MYSTERY = 7, 3
EXAMPLE = np.array(
    [
        [.91, .88, .93, .86, .90, .84, .92, .89, .87, .95],
        [.89, .87, .90, .87, .86, .83, .90, .85, .86, .90],
        [.88, .89, .86, .85, .88, .80, .91, .84, .88, .87],
    ]
).T  # fmt: skip
"""Ten invented cases of three algorithms A, B and C."""


def cases(kind: str) -> Array:
    """Return the scores of a kind of task, cases x algorithms, in [0, 1]."""
    rng = rng_for("msd", kind)
    n, k = KINDS[kind], len(ALGORITHMS)
    hard = rng.normal(0, 0.06, (n, 1))
    if kind == "worst":
        return np.clip(np.repeat(0.8 + hard, k, axis=1), 0, 1)
    skill = np.array([0.90, 0.86, 0.82, 0.78, 0.74]) if kind == "ideal" else np.full(k, 0.82)
    scores = skill + hard + rng.normal(0, 0.03, (n, k))
    if kind == "reversal":  # the first is best on most cases and fails a few altogether
        scores = 0.82 + hard + rng.normal(0, 0.01, (n, k))
        scores[:, 0] += 0.03
        scores[: n // 8, 0] -= 0.5
    return np.clip(scores, 0, 1)


def campaign(transfer: float = 0.8, n_cases: int = 30) -> dict[str, Array]:
    """Return ten tasks, seven known and three not, on which skill carries over by `transfer`."""
    rng = rng_for("msd", "campaign", transfer)
    skill = np.linspace(0.06, -0.06, len(ALGORITHMS))
    found = {}
    for number in range(KNOWN + MYSTERY):
        own = transfer * skill + (1 - transfer) * rng.permutation(skill)
        name = f"known {number + 1}" if number < KNOWN else f"mystery {number + 1 - KNOWN}"
        hard = rng.normal(0, 0.05, (n_cases, 1))
        found[name] = np.clip(0.8 + own + hard + rng.normal(0, 0.03, (n_cases, 5)), 0, 1)
    return found


def false_winners(*, holm: bool, draws: int = 400) -> float:
    """Return how often any of five identical algorithms wins some comparison on 50 cases."""
    from stresslab.ratings.signed_rank import win_p_values, win_scores

    rng = rng_for("msd", "false winners")
    won = [
        win_scores(win_p_values(rng.normal(0, 1, (50, 5))), holm=holm).any() for _ in range(draws)
    ]
    return float(np.mean(won))

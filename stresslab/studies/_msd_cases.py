"""Invented segmentation challenges: outlines that five algorithms draw, well or badly."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for
from stresslab.stats.masks import dice, surface_dice

ALGORITHMS = ("alpha", "beta", "gamma", "delta", "epsilon")
KINDS = {"ideal": 50, "random": 50, "worst": 120, "reversal": 50}
"""Cases a kind of task declares: well separated, all alike, one outline for all, and one algorithm
that is best on most cases and hands in nothing for some."""

MOST = 120
"""Cases made of every kind, to see what more or fewer of them would have said."""

KNOWN, MYSTERY = 7, 3
SIZE, TOLERANCE = 40, 1.0
"""Side of an image, and the distance of outlines that counts as met, both in pixels."""

EXAMPLE = np.array(
    [
        [.91, .88, .93, .86, .90, .84, .92, .89, .87, .95],
        [.89, .87, .90, .87, .86, .83, .90, .85, .86, .90],
        [.88, .89, .86, .85, .88, .80, .91, .84, .88, .87],
    ]
).T  # fmt: skip
"""Ten invented cases of three algorithms A, B and C."""


@dataclass(frozen=True)
class Cases:
    """Scores of cases x algorithms; NaN where an algorithm handed in nothing.

    Parameters
    ----------
    dsc, nsd : ndarray of shape (n_cases, n_algorithms)
        Dice coefficient, and the share of outlines that meet.
    """

    dsc: Array
    nsd: Array


def cases(kind: str, n: int = MOST) -> Cases:
    """Return the first `n` cases of a kind of task."""
    rng = rng_for("msd", kind)
    errors = {
        "ideal": (0.6, 1.0, 1.4, 1.8, 2.2), "random": (1.2,) * 5, "worst": (1.2,) * 5,
        "reversal": (0.9, 1.2, 1.2, 1.2, 1.2),
    }[kind]  # fmt: skip
    missing = np.zeros((MOST, len(ALGORITHMS)), bool)
    if kind == "reversal":
        missing[:, 0] = np.arange(MOST) % 6 == 3
    return _scored(np.array(errors), n, rng, missing, alike=kind == "worst")


def campaign(transfer: float = 0.8, n: int = 30) -> dict[str, Cases]:
    """Return ten tasks, seven known and three not, on which skill carries over by `transfer`."""
    rng = rng_for("msd", "campaign", transfer)
    error = np.linspace(1.0, 1.6, len(ALGORITHMS))
    found = {}
    for number in range(KNOWN + MYSTERY):
        own = transfer * error + (1 - transfer) * rng.permutation(error)
        name = f"known {number + 1}" if number < KNOWN else f"mystery {number + 1 - KNOWN}"
        found[name] = _scored(own, n, rng, np.zeros((n, len(ALGORITHMS)), bool))
    return found


def _scored(
    errors: Array, n: int, rng: np.random.Generator, missing: Array, *, alike: bool = False
) -> Cases:
    """Return what outlines score that miss the true one by `errors` pixels, more on hard cases."""
    found: list[list[tuple[float, float]]] = []
    for case in range(n):
        truth = _outline(rng, 11.0, 1.2)
        hard = rng.lognormal(0.0, 0.35)
        wobbles = [_outline(rng, 0.0, 1.0) for _ in errors]
        if alike:
            wobbles = wobbles[:1] * len(errors)
        mask, row = _mask(truth), []
        for place, error in enumerate(errors):
            if missing[case, place]:
                row.append((np.nan, np.nan))
                continue
            drawn = _mask(truth + hard * error * wobbles[place])
            row.append((dice(mask, drawn), surface_dice(mask, drawn, TOLERANCE)))
        found.append(row)
    table = np.array(found)
    return Cases(table[..., 0], table[..., 1])


def _outline(rng: np.random.Generator, radius: float, spread: float) -> Array:
    """Return the amplitudes of a closed curve round the middle: radius, then five waves."""
    waves = rng.normal(0, spread / np.sqrt([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]))
    return np.concatenate([[radius + rng.normal(0, spread / 2)], waves])


def _mask(outline: Array) -> Array:
    inside: Array = _WAVES @ outline >= _DISTANCE
    return inside


def _grid() -> tuple[Array, Array]:
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    angle = np.arctan2(y, x)
    waves = [turn(k * angle) for k in range(1, 6) for turn in (np.cos, np.sin)]
    return np.hypot(x, y), np.stack([np.ones_like(angle), *waves], axis=-1)


_DISTANCE, _WAVES = _grid()


def false_winners(*, holm: bool, draws: int = 400) -> float:
    """Return how often any of five identical algorithms wins some comparison on 50 cases."""
    from stresslab.ratings.signed_rank import win_p_values, win_scores

    rng = rng_for("msd", "false winners")
    won = [
        win_scores(win_p_values(rng.normal(0, 1, (50, 5))), holm=holm).any() for _ in range(draws)
    ]
    return float(np.mean(won))

"""How two centres differ in what they show and in what follows what, and what that alone costs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stresslab.checks import Array
from stresslab.gaps.divergence import jensen_shannon, transition_divergence
from stresslab.stats.jackknife import ends, jackknife

if TYPE_CHECKING:
    import pandas as pd

CAP = 10.0
"""Largest weight of a frame."""


def transitions(found: Sequence[Array], n_phases: int) -> Array:
    """Return how often each phase follows each other one in some sequences, in counts."""
    counts = np.zeros((n_phases, n_phases))
    for phases in found:
        steps = np.flatnonzero(np.diff(phases)) + 1
        np.add.at(counts, (phases[steps - 1], phases[steps]), 1)
    return counts


def marginals(found: Sequence[Array], n_phases: int) -> Array:
    """Return how many frames of some sequences show each phase."""
    return np.bincount(np.concatenate(list(found)), minlength=n_phases).astype(float)


def distances(first: Sequence[Array], second: Sequence[Array], n_phases: int) -> "pd.DataFrame":
    """Return how far apart the mixes of phases, and of transitions, of two centres are, in bits.

    Intervals leave one video out after another; a divergence cannot be negative.
    """
    import pandas as pd

    everything = [*first, *second]
    at_first = np.arange(len(everything)) < len(first)

    def compute(rows: Array) -> dict[str, float]:
        sides = [
            [one for one, use in zip(everything, rows & of_side, strict=True) if use]
            for of_side in (at_first, ~at_first)
        ]
        return {
            "phases": jensen_shannon(*(marginals(side, n_phases) for side in sides)),
            "what follows what": transition_divergence(
                *(transitions(side, n_phases) for side in sides)
            ),
        }

    found = jackknife(compute, np.arange(len(everything)))
    rows = []
    for name, value in found.values.items():
        low, high = ends(value, found.error(name), len(everything))
        rows.append({"label": name, "value": value, "low": max(low, 0.0), "high": min(high, 1.0),
                     "n": len(everything)})  # fmt: skip
    return pd.DataFrame(rows)


def split(home: Array, home_right: Array, away: Array, away_right: Array) -> "pd.DataFrame":
    """Return what one model loses in accuracy away from home, the mix's part and what is left.

    The mix's part is what disappears when away frames weigh as if phases were as frequent as at
    home: weights are the share of a phase at home over that away, not more than `CAP`.

    Parameters
    ----------
    home, away : ndarray of shape (n_videos, n_phases)
        Frames of each phase in the videos of either side.
    home_right, away_right : ndarray of the same shapes
        How many of them were recognised.

    Returns
    -------
    DataFrame
        ``part`` (lost, mix, rest), ``value, low, high``, ``n`` videos; intervals leave one video
        out after another.
    """
    import pandas as pd

    at_home = np.arange(len(home) + len(away)) < len(home)
    frames, right = np.concatenate([home, away]), np.concatenate([home_right, away_right])

    def compute(rows: Array) -> dict[str, float]:
        here, there = rows & at_home, rows & ~at_home
        n_home, n_away = frames[here].sum(axis=0), frames[there].sum(axis=0)
        own = right[here].sum() / n_home.sum()
        plain = right[there].sum() / n_away.sum()
        weight = weights(n_home, n_away)
        alike = (weight * right[there].sum(axis=0)).sum() / (weight * n_away).sum()
        return {"lost": own - plain, "mix": alike - plain, "rest": own - alike}

    found = jackknife(compute, np.arange(len(frames)))
    rows = []
    for name, value in found.values.items():
        low, high = ends(value, found.error(name), len(frames))
        rows.append({"part": name, "value": value, "low": low, "high": high, "n": len(frames)})
    return pd.DataFrame(rows)


def weights(trained: Array, tested: Array) -> Array:
    """Return what a frame of each phase weighs: its share in training over that in the test."""
    shares = trained / trained.sum(), tested / tested.sum()
    found = np.divide(*shares, out=np.zeros(len(trained)), where=shares[1] > 0)
    return np.asarray(np.minimum(found, CAP))

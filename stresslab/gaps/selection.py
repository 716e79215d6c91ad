"""How well one number chooses among models that another number is about."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array
from stresslab.errors import ShapeError

FEWEST = 5
"""Models below which no correlation is told."""


@dataclass(frozen=True)
class Quality:
    """How well a criterion chooses.

    Parameters
    ----------
    spearman, pearson : float
        Correlation of criterion and target over models; NaN for fewer than five models or where
        one of them is constant.
    regret : float
        Best target value minus that of the model the criterion chooses (mean over ties).
    chosen : float
        Target value of that model.
    """

    spearman: float
    pearson: float
    regret: float
    chosen: float


def selection_quality(criterion: ArrayLike, target: ArrayLike) -> Quality:
    """Return how well the largest criterion chooses the model with the largest target.

    Parameters
    ----------
    criterion, target : array_like of shape (n_models,)
        Known for every model; larger is better.

    Raises
    ------
    ShapeError
        If there is not one of each per model, or no model.
    """
    from scipy.stats import rankdata

    value, truth = np.asarray(criterion, float), np.asarray(target, float)
    if value.shape != truth.shape or value.ndim != 1 or not value.size:
        raise ShapeError(f"One criterion per model is needed; got {value.shape}, {truth.shape}.")
    chosen = float(truth[value == value.max()].mean())
    return Quality(
        _correlation(rankdata(value), rankdata(truth)), _correlation(value, truth),
        float(truth.max()) - chosen, chosen,
    )  # fmt: skip


def relative_gain(by_one: float, by_other: float) -> float:
    """Return how much better the choice of one criterion is than that of another, as a share."""
    return (by_one - by_other) / by_other if by_other else float("nan")


def quality_draws(
    criterion: ArrayLike, target: ArrayLike, *, draws: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return Spearman's correlation and the regret of models drawn again with replacement.

    Returns
    -------
    tuple of ndarray of shape (draws,)
        NaN where a draw has no correlation.
    """
    value, truth = np.asarray(criterion, float), np.asarray(target, float)
    found = np.full((2, draws), np.nan)
    for place in range(draws):
        rows = rng.integers(len(value), size=len(value))
        one = selection_quality(value[rows], truth[rows])
        found[:, place] = one.spearman, one.regret
    return found[0], found[1]


def _correlation(a: Array, b: Array) -> float:
    if len(a) < FEWEST or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])

"""How far a ranking holds when other cases are drawn: places over resamples."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.errors import TooFewRowsError
from stresslab.ratings.ranks import kendall_tau, rank_by


@dataclass(frozen=True)
class Stability:
    """Places of models over resamples of the cases.

    Parameters
    ----------
    ranks : ndarray of int, shape (n_resamples, n_models)
        Place of each model in each resample.
    full : ndarray of int, shape (n_models,)
        Places on all cases.
    tau : ndarray of shape (n_resamples,)
        Kendall's tau-b of each resample to the full ranking; NaN where either is all level.
    """

    ranks: Array
    full: Array
    tau: Array

    @property
    def p_first(self) -> Array:
        """Return how often each model is first, shared firsts included."""
        found: Array = (self.ranks == 1).mean(axis=0)
        return found

    def shares(self) -> Array:
        """Return how often model i has place j + 1: shape (n_models, n_models)."""
        k = self.ranks.shape[1]
        found: Array = (self.ranks[:, :, None] == np.arange(1, k + 1)).mean(axis=0)
        return found


def stability(
    scores: Array,
    rule: str = "mean",
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    higher_is_better: bool = True,
) -> Stability:
    """Return the ranking by a rule over bootstraps of the cases.

    Parameters
    ----------
    scores : ndarray of shape (n_cases, n_models)
        Score per case.
    rule : str
        mean, median or mean rank.
    rng : numpy.random.Generator
        Source of the draws.
    resamples : int
        Number of resamples.
    higher_is_better : bool
        Direction of the scores.

    Raises
    ------
    TooFewRowsError
        If there is no case.
    """
    scores = np.asarray(scores, float)
    if len(scores) == 0:
        raise TooFewRowsError("A ranking needs at least one case; got none. Widen the slice.")
    full = rank_by(scores, rule, higher_is_better=higher_is_better)
    picks = rng.integers(0, len(scores), size=(resamples, len(scores)))
    ranks = np.stack([rank_by(scores[one], rule, higher_is_better=higher_is_better)
                      for one in picks])  # fmt: skip
    return Stability(ranks, full, kendall_tau(ranks, full))

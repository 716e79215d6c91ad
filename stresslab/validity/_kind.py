"""What a check of a promise is: known truths, drawn often, put through the code that prints."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stresslab.checks import Array

Promise = Literal["covers", "at most", "at least"]


@dataclass(frozen=True)
class Case:
    """One known truth.

    Parameters
    ----------
    n_clusters, rows : int
        Number of clusters, and rows of each.
    icc : float
        Correlation of two rows of a cluster.
    share : float
        True rate, or mean of scores between 0 and 1 (of the first model, or the first tier).
    effect : float
        True difference, slope per tier or the like.
    note : str
        What else is particular about it.
    """

    n_clusters: int
    rows: int
    icc: float
    share: float
    effect: float = 0.0
    note: str = ""

    @property
    def rare(self) -> bool:
        """Return whether a rate is rare and its rows come in clusters."""
        return self.rows > 1 and self.share < 0.05


@dataclass(frozen=True)
class Check:
    """A promise about numbers that are printed.

    Parameters
    ----------
    title : str
        The promise in words.
    simulate : callable
        ``simulate(case, runs, rng, level)`` returns one number per run: whether the interval
        covered, whether an alarm was false, a share of false ones; NaN where nothing was printed.
    cases : tuple of Case
        The known truths.
    promise : {"covers", "at most", "at least"}
        What is held against the limit.
    limit : callable
        ``limit(case)`` is the lowest coverage or power, or the highest rate.
    together : int
        Rows drawn at once, at most; bounds the memory.
    """

    title: str
    simulate: Callable[[Case, int, np.random.Generator, float], Array]
    cases: tuple[Case, ...]
    promise: Promise = "covers"
    limit: Callable[[Case], float] = lambda case: 0.925 if case.rare else 0.935
    together: int = 1_000_000

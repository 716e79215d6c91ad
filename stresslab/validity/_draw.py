"""Draw clustered data with known truths: whole clusters by one multinomial wherever possible."""

import functools
import itertools
from collections.abc import Sequence

import numpy as np

from stresslab.checks import Array
from stresslab.stats.unpaired import Side
from stresslab.validity._kind import Case

DESIGNS = tuple(
    (n_clusters, rows, icc)
    for n_clusters in (20, 100, 1000)
    for rows, icc in ((1, 0.0), (5, 0.0), (5, 0.3))
)
"""Clusters, rows of each and their correlation."""

SHARES = (0.02, 0.5, 0.9)


def grid(effects: Sequence[float] = (0.0,)) -> tuple[Case, ...]:
    """Return the cases of every design, share and effect; an effect goes towards one half."""
    return tuple(
        Case(*design, share, effect if share < 0.5 else -effect)
        for effect in effects
        for design in DESIGNS
        for share in SHARES
    )


def clusters(
    case: Case, chances: Sequence[float], runs: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the kinds of clusters, and how many of each kind every run has.

    A row is of its cluster's common kind with chance sqrt(icc), else of a kind of its own: two
    rows of a cluster correlate by icc.

    Parameters
    ----------
    case : Case
        Clusters, rows and correlation.
    chances : sequence of float
        Chance of each kind of row.
    runs : int
        Number of runs.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    kinds : ndarray of shape (n_kinds_of_clusters, n_kinds_of_rows)
        Rows of each kind.
    counts : ndarray of shape (runs, n_kinds_of_clusters)
        Clusters of each kind.
    """
    kinds, chance = _compositions(case.rows, case.icc, tuple(chances))
    return kinds, rng.multinomial(case.n_clusters, chance, size=runs)


@functools.lru_cache(maxsize=64)
def _compositions(rows: int, icc: float, chances: tuple[float, ...]) -> tuple[Array, Array]:
    from scipy.stats import binom, multinomial

    width = len(chances)
    every = itertools.product(range(rows + 1), repeat=width)
    kinds = np.array([one for one in every if sum(one) == rows])
    chance = np.zeros(len(kinds))
    for common, same in itertools.product(range(width), range(rows + 1)):
        rest = kinds - same * np.eye(width, dtype=int)[common]
        there = (rest >= 0).all(axis=1)
        own = multinomial.pmf(rest[there], rows - same, chances)
        chance[there] += chances[common] * binom.pmf(same, rows, np.sqrt(icc)) * own
    return kinds, chance / chance.sum()


def rows_of(kinds: Array, counts: Array) -> tuple[Array, Array, Array]:
    """Return the rows behind counted clusters: the kind of each, its cluster and its run."""
    rows = int(kinds[0].sum())
    table = np.array([np.repeat(np.arange(kinds.shape[1]), one) for one in kinds])
    runs, per_run = len(counts), int(counts[0].sum())
    which = np.repeat(np.tile(np.arange(len(kinds)), runs), counts.ravel())
    cluster = np.tile(np.repeat(np.arange(per_run), rows), runs)
    return table[which].ravel(), cluster, np.repeat(np.arange(runs), per_run * rows)


def uniforms(case: Case, runs: int, rng: np.random.Generator) -> Array:
    """Return uniform numbers of shape (runs, n_clusters, rows) shared within clusters."""
    shape = (runs, case.n_clusters, case.rows)
    own = rng.random(shape)
    if case.icc == 0:
        return own
    common = rng.random((runs, case.n_clusters, 1))
    found: Array = np.where(rng.random(shape) < np.sqrt(case.icc), common, own)
    return found


def curves(
    case: Case, shares: Array, runs: int, rng: np.random.Generator, *, kept: float = 0.7
) -> tuple[Array, Array]:
    """Return right or wrong of items along tiers, (runs, n_items, n_tiers), and their clusters.

    An item meets a tier with its own number, with chance `kept`, else with a fresh one: its answers
    along the tiers go together.
    """
    items = uniforms(case, runs, rng).reshape(runs, -1, 1)
    shape = (*items.shape[:2], len(shares))
    seen = np.where(rng.random(shape) < kept, items, rng.random(shape))
    cluster = np.repeat(np.arange(case.n_clusters), case.rows)
    return (seen < shares).astype(float), cluster


def covered(low: Array, high: Array, truth: float) -> Array:
    """Return whether each interval holds the truth; NaN where there is no interval."""
    inside = (np.asarray(low) <= truth + 1e-12) & (truth <= np.asarray(high) + 1e-12)
    return np.where(np.isnan(low) | np.isnan(high), np.nan, inside.astype(float))


def side(case: Case, share: float, runs: int, rng: np.random.Generator) -> Side:
    """Return the sums of one side, in every run."""
    kinds, counts = clusters(case, (share, 1 - share), runs, rng)
    right, one = kinds[:, 0], np.ones(runs)
    n = case.n_clusters * case.rows * one
    return Side(
        (counts @ right).astype(float), n, case.n_clusters * one,
        (counts @ right**2).astype(float), (counts @ right * case.rows).astype(float),
        n * case.rows, one.astype(bool),
    )  # fmt: skip

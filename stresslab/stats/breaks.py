"""Where each item breaks along the tiers, and how many still hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.stats.intervals import Interval, from_moments
from stresslab.stats.profiles import Profiles, profiles

NEVER = -1
"""Index of the break of an item that holds at every known tier."""

NOT_AT_RISK = -2
"""Index of the break of an item that is wrong or unknown at the first tier."""


@dataclass(frozen=True)
class Breaks:
    """Break of each item that was right at the first tier.

    Parameters
    ----------
    index : ndarray of int, shape (n_items,)
        Column of the first tier at which the item is known to fail; `NEVER` if it never does,
        `NOT_AT_RISK` if it was not right to begin with.
    recovers : ndarray of bool, shape (n_items,)
        Whether a broken item is right again at a later tier.
    """

    index: Array
    recovers: Array


@dataclass(frozen=True)
class Survival:
    """Share of the items right at the first tier that still hold at each tier.

    Parameters
    ----------
    share : Interval
        Value and interval per tier, shape (n_tiers,).
    n, n_clusters : ndarray of int, shape (n_tiers,)
        Items known to hold or to have broken by then, and their clusters.
    """

    share: Interval
    n: Array
    n_clusters: Array


def break_tiers(values: Array, *, right_from: float = 0.5) -> Breaks:
    """Return where each item first fails.

    Parameters
    ----------
    values : ndarray of shape (n_items, n_tiers)
        Score of each item in order of tiers, the untouched original first; NaN is unknown and
        counts neither as holding nor as failing.
    right_from : float
        Smallest score that counts as right.
    """
    values = np.asarray(values, float)
    right, wrong = values >= right_from, values < right_from
    at_risk = right[:, 0] if values.shape[1] else np.zeros(len(values), dtype=bool)
    broke = wrong.any(axis=1) if values.shape[1] else at_risk
    first = np.argmax(wrong, axis=1) if values.shape[1] else np.zeros(len(values), dtype=int)
    index = np.where(at_risk, np.where(broke, first, NEVER), NOT_AT_RISK)
    later = np.arange(values.shape[1]) > first[:, None]
    return Breaks(index, at_risk & broke & (right & later).any(axis=1))


def survival(
    values: Array | Profiles,
    cluster: Array | None = None,
    *,
    right_from: float = 0.5,
    level: float = 0.95,
) -> Survival:
    """Return the share of items that have not broken by each tier, with Wilson intervals.

    An item counts at a tier if it broke by then or is known to hold there.

    Parameters
    ----------
    values : ndarray of shape (n_items, n_tiers), or Profiles
        As in `break_tiers`.
    cluster : ndarray of int, shape (n_items,)
        Cluster codes from 0.
    right_from, level : float
        Smallest score that counts as right; level of the intervals.
    """
    return survivals([profiles(values, cluster)], right_from=right_from, level=level)[0]


def survivals(
    curves: Sequence[Profiles], *, right_from: float = 0.5, level: float = 0.95
) -> list[Survival]:
    """Return the `survival` of each of many curves, their intervals in one computation."""
    parts = [_of_tiers(items, right_from) for items in curves]
    if not parts:
        return []
    held, n, clusters, hh, hk, kk = np.concatenate(parts).T
    share = from_moments(held, n, clusters, hh, hk, kk, rate=True, level=level)
    found = []
    for part, stop in zip(parts, np.cumsum([len(part) for part in parts]), strict=True):
        own = slice(stop - len(part), stop)
        ends = (share.value[own], share.low[own], share.high[own], share.n_effective[own])
        found.append(Survival(Interval(*ends), n[own].astype(int), clusters[own].astype(int)))
    return found


def _of_tiers(items: Profiles, right_from: float) -> Array:
    """Return, tier by tier, the sums over clusters that an interval is made of."""
    index = break_tiers(items.rows, right_from=right_from).index
    tier = np.arange(items.rows.shape[1])
    broken = (index >= 0)[:, None] & (index[:, None] <= tier)
    holds = (index != NOT_AT_RISK)[:, None] & ~broken & items.known
    moments = [_moments(items, holds[:, t], (holds | broken)[:, t]) for t in tier]
    return np.array(moments, float).reshape(len(tier), 6)


def _moments(items: Profiles, holds: Array, known: Array) -> tuple[float, ...]:
    held, n = float(items.n[holds].sum()), float(items.n[known].sum())
    if items.alone:
        return held, n, n, held, held, n
    one, all_of = items.sums(holds.astype(float), known), items.sums(np.ones(len(known)), known)
    return held, n, len(all_of), float(one @ one), float(one @ all_of), float(all_of @ all_of)


def median_break(curve: Survival) -> int | None:
    """Return the column of the first tier at which at most half still hold, else None."""
    gone = np.flatnonzero(curve.share.value <= 0.5)
    return int(gone[0]) if gone.size else None

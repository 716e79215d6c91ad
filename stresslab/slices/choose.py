"""Of very many slices the few worth a test: each says what no other one on the list says.

A slice must stand out from all other rows, and from the rest of every slice with one condition
less, of which it leaves a good part out: a condition that nearly all rows meet says nothing. Of
two that share rows the stronger one is kept: the other one goes under its name where they hold
nearly the same rows, and goes altogether where its own rows do not stand out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stresslab.checks import Array
from stresslab.slices._clusters import Clusters, pulls
from stresslab.slices.columns import Column
from stresslab.slices.search import Candidates

Direction = Literal["high", "low", "both"]

LEAST = 2.0
"""Statistic below which a slice, or the part of it that another one leaves, does not stand out."""
LEAST_BEYOND = 1.64
"""The same against the rest of a slice with one condition less."""
SAME = 0.8
"""Share of common rows (Jaccard) from which two slices are one under two names."""
POOL = 200
"""Slices that are held against each other row by row."""
AT_ONCE = 20
"""Slices whose rows are added up together; bounds the memory."""


@dataclass(frozen=True)
class Choice:
    """One slice of the list.

    Parameters
    ----------
    place : int
        Its row among the candidates.
    same : tuple of int
        Candidates that hold nearly the same rows.
    within : int or None
        Smallest candidate of the list that holds nearly all of its rows.
    """

    place: int
    same: tuple[int, ...] = ()
    within: int | None = None


def choose(
    found: Candidates,
    columns: Sequence[Column],
    values: Array,
    cluster: Array,
    *,
    direction: Direction,
    most: int,
) -> list[Choice]:
    """Return at most `most` slices, the one that stands out most first.

    Parameters
    ----------
    found : Candidates
        From `search` of the same columns and values.
    columns, values
        As searched.
    cluster : ndarray of int, shape (n_rows,)
        Cluster codes; slices are ordered by a statistic that adds values within clusters.
    direction : {"high", "low", "both"}
        Which means are looked for.
    most : int
        Length of the list.
    """
    places = _standing_out(found, direction)
    if not len(places):
        return []
    pool = found.take(places)
    masks = np.array([pool.rows(place, columns) for place in range(len(pool))])
    deviation = values - values.mean()
    statistic = _clustered(masks, deviation, Clusters(cluster))
    order = np.argsort(-np.abs(statistic), kind="stable")
    shared = _Shared(masks, deviation, statistic, pool)
    kept: list[int] = []
    same: dict[int, list[int]] = {}
    within: dict[int, int | None] = {}
    for one in order:
        if abs(statistic[one]) < LEAST or statistic[one] * pool.contrast[one] <= 0:
            continue
        twin = next((other for other in kept if shared.jaccard(one, other) >= SAME), None)
        if twin is not None:
            same[twin].append(int(one))
        elif len(kept) < most and all(shared.adds(one, other) for other in kept):
            holding = [other for other in kept if shared.mostly_in(one, other)]
            kept.append(int(one))
            same[int(one)], within[int(one)] = (
                [],
                min(holding, key=lambda at: pool.n[at], default=None),
            )
    return [
        Choice(
            int(places[one]), tuple(int(places[other]) for other in same[one]),
            None if (holder := within[one]) is None else int(places[holder]),
        )
        for one in kept
    ]  # fmt: skip


def _standing_out(found: Candidates, direction: Direction) -> Array:
    """Return the slices that differ from the rest and from their parts, strongest first."""
    sign = {"high": 1.0, "low": -1.0, "both": np.sign(found.contrast)}[direction]
    strong = (sign * found.contrast >= LEAST) & (sign * found.beyond >= LEAST_BEYOND)
    strong &= found.share < SAME
    places = np.flatnonzero(strong)
    order = np.argsort(-np.abs(found.contrast[places]), kind="stable")
    return places[order[:POOL]]


def _clustered(masks: Array, deviation: Array, clusters: Clusters) -> Array:
    """Return mean inside minus mean outside over its standard error from cluster sums."""
    found = np.zeros(len(masks))
    every = clusters.whole(deviation)
    for start in range(0, len(masks), AT_ONCE):
        part = masks[start : start + AT_ONCE]
        total, size = clusters.sums(part, deviation)
        pull = pulls(total, size) - pulls(every[0] - total, every[1] - size)
        gap = total.sum(axis=1) / size.sum(axis=1)
        gap -= (every[0].sum() - total.sum(axis=1)) / (every[1].sum() - size.sum(axis=1))
        error = np.sqrt(clusters.n / max(clusters.n - 1, 1) * (pull**2).sum(axis=1))
        found[start : start + AT_ONCE] = np.divide(gap, error, out=0 * gap, where=error > 0)
    return found


class _Shared:
    """What any two slices of the pool have in common."""

    def __init__(self, masks: Array, deviation: Array, statistic: Array, pool: Candidates) -> None:
        whole = masks.astype(np.float32)
        self.n_rows = len(deviation)
        self.n = masks.sum(axis=1).astype(float)
        self.total = whole.astype(float) @ deviation
        self.both = (whole @ whole.T).astype(float)
        self.total_both = (whole * deviation.astype(np.float32)) @ whole.T
        self.variance = float(deviation @ deviation) / len(deviation)
        # Clusters make every part of a slice as much less certain as the slice itself.
        self.scale = np.abs(statistic) / np.maximum(np.abs(pool.contrast), 1e-12)
        self.sign = np.sign(statistic)

    def jaccard(self, one: int, other: int) -> float:
        """Return rows in both over rows in either."""
        both = self.both[one, other]
        return float(both / (self.n[one] + self.n[other] - both))

    def mostly_in(self, one: int, other: int) -> bool:
        """Return whether nearly all rows of `one` lie in `other`."""
        return bool(self.both[one, other] >= SAME * self.n[one])

    def adds(self, one: int, other: int) -> bool:
        """Return whether `one` says something `other` does not.

        What it holds beyond `other` must stand out from all rows outside of both; a slice within
        `other` must stand out from the rest of `other`.
        """
        both, total_both = self.both[one, other], float(self.total_both[one, other])
        if self.mostly_in(one, other):
            rest = self.n[other] - both
            return self._stands_out(
                one, both, total_both, rest, float(self.total[other]) - total_both
            )
        beyond, total = self.n[one] - both, float(self.total[one]) - total_both
        outside = self.n_rows - self.n[one] - self.n[other] + both
        # Deviations add up to 0, so those outside of both are minus those inside of either.
        outer = -(float(self.total[one]) + float(self.total[other]) - total_both)
        return self._stands_out(one, beyond, total, outside, outer)

    def _stands_out(self, one: int, n: float, total: float, rest: float, outer: float) -> bool:
        if n < 1 or rest < 1 or self.variance <= 0:
            return False
        gap = total / n - outer / rest
        error = np.sqrt(self.variance * (1 / n + 1 / rest))
        return bool(self.sign[one] * gap / error * min(self.scale[one], 1.0) >= LEAST)

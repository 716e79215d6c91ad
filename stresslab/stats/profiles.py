"""Items with the same scores at every tier, counted together: 400,000 are a few hundred rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stresslab.checks import Array, check_rows_match
from stresslab.errors import ShapeError

MOST_TIERS = 12
"""Beyond them there are more possible profiles than it helps to count."""

UNKNOWN = 2
"""Digit of a tier at which an item has no known score."""


@dataclass(frozen=True)
class Profiles:
    """The scores of items along the tiers.

    Parameters
    ----------
    rows : ndarray of shape (n_profiles, n_tiers)
        Different rows of scores; NaN is unknown.
    n : ndarray of shape (n_profiles,)
        Items that have each of them.
    of_item : ndarray of int, shape (n_items,)
        The row of each item.
    cluster : ndarray of int, shape (n_items,)
        Cluster codes from 0 without gaps.
    n_clusters : int
        Number of clusters.
    """

    rows: Array
    n: Array
    of_item: Array
    cluster: Array
    n_clusters: int

    @property
    def alone(self) -> bool:
        """Return whether every item is a cluster of its own."""
        return self.n_clusters == len(self.of_item)

    @cached_property
    def known(self) -> Array:
        """Return which scores of a profile are known, shape (n_profiles, n_tiers)."""
        known: Array = np.isfinite(self.rows)
        return known

    @cached_property
    def counts(self) -> Array:
        """Return how many items have a known score at each tier."""
        counts: Array = self.n @ self.known
        return counts

    @cached_property
    def means(self) -> Array:
        """Return the mean of every tier; NaN where nothing is known."""
        sums = self.n @ np.where(self.known, self.rows, 0.0)
        blank = np.full(len(sums), np.nan)
        np.divide(sums, self.counts, out=blank, where=self.counts > 0)
        return blank

    @cached_property
    def pulls(self) -> Array:
        """Return by how much an item of a profile moves each mean, shape (n_profiles, n_tiers)."""
        filled = np.where(self.known, self.rows, 0.0)
        moved = (filled - np.nan_to_num(self.means)) / np.maximum(self.counts, 1)
        return np.where(self.known, moved, 0.0)

    @cached_property
    def of_clusters(self) -> tuple[Array, Array, Array]:
        """Return what clusters move each mean by, where they have a known score, how many each.

        Returns
        -------
        pulls : ndarray of shape (n_kinds, n_tiers)
            Sums of `pulls` over the items of a cluster; a row stands for all alike.
        known : ndarray of bool, shape (n_kinds, n_tiers)
            Whether any item of it is known at a tier.
        n : ndarray of shape (n_kinds,)
            Clusters of each kind.
        """
        if self.alone:
            return self.pulls, self.known, self.n
        every = np.ones(len(self.rows), dtype=np.bool_)
        columns = [self.sums(column, every) for column in self.pulls.T]
        known = [self.sums(column.astype(float), every) > 0 for column in self.known.T]
        return np.column_stack(columns), np.column_stack(known), np.ones(self.n_clusters)

    def sums(self, of_row: Array, used: Array) -> Array:
        """Return the sum of a number per item over each cluster with an item that is used.

        Parameters
        ----------
        of_row : ndarray of shape (n_profiles,)
            The number, which depends on an item's profile only.
        used : ndarray of bool, shape (n_profiles,)
            Which profiles count.
        """
        if used.all():  # codes have no gaps
            numbers = of_row[self.of_item]
            return np.bincount(self.cluster, weights=numbers, minlength=self.n_clusters)
        items = used[self.of_item]
        codes, numbers = self.cluster[items], of_row[self.of_item[items]]
        there = np.bincount(codes, minlength=self.n_clusters) > 0
        return np.bincount(codes, weights=numbers, minlength=self.n_clusters)[there]


def profiles(values: "Array | Profiles", cluster: Array | None = None) -> Profiles:
    """Return the profiles of items.

    Parameters
    ----------
    values : ndarray of shape (n_items, n_tiers), or Profiles
        Score of each item at each tier; NaN is unknown. Profiles are returned as they are.
    cluster : ndarray of int, shape (n_items,)
        Cluster codes.

    Raises
    ------
    ShapeError
        If shapes disagree.
    """
    if isinstance(values, Profiles):
        return values
    values = np.asarray(values, float)
    if values.ndim != 2 or cluster is None:
        raise ShapeError(f"Values are items x tiers with a cluster each; got {values.shape}.")
    if len(values):
        check_rows_match(values, cluster)
    codes, n_clusters = numbered(np.asarray(cluster))
    n_items, n_tiers = values.shape
    unknown = values != values
    if n_tiers > MOST_TIERS or not ((values == 0) | (values == 1) | unknown).all():
        every = np.arange(n_items)
        return Profiles(values, np.ones(n_items), every, codes, n_clusters)
    digit = (values == 1).astype(np.int32) + UNKNOWN * unknown
    return of_digits(digit.T, codes, n_clusters)


def of_digits(digits: Sequence[Array], codes: Array, n_clusters: int) -> Profiles:
    """Return the profiles of items that are right or wrong.

    Parameters
    ----------
    digits : sequence of ndarray of int, shape (n_items,)
        By tier, at most `MOST_TIERS` of them: 0 = wrong, 1 = right, `UNKNOWN`.
    codes, n_clusters
        Cluster of each item, from 0 without gaps, and how many there are.
    """
    n_tiers = len(digits)
    mark = np.zeros(len(codes), dtype=np.int32)
    for place, digit in enumerate(digits):
        mark += digit * np.int32(3**place)
    counted = np.bincount(mark, minlength=1)
    there = np.flatnonzero(counted)
    row = np.zeros(len(counted), dtype=np.int64)
    row[there] = np.arange(len(there))
    found = there[:, None] // 3 ** np.arange(n_tiers) % 3
    rows = np.where(found == UNKNOWN, np.nan, found).astype(float)
    return Profiles(rows, counted[there].astype(float), row[mark], codes, n_clusters)


def numbered(cluster: Array) -> tuple[Array, int]:
    """Return codes from 0 without gaps, and how many there are."""
    if not cluster.size:
        return np.zeros(0, dtype=np.int64), 0
    low, high = int(cluster.min()), int(cluster.max())
    if high - low > 8 * cluster.size + 1000:
        there, codes = np.unique(cluster, return_inverse=True)
        return codes, len(there)
    seen = np.zeros(high - low + 1, dtype=bool)
    seen[cluster - low if low else cluster] = True
    if seen.all():
        return (cluster - low if low else cluster), len(seen)
    return (np.cumsum(seen) - 1)[cluster - low], int(np.count_nonzero(seen))

"""Sums of paired differences by cluster and group, in as few passes over the rows as possible."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array


@dataclass(frozen=True)
class ClusterSums:
    """What the clusters of all groups add up to; arrays of shape (n_clusters_of_all_groups,).

    Parameters
    ----------
    gap, size : ndarray
        Sum of the differences, and number of pairs.
    wins, differing, squares : ndarray
        Sum of the positive differences, number of non-zero ones, sum of squares.
    owner : ndarray of int
        Group of the cluster.
    n_groups : int
        Number of groups.
    sorted : bool
        Whether clusters stand in order of groups.
    """

    gap: Array
    size: Array
    wins: Array
    differing: Array
    squares: Array
    owner: Array
    n_groups: int
    sorted: bool

    def total(self, values: Array) -> Array:
        """Return the sum of `values` over the clusters of each group."""
        if self.n_groups == 1:
            return np.array([float(values.sum())])
        return np.bincount(self.owner, weights=values, minlength=self.n_groups)

    def count(self) -> Array:
        """Return the number of clusters of each group."""
        return np.bincount(self.owner, minlength=self.n_groups).astype(float)


def all_different(cluster: Array, group: Array, n_groups: int) -> bool:
    """Return whether every row of a group is its own cluster; False, too, for too sparse codes."""
    width = int(cluster.max()) + 1
    top = width * n_groups
    if top < len(cluster) or top > 8 * len(cluster) + 100_000:
        return False
    seen = np.zeros(top, dtype=bool)
    seen[cluster if n_groups == 1 else group.astype(np.int64) * width + cluster] = True
    return int(np.count_nonzero(seen)) == len(cluster)


def cluster_sums(
    gap: Array, cluster: Array, group: Array, n_groups: int, *, whole: bool
) -> ClusterSums:
    """Return the sums of the differences `gap` by group and cluster.

    Parameters
    ----------
    gap : ndarray of shape (n_rows,)
        Known differences.
    cluster, group : ndarray of int, shape (n_rows,)
        Codes from 0; a cluster may stand in several groups.
    n_groups : int
        Number of groups.
    whole : bool
        Whether differences are -1, 0 or 1 only, which saves two passes.
    """
    if gap.size and all_different(cluster, group, n_groups):
        size = np.abs(gap)
        return ClusterSums(
            gap, np.ones_like(gap), (size + gap) / 2, size if whole else (gap != 0).astype(float),
            size if whole else gap**2, group, n_groups, n_groups == 1,
        )  # fmt: skip
    key, owner = numbered_blocks(cluster, group, n_groups)

    def per_cluster(values: Array) -> Array:
        return np.bincount(key, weights=values, minlength=len(owner))

    sums, sizes = per_cluster(gap), np.bincount(key, minlength=len(owner)).astype(float)
    absolute = per_cluster(np.abs(gap))
    differing = absolute if whole else per_cluster((gap != 0).astype(float))
    squares = absolute if whole else per_cluster(gap**2)
    return ClusterSums(
        sums, sizes, (absolute + sums) / 2, differing, squares, owner, n_groups, True
    )


def numbered_blocks(cluster: Array, group: Array, n_groups: int) -> tuple[Array, Array]:
    """Return each row's cluster within its group, numbered in order of groups, and their groups.

    Parameters
    ----------
    cluster, group, n_groups
        As in `cluster_sums`.
    """
    width = int(cluster.max()) + 1 if cluster.size else 1
    key = cluster if n_groups == 1 else group.astype(np.int64) * width + cluster
    n_keys = n_groups * width
    if n_keys > 4 * key.size + 100_000:
        there, key = np.unique(key, return_inverse=True)
        return key, there // width
    seen = np.zeros(n_keys, dtype=bool)
    seen[key] = True
    there = np.flatnonzero(seen)
    if len(there) < n_keys:
        position = np.empty(n_keys, dtype=np.int64)
        position[there] = np.arange(there.size)
        key = position[key]
    return key, there // width

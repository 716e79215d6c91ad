"""Sums over clusters of the rows of many slices at once."""

import numpy as np

from stresslab.checks import Array


class Clusters:
    """Rows in order of their clusters.

    Parameters
    ----------
    cluster : ndarray of int, shape (n_rows,)
        Cluster codes from 0, each there.
    """

    def __init__(self, cluster: Array) -> None:
        self.n_rows, self.n = len(cluster), int(cluster.max()) + 1 if len(cluster) else 0
        self.alone = self.n == self.n_rows
        self._order: Array | None = None
        if not self.alone:
            if (np.diff(cluster) < 0).any():
                self._order = np.argsort(cluster, kind="stable")
                cluster = cluster[self._order]
            self._starts = np.flatnonzero(np.diff(cluster, prepend=-1))

    def sums(self, rows: Array) -> Array:
        """Return the sums over clusters of ``rows`` of shape (n_slices, n_rows).

        Where every row is a cluster of its own these are the rows as they stand, whose order says
        nothing.
        """
        if self.alone:
            return rows
        ordered = rows if self._order is None else rows[:, self._order]
        found: Array = np.add.reduceat(ordered, self._starts, axis=1)
        return found


def pulls(total: Array, size: Array) -> Array:
    """Return how much each cluster moves each mean, from its sums: shape (n_slices, n_clusters)."""
    n = size.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total.sum(axis=1, keepdims=True) / n
        found: Array = (total - mean * size) / n
    return np.nan_to_num(found)

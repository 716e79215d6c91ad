"""Sums over clusters of the rows of many slices at once."""

import numpy as np

from stresslab.checks import Array


class Clusters:
    """Adds up values within clusters.

    Parameters
    ----------
    cluster : ndarray of int, shape (n_rows,)
        Cluster codes from 0.
    """

    def __init__(self, cluster: Array) -> None:
        self._cluster = cluster
        self.n = int(cluster.max()) + 1 if len(cluster) else 0
        self._alone = self.n == len(cluster) and len(np.unique(cluster)) == self.n

    def sums(self, masks: Array, values: Array) -> tuple[Array, Array]:
        """Return sum of values and number of rows by slice and cluster: two (n_slices, n_clusters).

        Where every row is a cluster of its own these are the rows as they stand, whose order says
        nothing.

        Parameters
        ----------
        masks : ndarray of bool, shape (n_slices, n_rows)
            Which rows count.
        values : ndarray of shape (n_rows,)
            Known values.
        """
        if self._alone:
            return masks * values, masks.astype(float)
        total, size = np.empty((2, len(masks), self.n))
        for place, mask in enumerate(masks):
            rows = np.flatnonzero(mask)
            code = self._cluster[rows]
            total[place] = np.bincount(code, weights=values[rows], minlength=self.n)
            size[place] = np.bincount(code, minlength=self.n)
        return total, size

    def whole(self, values: Array) -> tuple[Array, Array]:
        """Return the same of all rows, of shape (n_clusters,)."""
        if self._alone:
            return values, np.ones(len(values))
        return (
            np.bincount(self._cluster, weights=values, minlength=self.n),
            np.bincount(self._cluster, minlength=self.n).astype(float),
        )


def pulls(total: Array, size: Array) -> Array:
    """Return how much each cluster moves each mean, from its sums: shape (n_slices, n_clusters)."""
    n = size.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total.sum(axis=1, keepdims=True) / n
        found: Array = (total - mean * size) / n
    return np.where(n > 0, found, 0.0)

"""Means and covariances of classes, and distances to them under a shrunk covariance."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import BLOCK_ROWS, features_of
from stresslab.errors import ParamError
from stresslab.evidence import Evidence


@dataclass(frozen=True, eq=False)
class Gaussians:
    """Classes of one covariance, in coordinates in which it is the identity.

    Parameters
    ----------
    whiten : ndarray of shape (dimension, dimension)
        ``x @ whiten`` has the identity as covariance.
    means : ndarray of shape (n_classes, dimension)
        Whitened means.
    centre : ndarray of shape (dimension,)
        Subtracted before whitening, so that squares keep their digits.
    """

    whiten: Array
    means: Array
    centre: Array

    def nearest(self, features: Array) -> Array:
        """Return the squared Mahalanobis distance to the nearest mean, shape (n,)."""
        found = np.empty(len(features))
        squares = np.einsum("ij,ij->i", self.means, self.means)
        for start in range(0, len(features), BLOCK_ROWS):
            rows = (features[start : start + BLOCK_ROWS] - self.centre) @ self.whiten
            place = np.argmin(squares - 2 * rows @ self.means.T, axis=1)
            apart = rows - self.means[place]
            found[start : start + BLOCK_ROWS] = np.einsum("ij,ij->i", apart, apart)
        return found


def labelled(evidence: Evidence) -> tuple[Array, Array]:
    """Return features and labels, numbered from 0, of the rows whose label is known.

    Raises
    ------
    ParamError
        If no label is known.
    """
    labels = np.asarray(evidence.labels)
    known = labels >= 0
    if not known.any():
        raise ParamError("Classes need labels; none of the rows has one. Give them references.")
    return features_of(evidence)[known], np.unique(labels[known], return_inverse=True)[1]


def class_means(features: Array, labels: Array) -> Array:
    """Return the mean of each class, shape (n_classes, dimension); labels count from 0."""
    from scipy.sparse import csr_array

    n, n_classes = len(features), int(labels.max()) + 1
    member = csr_array((np.ones(n), (labels, np.arange(n))), shape=(n_classes, n))
    found: Array = (member @ features) / np.bincount(labels, minlength=n_classes)[:, None]
    return found


def gaussians(features: Array, labels: Array, shrinkage: float | None) -> Gaussians:
    """Return the classes under their pooled covariance.

    Parameters
    ----------
    features : ndarray of shape (n, dimension)
        Fit rows.
    labels : ndarray of shape (n,)
        Class of each, from 0 without holes.
    shrinkage : float or None
        Weight of the scaled identity in the covariance; None takes that of Ledoit and Wolf (2004).
        Where rows do not spread within classes at all, the covariance is the identity.
    """
    means = class_means(features, labels)
    covariance = _within(features, means[labels], shrinkage)
    return _whitened(covariance, means, features.mean(axis=0))


def as_one_class(features: Array, labels: Array, shrinkage: float | None) -> Gaussians:
    """Return all rows as one class, whose covariance is that within classes and that of the means.

    Without shrinkage this is the covariance of all rows. Shrunk by itself it would not be: in
    directions that tell no classes, the distance to one class would then not cancel that to all.
    """
    means = class_means(features, labels)
    centre = features.mean(axis=0)
    between = (means - centre) * np.sqrt(np.bincount(labels) / len(labels))[:, None]
    covariance = _within(features, means[labels], shrinkage) + between.T @ between
    return _whitened(covariance, centre[None], centre)


def _whitened(covariance: Array, means: Array, centre: Array) -> Gaussians:
    values, vectors = np.linalg.eigh(covariance)
    least = len(values) * np.finfo(np.float64).eps * values.max()
    whiten = vectors / np.sqrt(np.maximum(values, least))
    return Gaussians(whiten, (means - centre) @ whiten, centre)


def _within(features: Array, own_means: Array, shrinkage: float | None) -> Array:
    """Return the shrunk covariance of rows about the means of their classes."""
    from sklearn.covariance import ledoit_wolf, shrunk_covariance

    centred = features - own_means
    rounding = 8 * np.finfo(np.float64).eps * np.abs(features).max()
    if np.abs(centred).max() <= rounding:
        return np.eye(features.shape[1])
    if shrinkage is None:
        found: Array = ledoit_wolf(centred, assume_centered=True)[0]
    else:
        found = shrunk_covariance(centred.T @ centred / len(centred), shrinkage=shrinkage)
    return found

"""Checks and moments that measures of one cloud share."""

import numpy as np

from stresslab.checks import Array
from stresslab.errors import RowError, TooFewRowsError
from stresslab.evidence import Evidence

NONE = float("nan")
MOST = 2000
"""Rows of which all pairs are taken; of more, as many are drawn."""


def features_of(evidence: Evidence) -> Array:
    """Return the features as float64, shape (n, dimension).

    Raises
    ------
    RowError
        If a value is not finite.
    TooFewRowsError
        If there is no row.
    """
    assert evidence.features is not None  # `needs` says so, and whoever calls looks
    features = np.asarray(evidence.features, dtype=np.float64)
    if not len(features):
        raise TooFewRowsError("Geometry needs at least one vector; got none. Widen the slice.")
    wrong: Array = np.logical_not(np.isfinite(features).all(axis=1))
    if wrong.any():
        raise RowError(
            f"Geometry needs finite features; {int(wrong.sum()):,} of {len(wrong):,} rows are not. "
            "Leave them out with `finite_rows`."
        )
    return features


def labelled(evidence: Evidence, fewest: int = 2) -> tuple[Array, Array]:
    """Return features and labels (from 0, without holes) of classes with `fewest` points or more.

    Raises
    ------
    TooFewRowsError
        If fewer than two classes are left.
    """
    features, labels = features_of(evidence), np.asarray(evidence.labels)
    rows = rows_of_classes(labels, fewest)
    return features[rows], np.unique(labels[rows], return_inverse=True)[1]


def rows_of_classes(labels: Array, fewest: int = 2) -> Array:
    """Return the places of rows whose class is known and has `fewest` points or more.

    Raises
    ------
    TooFewRowsError
        If fewer than two classes are left.
    """
    kept = labels >= 0
    names, code, counts = np.unique(labels[kept], return_inverse=True, return_counts=True)
    large = (counts >= fewest)[code]
    if (counts >= fewest).sum() < 2:
        raise TooFewRowsError(
            f"This measure compares classes of at least {fewest} points; {len(names)} classes are "
            f"known and {int((counts >= fewest).sum())} are that large. Widen the slice."
        )
    found: Array = np.flatnonzero(kept)[large]
    return found


def some(n: int, rng: np.random.Generator, most: int = MOST) -> Array:
    """Return places of at most `most` of n rows, in order."""
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


def variances(features: Array) -> Array:
    """Return the eigenvalues of the covariance, largest first, none below 0."""
    centred = features - features.mean(axis=0)
    small = centred.T @ centred if centred.shape[1] <= len(centred) else centred @ centred.T
    values = np.linalg.eigvalsh(small)[::-1] / max(len(features) - 1, 1)
    found: Array = np.maximum(values, 0)
    return found


def distances(a: Array, b: Array) -> Array:
    """Return Euclidean distances of all rows of a to all of b."""
    from scipy.spatial.distance import cdist

    found: Array = cdist(a, b)
    return found


def unit_rows(features: Array) -> Array:
    """Return the rows that have a direction, scaled to length one."""
    lengths = np.linalg.norm(features, axis=1)
    there = lengths > 0
    found: Array = features[there] / lengths[there, None]
    return found

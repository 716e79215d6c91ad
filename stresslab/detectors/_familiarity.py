"""What familiarity is made of: a code with its neighbours, empirical probabilities, one number."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError, ShapeError
from stresslab.stats.neighbours import nearest

Combine = Literal["geometric", "min", "fisher"]
FEWEST = 30
"""Calibration rows below which an empirical probability is coarse."""


@dataclass(frozen=True, eq=False)
class Code:
    """Principal components of the fit rows.

    Parameters
    ----------
    mean : ndarray of shape (dimension,)
        Of the fit rows.
    basis : ndarray of shape (dimension, m)
        Orthonormal columns.
    codes : ndarray of shape (n_fit, m)
        Of the fit rows.
    """

    mean: Array
    basis: Array
    codes: Array

    @classmethod
    def fit(cls, features: Array, dimension: int) -> Self:
        """Return the code of `features`, shorter where they have fewer rows or columns."""
        mean = features.mean(axis=0)
        n_kept = min(dimension, *features.shape)
        basis = np.linalg.svd(features - mean, full_matrices=False)[2][:n_kept].T
        return cls(mean, basis, (features - mean) @ basis)

    def of(self, features: Array) -> Array:
        """Return codes of shape (n, m)."""
        found: Array = (features - self.mean) @ self.basis
        return found

    def strangeness(self, features: Array, k: int, *, own: bool = False) -> tuple[Array, Array]:
        """Return mean distance to the k nearest codes, and mean squared reconstruction error.

        Parameters
        ----------
        features : ndarray of shape (n, dimension)
            Rows.
        k : int
            Neighbours.
        own : bool
            Whether these are the fit rows, in their order: none is its own neighbour then.

        Raises
        ------
        ShapeError
            If `own` rows are not as many as the fit rows.
        """
        codes = self.of(features)
        if own and len(codes) != len(self.codes):
            raise ShapeError(
                f"There are {len(self.codes)} fit rows; got {len(codes)}. Give all, or own=False."
            )
        distance = nearest(self.codes, codes, k, exclude_self=own)[0].mean(axis=1)
        error = np.square(features - self.mean - codes @ self.basis.T).mean(axis=1)
        return distance, error


def empirical_p(raw: Array, usual: Array) -> Array:
    """Return ``(1 + #{c: s_j(c) >= s_j(x)}) / (n_c + 1)``, shape (n, k); small is unusual.

    Parameters
    ----------
    raw : ndarray of shape (n, k)
        Scores of rows; larger is stranger.
    usual : ndarray of shape (n_calibration, k)
        Scores of the calibration rows, sorted within columns.
    """
    n = len(usual)
    at_least = [
        n - np.searchsorted(known, own, side="left")
        for known, own in zip(usual.T, raw.T, strict=True)
    ]
    found: Array = (1 + np.column_stack(at_least)) / (n + 1)
    return found


def own_p(raw: Array) -> Array:
    """Return the empirical probabilities of calibration rows among the others, shape (n, k)."""
    n = len(raw)
    found: Array = (empirical_p(raw, np.sort(raw, axis=0)) * (n + 1) - 1) / n
    return found


def combined(parts: Array, how: Combine) -> Array:
    """Return one familiarity per row, shape (n,), in (0, 1].

    Parameters
    ----------
    parts : ndarray of shape (n, k)
        Empirical probabilities.
    how : {"geometric", "min", "fisher"}
        Geometric mean, least, or Fisher's method, which holds only if they were independent.

    Raises
    ------
    ParamError
        If `how` is none of these.

    References
    ----------
    Fisher (1932), Statistical methods for research workers, section 21.1.
    """
    if how not in get_args(Combine):
        raise ParamError(f"combine is one of {', '.join(get_args(Combine))}; got {how!r}.")
    if how == "min":
        found: Array = parts.min(axis=1)
    elif how == "fisher":
        from scipy.stats import chi2

        found = chi2.sf(-2 * np.log(parts).sum(axis=1), 2 * parts.shape[1])
    else:
        found = np.exp(np.log(parts).mean(axis=1))
    return found

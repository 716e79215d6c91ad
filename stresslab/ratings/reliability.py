"""How far raters agree: intraclass correlation and Krippendorff's alpha."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError


@dataclass(frozen=True)
class Reliability:
    """Agreement of raters.

    Parameters
    ----------
    icc : float
        ICC(2,k): how reliable the mean over these raters is; NaN where undefined.
    alpha : float
        Krippendorff's alpha for ratings on an interval scale; NaN where undefined.
    n_items, n_raters : int
        Items rated by all raters, and raters.
    """

    icc: float
    alpha: float
    n_items: int
    n_raters: int


def reliability(ratings: Array) -> Reliability:
    """Return how far raters agree.

    ICC(2,k) = (MSR - MSE) / (MSR + (MSC - MSE) / n) with the mean squares of items (R), raters (C)
    and the rest (E), over items that every rater rated. Alpha = 1 - observed / expected squared
    distance, over all items with at least two ratings.

    Parameters
    ----------
    ratings : ndarray of shape (n_items, n_raters)
        NaN where a rater did not rate.

    Raises
    ------
    ShapeError
        If it is no table.

    References
    ----------
    Shrout and Fleiss (1979), Intraclass correlations; Krippendorff (2004), Content analysis,
    chapter 11.
    """
    ratings = np.asarray(ratings, float)
    if ratings.ndim != 2:
        raise ShapeError(f"Ratings are items x raters; got shape {ratings.shape}.")
    whole = ratings[np.isfinite(ratings).all(axis=1)]
    return Reliability(_icc(whole), _alpha(ratings), len(whole), ratings.shape[1])


def _icc(ratings: Array) -> float:
    n, k = ratings.shape
    if n < 2 or k < 2:
        return float("nan")
    mean = ratings.mean()
    of_items, of_raters = ratings.mean(axis=1), ratings.mean(axis=0)
    rest = ratings - of_items[:, None] - of_raters[None, :] + mean
    items = k * float(((of_items - mean) ** 2).sum()) / (n - 1)
    raters = n * float(((of_raters - mean) ** 2).sum()) / (k - 1)
    error = float((rest**2).sum()) / ((n - 1) * (k - 1))
    bottom = items + (raters - error) / n
    return (items - error) / bottom if bottom > 0 else float("nan")


def _alpha(ratings: Array) -> float:
    known = np.isfinite(ratings)
    counts = known.sum(axis=1)
    rated = counts >= 2
    if not rated.any():
        return float("nan")
    values = np.where(known, ratings, 0.0)[rated]
    m = counts[rated].astype(float)
    # Sum over pairs within an item of (a - b)^2 = 2 (m sum a^2 - (sum a)^2), over both orders.
    within = 2 * (m * (values**2).sum(axis=1) - values.sum(axis=1) ** 2)
    n = float(m.sum())
    total, square = float(values.sum()), float((values**2).sum())
    between = 2 * (n * square - total**2) / (n * (n - 1))
    observed = float((within / (m - 1)).sum()) / n
    return 1 - observed / between if between > 0 else float("nan")

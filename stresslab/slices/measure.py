"""How a slice differs from all other rows, on rows that had no say in finding it."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.slices._clusters import Clusters, pulls
from stresslab.stats.correct import adjust, interval_levels
from stresslab.stats.equivalence import upper_tail
from stresslab.stats.intervals import divide, from_moments, t_quantile
from stresslab.stats.unpaired import Side, value_and_variance


@dataclass(frozen=True)
class Measured:
    """Slices against the rest; arrays of shape (n_slices,), NaN where undefined.

    Parameters
    ----------
    value, low, high : ndarray
        Mean inside with its interval.
    n, n_clusters : ndarray of int
        Rows and clusters inside.
    rest, n_rest : ndarray
        Mean and rows outside.
    difference, difference_low, difference_high : ndarray
        Inside minus outside, with an interval of its own.
    low_adjusted, high_adjusted : ndarray
        Interval that agrees with the corrected test.
    error, df : ndarray
        Standard error of the difference and its degrees of freedom.
    p_value, p_adjusted : ndarray
        Two-sided; corrected by Benjamini and Hochberg over the slices.
    """

    value: Array
    low: Array
    high: Array
    n: Array
    n_clusters: Array
    rest: Array
    n_rest: Array
    difference: Array
    difference_low: Array
    difference_high: Array
    low_adjusted: Array
    high_adjusted: Array
    error: Array
    df: Array
    p_value: Array
    p_adjusted: Array


def measure(
    masks: Array,
    values: Array,
    cluster: Array,
    *,
    rate: bool,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
    among: Array | None = None,
) -> Measured:
    """Return means inside and outside of slices and their differences.

    Clusters may lie on both sides. The variance of the difference is that of two sides apart (see
    `unpaired_differences`: of an adjusted share for rates, so it is not 0 where all rows agree)
    less twice the covariance that shared clusters give, and never below the plain cluster-robust
    one; the degrees of freedom are Welch's over the clusters of the two sides.

    Parameters
    ----------
    masks : ndarray of bool, shape (n_slices, n_rows)
        Which rows lie in each slice.
    values : ndarray of shape (n_rows,)
        Known values.
    cluster : ndarray of int, shape (n_rows,)
        Cluster codes from 0.
    rate : bool
        Whether values lie between 0 and 1 and are shares.
    level : float
        Level of intervals; one minus it is the rate of false discoveries.
    bounds : tuple of float, optional
        Smallest and largest value.
    among : ndarray of bool, shape (n_slices, n_rows), optional
        Rows on which each slice must differ, too, and in the same direction, for its p value, the
        larger of the two; the numbers are always those against all other rows.
    """
    masks = np.asarray(masks, bool)
    clusters = Clusters(cluster)
    told = _contrast(masks, None, values, clusters, rate, level)
    p_value = told.p_value
    if among is not None:
        own = _contrast(masks & among, ~masks & among, values, clusters, rate, level)
        same_way = own.difference * told.difference > 0
        p_value = np.where(same_way, np.maximum(p_value, own.p_value), 1.0)
        p_value = np.where(np.isfinite(own.p_value + told.p_value), p_value, np.nan)
    p_adjusted = adjust(p_value, "bh")
    rejected = np.nan_to_num(p_adjusted, nan=1.0) < 1 - level
    levels = interval_levels(rejected, np.isfinite(p_value), "bh", level)
    inside, difference = told.inside, told.difference
    own_value = from_moments(
        inside.total, inside.n, inside.n_clusters, inside.ss, inside.sd, inside.dd,
        rate=inside.rate, level=level, bounds=bounds,
    )  # fmt: skip
    half, wide = (t_quantile(one, told.df) * told.error for one in (level, levels))
    return Measured(
        value=own_value.value, low=own_value.low, high=own_value.high, n=inside.n.astype(int),
        n_clusters=inside.n_clusters.astype(int), rest=told.rest, n_rest=told.n_rest.astype(int),
        difference=difference, difference_low=difference - half, difference_high=difference + half,
        low_adjusted=difference - wide, high_adjusted=difference + wide, error=told.error,
        df=told.df, p_value=p_value,
        p_adjusted=p_adjusted,
    )  # fmt: skip


@dataclass(frozen=True)
class _Contrast:
    """Inside minus outside, with the error and the degrees of freedom of the difference."""

    inside: Side
    rest: Array
    n_rest: Array
    difference: Array
    error: Array
    df: Array
    p_value: Array


def _contrast(
    masks: Array, others: Array | None, values: Array, clusters: Clusters, rate: bool, level: float
) -> _Contrast:
    inside, outside, covariance, robust = _sides(masks, others, values, clusters, rate)
    value_in, variance_in = value_and_variance(inside, level)
    value_out, variance_out = value_and_variance(outside, level)
    difference = value_in - value_out
    variance = np.maximum(variance_in + variance_out - 2 * covariance, robust)
    df = divide(
        (variance_in + variance_out) ** 2,
        divide(variance_in**2, np.maximum(inside.n_clusters - 1, 1))
        + divide(variance_out**2, np.maximum(outside.n_clusters - 1, 1)),
    )
    known = (inside.n_clusters > 1) & (outside.n_clusters > 1) & (variance > 0)
    error = np.where(known, np.sqrt(np.maximum(variance, 0)), np.nan)
    with np.errstate(all="ignore"):
        p_value = np.minimum(2 * upper_tail(np.abs(difference) / error, df), 1)
    p_value = np.where(known, p_value, np.nan)
    return _Contrast(inside, value_out, outside.n, difference, error, df, p_value)


def _sides(
    masks: Array, others: Array | None, values: Array, clusters: Clusters, rate: bool
) -> tuple[Side, Side, Array, Array]:
    """Return the sums inside and outside, and covariance and robust variance of their means."""
    inner = clusters.sums(masks, values)
    if others is None:
        total, size = clusters.whole(values)
        outer = total - inner[0], size - inner[1]
    else:
        outer = clusters.sums(others, values)
    pull_in, pull_out = pulls(*inner), pulls(*outer)
    involved = np.count_nonzero((inner[1] > 0) | (outer[1] > 0), axis=1)
    factor = involved / np.maximum(involved - 1, 1)
    covariance = factor * (pull_in * pull_out).sum(axis=1)
    robust = factor * ((pull_in - pull_out) ** 2).sum(axis=1)
    return _side(*inner, rate), _side(*outer, rate), covariance, robust


def _side(total: Array, size: Array, rate: bool) -> Side:
    """Return the sums of `intervals.from_moments` of one side of every slice."""
    return Side(
        total.sum(axis=1), size.sum(axis=1), np.count_nonzero(size, axis=1).astype(float),
        (total**2).sum(axis=1), (total * size).sum(axis=1), (size**2).sum(axis=1),
        np.full(len(total), rate),
    )  # fmt: skip

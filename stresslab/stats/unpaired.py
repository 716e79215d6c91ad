"""Differences of two values computed on different items."""

from dataclasses import dataclass, replace

import numpy as np

from stresslab.checks import Array
from stresslab.stats.difference import Difference
from stresslab.stats.equivalence import tost_p, upper_tail
from stresslab.stats.intervals import divide, from_moments


@dataclass(frozen=True)
class Side:
    """Sums over clusters of one side, one number per comparison (see `intervals.from_moments`)."""

    total: Array
    n: Array
    n_clusters: Array
    ss: Array
    sd: Array
    dd: Array
    rate: Array


def unpaired_differences(
    a: Side,
    b: Side,
    *,
    level: float = 0.95,
    margin: float | None = None,
    bounds: tuple[float, float] | None = None,
) -> Difference:
    """Return ``value(a) - value(b)`` for sides that share no items.

    The variance of a rate is that of Agresti and Caffo's adjusted share, which is not 0 where all
    rows agree, over the effective number of rows less one; that of a mean comes from its cluster
    sums. Test and interval use Welch's degrees of freedom.

    Parameters
    ----------
    a, b : Side
        Sums of shape (n_comparisons,).
    level : float
        Level of `low`, `high`.
    margin : float, optional
        Differences below it count as equal (fills `p_tost`).
    bounds : tuple of float, optional
        Smallest and largest value.

    Returns
    -------
    Difference
        ``n_pairs`` is the smaller number of rows, ``n_clusters`` all clusters of both sides and
        ``n_discordant`` 0: nothing is paired.

    Notes
    -----
    Exact coverage at 95 %, 10 to 1000 rows a side, rates .02 to .9: 94.1 % and more. With two
    rows more instead of one less, as Agresti and Caffo have it around their adjusted difference, it
    is 88 to 92 % at worst around the plain one.

    References
    ----------
    Agresti and Caffo (2000), Simple and effective confidence intervals for proportions and
    differences of proportions; Welch (1947).
    """
    value_a, variance_a = value_and_variance(a, level)
    value_b, variance_b = value_and_variance(b, level)
    difference, variance = value_a - value_b, variance_a + variance_b
    df = divide(
        variance**2,
        divide(variance_a**2, np.maximum(a.n_clusters - 1, 1))
        + divide(variance_b**2, np.maximum(b.n_clusters - 1, 1)),
    )
    known = (a.n_clusters > 1) & (b.n_clusters > 1)
    clusters = a.n_clusters + b.n_clusters
    with np.errstate(all="ignore"):
        p_value = 2 * upper_tail(np.abs(difference) / np.sqrt(variance), df)
    blank = np.full_like(difference, np.nan)
    found = Difference(
        difference=difference, low=blank, high=blank, p_tost=blank,
        p_value=np.where(known & (variance > 0), np.minimum(p_value, 1), np.nan),
        n_pairs=np.minimum(a.n, b.n).astype(int), n_clusters=clusters.astype(int),
        n_discordant=np.zeros(len(clusters), int), sd_cluster=np.sqrt(variance * clusters),
        method=np.full(len(clusters), "unpaired, Welch", dtype=object), wins=blank, losses=blank,
        n_effective=blank, df=np.where(known, df, np.nan),
        rate=np.zeros(len(clusters), dtype=bool), clusters_discordant=np.zeros(len(clusters)),
        span=np.full(len(clusters), np.inf if bounds is None else float(bounds[1] - bounds[0])),
    )  # fmt: skip
    low, high = found.interval(level)
    done = replace(found, low=low, high=high)
    return done if margin is None else replace(done, p_tost=tost_p(done, margin))


def value_and_variance(side: Side, level: float = 0.95) -> tuple[Array, Array]:
    """Return the values of a side and their variances, as `unpaired_differences` takes them."""
    found = from_moments(
        side.total, side.n, side.n_clusters, side.ss, side.sd, side.dd, rate=side.rate, level=level
    )
    rows = found.n_effective
    share = divide(found.value * rows + 1, rows + 2)
    residual = np.maximum(side.ss - 2 * found.value * side.sd + found.value**2 * side.dd, 0)
    clustered = divide(side.n_clusters * residual, (side.n_clusters - 1) * side.n**2)
    return found.value, np.where(
        side.rate.astype(bool), divide(share * (1 - share), np.maximum(rows - 1, 1)), clustered
    )

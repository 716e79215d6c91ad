"""What share of a score is left at the last tier, with an interval that respects clusters."""

import numpy as np

from stresslab.checks import Array, check_level
from stresslab.stats.intervals import t_quantile, unseen_share
from stresslab.stats.profiles import Profiles, profiles
from stresslab.stats.trend import Estimate, of_mean


def retention(
    values: Array | Profiles, cluster: Array | None = None, *, level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Estimate:  # fmt: skip
    """Return last tier's mean over first tier's mean, on items known at both.

    Scores between `bounds`, the smaller at least 0, take the intervals of the two means put
    together by the variances they stand for, with the correlation that clusters show (MOVER-R).
    That has an end however few items are right at first, where Fieller's, printed only where it
    has one, covered 81 % (20 clusters, first rate .02). Without bounds it is Fieller's on cluster
    sums: the ratios r for which "last - r first = 0" is not rejected, NaN where unbounded. Nothing
    is defined when the first mean is 0.

    References
    ----------
    Donner and Zou (2012), Closed-form confidence intervals for functions of the normal mean and
    standard deviation, section 3; Fieller (1954), Some problems in interval estimation.
    """
    check_level(level)
    items = profiles(values, cluster)
    known = items.known[:, 0] & items.known[:, -1]
    n = float(items.n[known].sum())
    ends = np.where(known[:, None], items.rows[:, [0, -1]], 0.0)
    first, last = (items.n @ ends) / max(n, 1.0)
    pulls = np.where(known[:, None], ends - [first, last], 0.0) / max(n, 1.0)
    if items.alone:
        clusters, (x, y), weight = int(n), pulls.T, items.n
    else:
        x, y = (items.sums(column, known) for column in pulls.T)
        clusters, weight = len(x), np.ones(len(x))
    if first <= 0:
        return Estimate(np.nan, np.nan, np.nan, clusters)
    ratio = float(last / first)
    if clusters < 2:
        return Estimate(ratio, np.nan, np.nan, clusters)
    if bounds is not None and bounds[0] >= 0:
        squares = np.array([weight @ x**2, weight @ y**2, weight @ (x * y)])
        return _ratio_of_means(first, last, squares, n, clusters, level, bounds)
    factor = clusters / (clusters - 1) * float(t_quantile(level, clusters - 1)) ** 2
    a = first**2 - factor * float(weight @ x**2)
    b = first * last - factor * float(weight @ (x * y))
    c = last**2 - factor * float(weight @ y**2)
    if a <= 0 or b * b < a * c:
        return Estimate(ratio, np.nan, np.nan, clusters)
    half = float(np.sqrt(b * b - a * c))
    if half == 0:
        share = float(unseen_share(clusters, level))
        return Estimate(ratio, ratio * (1 - share), ratio / (1 - share), clusters)
    return Estimate(ratio, max((b - half) / a, 0.0), (b + half) / a, clusters)


def _ratio_of_means(
    first: float, last: float, squares: Array, n: float, clusters: int, level: float,
    bounds: tuple[float, float],
) -> Estimate:  # fmt: skip
    """Return ``last / first`` with its interval from those of the two means (MOVER-R)."""
    scale = float(np.sqrt(squares[0] * squares[1]))
    together = float(squares[2]) / scale if scale > 0 else 0.0
    lows, highs = of_mean(
        np.array([first, last]), clusters / (clusters - 1) * squares[:2], np.full(2, n),
        np.full(2, clusters), t_quantile(level, np.full(2, clusters - 1)),
        np.full(2, bounds[0]), np.full(2, bounds[1]),
    )  # fmt: skip
    (low, last_low), (high, last_high) = lows.tolist(), highs.tolist()
    down = first * last - together * (last - last_low) * (high - first)
    up = first * last - together * (last_high - last) * (first - low)
    under, over = last_low * (2 * last - last_low), last_high * (2 * last - last_high)
    spread = down + float(np.sqrt(max(down**2 - under * high * (2 * first - high), 0.0)))
    narrow = low * (2 * first - low)
    ratio = float(last / first)
    least = under / spread if spread > 0 else 0.0
    most = (up + float(np.sqrt(max(up**2 - over * narrow, 0.0)))) / narrow if narrow > 0 else np.nan
    return Estimate(ratio, min(max(least, 0.0), ratio), max(most, ratio), clusters)

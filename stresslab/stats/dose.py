"""Dose-response: which shape the tier means follow, chosen by AIC, and where its marks lie."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array, check_level
from stresslab.stats import _profile
from stresslab.stats.tiers import TierMeans

SHRINK = 0.05
"""Part of the correlations between tiers that is taken away, so that weights stay finite."""

GRID = 41
"""Places tried for a changepoint, or a midpoint, before the best is refined."""


@dataclass(frozen=True)
class Fit:
    """One shape fitted to the means of a curve.

    Parameters
    ----------
    shape : str
        ``flat, linear, quadratic, logistic`` or ``changepoint``.
    parameters : ndarray
        In the order of `NAMES`.
    chi2 : float
        Distance of the means from the shape, in units of their covariance.
    aic : float
        ``chi2 + 2 k``: the variances are known, so nothing else counts.
    p_fit : float
        Chance of such a distance if this is the shape; NaN where no tier is to spare.
    mark, mark_low, mark_high : float
        Vertex, midpoint (c50) or changepoint, with its interval; NaN where the shape has none.
    curve : callable
        The value at a position.
    """

    shape: str
    parameters: Array
    chi2: float
    aic: float
    p_fit: float
    mark: float
    mark_low: float
    mark_high: float
    curve: Callable[[ArrayLike], Array]


@dataclass(frozen=True)
class Bend:
    """Whether a quadratic bends over inside the range, by the slopes at its two ends.

    Parameters
    ----------
    curvature, vertex : float
        Coefficient of the square; place of the extreme, NaN where there is none.
    slope_low, slope_high : float
        Slopes at the lower and the upper end.
    p_low, p_high : float
        One-sided p values that these have opposite signs to a valley's, or to a hill's.
    verdict : str
        ``inverted U``, ``U`` or ``no bend``.
    """

    curvature: float
    vertex: float
    slope_low: float
    slope_high: float
    p_low: float
    p_high: float
    verdict: str


def _fit(shape: str, theta: Array, chi2: float, n: int, mark: tuple[float, float, float],
         curve: Callable[[ArrayLike], Array]) -> Fit:  # fmt: skip
    from scipy.special import chdtrc

    spare = n - len(theta)
    p_fit = float(chdtrc(spare, chi2)) if spare > 0 else float("nan")
    return Fit(shape, theta, chi2, chi2 + 2 * len(theta), p_fit, *mark, curve)


NAMES = {
    "flat": ("level",), "linear": ("level", "slope"), "quadratic": ("level", "slope", "curvature"),
    "logistic": ("top", "c50", "width"), "changepoint": ("level", "slope", "changepoint"),
}  # fmt: skip


def fits(
    means: TierMeans,
    position: ArrayLike,
    *,
    floor: float | None = None,
    ceiling: float | None = None,
    level: float = 0.95,
) -> list[Fit]:
    """Return the shapes that the known tiers can tell apart, the best by AIC first.

    Means are fitted by generalised least squares on their cluster-robust covariance (tiers of one
    item move together). A shape needs more tiers than parameters.

    Parameters
    ----------
    means : TierMeans
        Of one curve.
    position : array_like of shape (n_tiers,)
        Where the tiers stand.
    floor : float, optional
        Value a logistic curve falls to: chance, or the lower bound; without it none is fitted.
    ceiling : float, optional
        Largest possible value.
    level : float
        Level of the intervals of marks.

    References
    ----------
    Burnham and Anderson (2002), Model selection and multimodel inference, section 2.2.
    """
    check_level(level)
    spots = np.asarray(position, float)
    use = np.isfinite(means.mean)
    x, y = spots[use], means.mean[use]
    if len(x) < 2 or means.n_clusters < 2:
        return []
    reach = _profile.reach(level, means.n_clusters, len(x))
    weights = _weights(means, use, (floor, ceiling))
    made: list[Fit] = [
        _polynomial(x, y, weights, degree, reach) for degree in (0, 1, 2) if len(x) > degree + 1
    ]
    if len(x) > 3:
        made += [_changepoint(x, y, weights, reach)]
        if floor is not None:
            made += [_logistic(x, y, weights, reach, (floor, ceiling))]
    # Shapes as good as each other but for rounding stay in this order, the simpler one first.
    return sorted(made, key=lambda one: round(one.aic, 9))


def akaike_weights(found: list[Fit]) -> Array:
    """Return how much each fit is worth beside the others; they add up to 1."""
    aic = np.array([one.aic for one in found])
    worth: Array = np.exp(-(aic - aic.min()) / 2)
    worth /= worth.sum()
    return worth


def bend(position: ArrayLike, values: ArrayLike, weights: ArrayLike | None = None) -> Bend:
    """Return whether values bend over inside the range of positions: the test of two slopes.

    A quadratic ``a + b s + c s^2`` is fitted by weighted least squares. An inverted U needs c < 0,
    a vertex strictly inside the range, and end slopes ``b + 2 c s`` above and below 0, each with a
    one-sided p below .05 (t on n - 3).

    Parameters
    ----------
    position, values : array_like of shape (n_levels,)
        Levels and their means; at least 4.
    weights : array_like of shape (n_levels,), optional
        Equal when absent, or when not all are positive and finite.

    References
    ----------
    Lind and Mehlum (2010), With or without U? The appropriate test for a U-shaped relationship.
    """
    x, y = np.asarray(position, float), np.asarray(values, float)
    nan = float("nan")
    if len(x) < 4:
        return Bend(nan, nan, nan, nan, nan, nan, "no bend")
    w = np.ones(len(x)) if weights is None else np.asarray(weights, float)
    if not (np.isfinite(w) & (w > 0)).all():
        w = np.ones(len(x))
    design = np.vander(x, 3, increasing=True)
    inverse = np.linalg.inv(design.T @ (w[:, None] * design))
    theta = inverse @ (design.T @ (w * y))
    spare = len(x) - 3
    left = y - design @ theta
    covariance = inverse * float(left @ (w * left)) / spare
    return _bend(x, theta, covariance, spare)


def bend_of(means: TierMeans, position: ArrayLike) -> Bend:
    """Return `bend` of the tiers of one curve, its errors from the clusters and not from levels.

    Parameters
    ----------
    means : TierMeans
        Of one curve.
    position : array_like of shape (n_tiers,)
        Where the tiers stand.
    """
    use = np.isfinite(means.mean)
    x, y = np.asarray(position, float)[use], means.mean[use]
    if len(x) < 4 or means.n_clusters < 2:
        return bend((), ())
    weights = _weights(means, use, (None, None))
    theta, covariance, _ = _solve(np.vander(x, 3, increasing=True), y, weights)
    return _bend(x, theta, covariance, means.n_clusters - 1)


def crossing(position: ArrayLike, values: ArrayLike, height: float = 0.5) -> float:
    """Return where values first fall below `height`, between tiers by a straight line.

    NaN where they never do (censored); minus infinity where the first is below already.
    """
    x, y = np.asarray(position, float), np.asarray(values, float)
    known = np.isfinite(y)
    x, y = x[known], y[known]
    if len(y) == 0:
        return float("nan")
    if y[0] < height:
        return float("-inf")
    below = np.flatnonzero(y < height)
    if not below.size:
        return float("nan")
    k = int(below[0])
    return float(x[k - 1] + (y[k - 1] - height) / (y[k - 1] - y[k]) * (x[k] - x[k - 1]))


def _bend(x: Array, theta: Array, covariance: Array, spare: int) -> Bend:
    """Return the test of two slopes of a quadratic."""
    from scipy.special import stdtr

    nan = float("nan")
    ends = np.array([[0, 1, 2 * x.min()], [0, 1, 2 * x.max()]])
    slope = ends @ theta
    error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", ends, covariance, ends), 0))
    curvature = float(theta[2])
    vertex = -float(theta[1]) / (2 * curvature) if abs(curvature) > 1e-12 else nan
    hill = curvature < 0
    sign = np.array([1.0, -1.0]) if hill else np.array([-1.0, 1.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(error > 0, stdtr(spare, -sign * slope / error), (sign * slope <= 0) * 1.0)
    bent = x.min() < vertex < x.max() and bool((p < 0.05).all())
    word = ("inverted U" if hill else "U") if bent else "no bend"
    return Bend(curvature, vertex, float(slope[0]), float(slope[1]), float(p[0]), float(p[1]), word)


def _weights(means: TierMeans, use: Array, ends: tuple[float | None, float | None]) -> Array:
    """Return the inverse covariance of the known means, kept away from 0 and from singular."""
    covariance = means.covariance[np.ix_(use, use)]
    n, mean = means.n[use].astype(float), means.mean[use]
    floor, ceiling = ends
    if floor is not None and ceiling is not None:  # a tier where all agree is not known exactly
        share = (n * (mean - floor) / (ceiling - floor) + 0.5) / (n + 1)
        least = (ceiling - floor) ** 2 * share * (1 - share) / (n + 1) * 0.25
    else:
        least = np.full(len(mean), 1e-12 + 1e-6 * float(np.diag(covariance).max()))
    sd = np.sqrt(np.maximum(np.diag(covariance), least))
    old = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    together = covariance / np.outer(old, old) * (1 - SHRINK)
    np.fill_diagonal(together, 1.0)
    return np.linalg.inv(together * np.outer(sd, sd))


def _solve(design: Array, y: Array, weights: Array) -> tuple[Array, Array, float]:
    """Return parameters, their covariance and chi2 of a linear fit."""
    inverse = np.linalg.pinv(design.T @ weights @ design)
    theta = inverse @ design.T @ weights @ y
    left = y - design @ theta
    return theta, inverse, float(left @ weights @ left)


def _polynomial(x: Array, y: Array, weights: Array, degree: int, reach: float) -> Fit:
    theta, covariance, chi2 = _solve(np.vander(x, degree + 1, increasing=True), y, weights)
    shape = ("flat", "linear", "quadratic")[degree]
    mark = low = high = float("nan")
    if degree == 2 and abs(theta[2]) > 1e-12:
        mark = float(-theta[1] / (2 * theta[2]))
        pull = np.array([0.0, -1 / (2 * theta[2]), theta[1] / (2 * theta[2] ** 2)])
        scale = reach * max(1.0, chi2 / max(len(x) - 3, 1))
        half = float(np.sqrt(max(scale * (pull @ covariance @ pull), 0.0)))
        low, high = mark - half, mark + half
        if not x.min() < mark < x.max():
            mark = low = high = float("nan")

    def curve(at: ArrayLike) -> Array:
        return np.vander(np.atleast_1d(np.asarray(at, float)), degree + 1, increasing=True) @ theta

    return _fit(shape, theta, chi2, len(x), (mark, low, high), curve)


def _changepoint(x: Array, y: Array, weights: Array, reach: float) -> Fit:
    """Return a level that holds up to some place and then falls or rises along a line.

    The place is tried on a grid; level and slope are solved for at each.
    """
    # Between the last two tiers the place and the slope cannot be told apart.
    first, last = float(x[0]), float(x[-2])
    ones = np.ones(len(x))
    w_one, w_y = weights @ ones, weights @ y
    a, u = float(ones @ w_one), float(ones @ w_y)

    def tried(places: Array) -> tuple[Array, Array, Array]:
        """Return level, slope and chi2 for every place."""
        ramps = np.maximum(x[None, :] - places[:, None], 0.0)
        b, v = ramps @ w_one, ramps @ w_y
        c = np.einsum("ij,jk,ik->i", ramps, weights, ramps)
        free = np.maximum(a * c - b * b, 1e-300)
        level, slope = (c * u - b * v) / free, (a * v - b * u) / free
        return level, slope, float(y @ w_y) - level * u - slope * v

    places = np.linspace(first, last, 4 * GRID)
    for _ in range(2):
        places = _profile.around(float(places[int(np.argmin(tried(places)[2]))]), first, last)
    level, slope, distance = tried(places)
    best = int(np.argmin(distance))
    chi2 = max(float(distance[best]), 0.0)
    low, high = _profile.within(places, distance, chi2, len(x) - 3, float(places[best]), reach)
    theta = np.array([level[best], slope[best], places[best]])

    def curve(at: ArrayLike) -> Array:
        found: Array = theta[0] + theta[1] * np.maximum(np.asarray(at, float) - theta[2], 0.0)
        return np.atleast_1d(found)

    return _fit("changepoint", theta, chi2, len(x), (float(theta[2]), low, high), curve)


def _logistic(
    x: Array, y: Array, weights: Array, reach: float, limits: tuple[float, float | None]
) -> Fit:
    """Return ``floor + (top - floor) / (1 + exp((x - c50) / width))`` with width above 0.

    Midpoint and width are tried on a grid that closes in on the best; the top is solved for.
    """
    floor, ceiling = limits
    span = float(x[-1] - x[0])
    room = np.inf if ceiling is None else ceiling - floor
    root = np.linalg.cholesky(weights)
    left = (y - floor) @ root  # in units in which the errors are 1 and unrelated
    square = float(left @ left)

    def tried(middles: Array, widths: Array) -> tuple[Array, Array]:
        """Return the best height, and its chi2, for every midpoint and each of its widths."""
        far = (x - middles[:, None, None]) / np.atleast_2d(widths)[:, :, None]
        g = (1 / (1 + np.exp(np.clip(far, -60, 60)))) @ root
        gg, gy = (g**2).sum(axis=-1), g @ left
        height = np.clip(gy / np.maximum(gg, 1e-300), 0.0, room)
        return height, square - 2 * height * gy + height**2 * gg

    middles = np.linspace(x[0] - span, x[-1] + span, 2 * GRID)
    widths = np.geomspace(span / 100, 2 * span, GRID // 3)
    for _ in range(5):
        height, distance = tried(middles, widths)
        i, j = (int(one) for one in np.unravel_index(int(np.argmin(distance)), distance.shape))
        theta = np.array([floor + height[i, j], middles[i], widths[j]])
        chi2 = max(float(distance[i, j]), 0.0)
        middles = np.linspace(*_beside(middles, i), 9)
        widths = np.geomspace(*_beside(widths, j), 9)
    mark, low, high = float(theta[1]), float("nan"), float("nan")
    if x[0] <= mark <= x[-1]:
        places = _profile.around(mark, float(x[0]), float(x[-1]))
        each = np.tile(np.geomspace(span / 100, 2 * span, GRID // 3), (len(places), 1))
        for _ in range(3):  # the best width at every place
            _, distance = tried(places, each)
            top = distance.argmin(axis=1)
            beside = [np.clip(top + step, 0, each.shape[1] - 1) for step in (-1, 1)]
            least, most = (np.take_along_axis(each, one[:, None], 1)[:, 0] for one in beside)
            each = np.geomspace(least, most, 9, axis=1)
        distance = np.append(distance, tried(places, each)[1], axis=1).min(axis=1)
        low, high = _profile.within(places, distance, chi2, len(x) - 3, mark, reach)
    else:  # a midpoint beyond the tiers is a guess
        mark = float("nan")

    def curve(at: ArrayLike) -> Array:
        far = np.clip((np.asarray(at, float) - theta[1]) / theta[2], -60, 60)
        return np.atleast_1d(floor + (theta[0] - floor) / (1 + np.exp(far)))

    return _fit("logistic", theta, chi2, len(x), (mark, low, high), curve)


def _beside(places: Array, best: int) -> tuple[float, float]:
    return float(places[max(best - 1, 0)]), float(places[min(best + 1, len(places) - 1)])

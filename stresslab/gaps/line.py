"""Accuracy on the line: what a model's score inside lets one expect outside, and who beats it."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_level, check_rows_match
from stresslab.stats.intervals import divide, t_quantile

CLIP = 1e-4
"""Shares are kept this far from 0 and 1 before the probit."""

LEAST_LEFT = 0.2
"""Part of the spread between models that must be more than sampling, else a slope has no ends."""

FEWEST = 3
"""Models below which there is no line; a model against the others' line needs one more."""


@dataclass(frozen=True)
class Line:
    """A straight line of probit(outside) on probit(inside), over models.

    Parameters
    ----------
    slope, intercept : float
        On the probit scale; NaN where there is no line.
    slope_low, slope_high : float
        Interval of the slope over true shares (see `on_the_line`).
    r2 : float
        Share of the variance between models that the line explains; NaN if outside never varies.
    n : int
        Models.
    scatter : float
        Residual standard deviation.
    centre, spread : float
        Mean of probit(inside) and the sum of squares around it.
    """

    slope: float
    intercept: float
    slope_low: float
    slope_high: float
    r2: float
    n: int
    scatter: float
    centre: float
    spread: float

    @property
    def known(self) -> bool:
        """Return whether there is a line."""
        return bool(np.isfinite(self.slope))

    def at(self, inside: Array) -> Array:
        """Return the share outside that the line expects at a share inside."""
        from scipy.special import ndtr

        return np.asarray(ndtr(self.intercept + self.slope * probit(inside)))

    def se(self, inside: Array) -> Array:
        """Return the standard error of the line there, on the probit scale."""
        away = probit(inside) - self.centre
        return np.asarray(self.scatter * np.sqrt(1 / self.n + away**2 / self.spread))

    def band(self, inside: Array, level: float) -> tuple[Array, Array]:
        """Return the ends of the line's interval there, as shares outside."""
        from scipy.special import ndtr

        middle = self.intercept + self.slope * probit(inside)
        half = t_quantile(level, self.n - 2) * self.se(inside)
        return np.asarray(ndtr(middle - half)), np.asarray(ndtr(middle + half))


@dataclass(frozen=True)
class Robustness:
    """How far each model lies above the line; arrays of shape (n_models,).

    Parameters
    ----------
    residual : ndarray
        Share outside minus what the line of all models expects.
    effective : ndarray
        The same against the line of the other models: what it is without the model's own pull.
    expected : ndarray
        What the others' line expects.
    low, high : ndarray
        Interval of `effective`.
    se, df : ndarray
        What intervals at other levels are made from.
    """

    residual: Array
    effective: Array
    expected: Array
    low: Array
    high: Array
    se: Array
    df: Array

    def interval(self, level: float) -> tuple[Array, Array]:
        """Return the interval of `effective` at another level."""
        half = t_quantile(level, self.df) * self.se
        return self.effective - half, self.effective + half


def probit(share: Array) -> Array:
    """Return the normal quantile of shares, clipped to [1e-4, 1 - 1e-4]."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(np.asarray(share, float), CLIP, 1 - CLIP)))


def on_the_line(
    inside: Array, outside: Array, se_inside: Array | None = None, *, level: float = 0.95
) -> Line:
    """Return the least-squares line of probit(outside) on probit(inside).

    Parameters
    ----------
    inside, outside : ndarray of shape (n_models,)
        Shares right of every model; at least three models that differ inside, else NaN.
    se_inside : ndarray of shape (n_models,), optional
        Standard errors of the shares inside. Sampling inside flattens the line: Student's interval
        of the slope is then stretched, away from 0, to that of the slope with the sampling
        variance taken out of the spread between models. Without it shares count as known.
    level : float
        Level of the interval of the slope.

    References
    ----------
    Fuller (1987), Measurement error models, section 1.2, for what sampling does to a slope;
    Miller et al. (2021), Accuracy on the line; Taori et al. (2020), Measuring robustness to natural
    distribution shifts in image classification.
    """
    check_level(level)
    x, y = probit(inside), probit(outside)
    n = len(x)
    spread = float(((x - x.mean()) ** 2).sum()) if n else 0.0
    if n < FEWEST or spread <= 1e-12:
        nan = float("nan")
        return Line(nan, nan, nan, nan, nan, n, nan, nan, nan)
    centre = float(x.mean())
    slope = float(((x - centre) * (y - y.mean())).sum() / spread)
    intercept = float(y.mean() - slope * centre)
    left = float(((y - intercept - slope * x) ** 2).sum())
    varied = float(((y - y.mean()) ** 2).sum())
    scatter = float(np.sqrt(left / (n - 2)))
    half = float(t_quantile(level, n - 2)) * scatter / np.sqrt(spread)
    r2 = 1 - left / varied if varied > 1e-12 else np.nan
    low, high = slope - half, slope + half
    if se_inside is not None:
        low, high = _unflattened(low, high, inside, np.asarray(se_inside, float), spread)
    return Line(slope, intercept, low, high, r2, n, scatter, centre, spread)


def _unflattened(
    low: float, high: float, inside: Array, se: Array, spread: float
) -> tuple[float, float]:
    """Return the ends of a slope, stretched by what sampling inside has flattened the line.

    Of the spread between models what sampling explains is taken out; NaN where less than a fifth
    is left, for then nothing is known of the slope.
    """
    by_sampling = np.square(se / _density(probit(inside)))
    left = 1 - float(by_sampling.mean()) * (len(se) - 1) / spread
    if not left > LEAST_LEFT:
        return np.nan, np.nan
    return min(low, low / left), max(high, high / left)


def robustness(
    inside: Array, outside: Array, se_inside: Array, se_outside: Array, *, level: float = 0.95
) -> Robustness:
    """Return how far every model lies above the line that the other models make.

    The interval holds the model's own sampling error on both sides and the uncertainty of a line
    through so few other models, with Satterthwaite's degrees of freedom.

    Parameters
    ----------
    inside, outside : ndarray of shape (n_models,)
        Shares right.
    se_inside, se_outside : ndarray of shape (n_models,)
        Their standard errors.
    level : float
        Level of `low`, `high`.

    Notes
    -----
    Errors that models share because they answer the same items move the line along with the model,
    so intervals are, if anything, too wide.
    """
    from scipy.special import ndtr

    inside, outside = np.asarray(inside, float), np.asarray(outside, float)
    check_rows_match(inside, outside, se_inside, se_outside)
    n = len(inside)
    expected, se, df = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    for one in range(n):
        others = np.arange(n) != one
        line = on_the_line(inside[others], outside[others], level=level)
        if not line.known:
            continue
        x = inside[one : one + 1]
        middle = line.intercept + line.slope * probit(x)
        steep = _density(middle)
        expected[one] = float(ndtr(middle)[0])
        through = steep * line.slope / _density(probit(x))
        of_line = float((steep * line.se(x))[0]) ** 2
        own = float(se_outside[one]) ** 2 + float(through[0] * se_inside[one]) ** 2
        se[one] = np.sqrt(of_line + own)
        of_freedom = divide((of_line + own) ** 2, of_line**2 / (line.n - 2))
        df[one] = float(of_freedom) if of_line > 0 else 1e9
    whole = on_the_line(inside, outside, level=level)
    residual = outside - whole.at(inside) if whole.known else np.full(n, np.nan)
    blank = np.full(n, np.nan)
    found = Robustness(residual, outside - expected, expected, blank, blank, se, df)
    low, high = found.interval(level)
    return Robustness(residual, found.effective, expected, low, high, se, df)


def _density(x: Array) -> Array:
    return np.asarray(np.exp(-np.square(x) / 2) / np.sqrt(2 * np.pi))

"""Which marker known beforehand tells what a score will be elsewhere, over models."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_rows_match

FEWEST = 6
"""Models below which a correlation says nothing and is not given."""

DRAWS = 2000


@dataclass(frozen=True)
class Forecast:
    """How well one marker tells an outcome; NaN where undefined.

    Parameters
    ----------
    pearson, pearson_low, pearson_high : float
        Correlation over models, with a percentile bootstrap over models.
    spearman, spearman_low, spearman_high : float
        Of ranks.
    error : float
        Mean absolute error of a line fitted without the family that is predicted.
    error_of_mean : float
        The same where the mean of the other families is the prediction.
    pairs : float
        Share of pairs of models the marker orders rightly, by the sign it has without them; ties
        count half.
    p_value : float
        Two-sided, of no correlation: the marker permuted over models.
    n_models, n_families : int
        Models with both numbers, and families among them.
    """

    pearson: float
    pearson_low: float
    pearson_high: float
    spearman: float
    spearman_low: float
    spearman_high: float
    error: float
    error_of_mean: float
    pairs: float
    p_value: float
    n_models: int
    n_families: int


def forecast(
    marker: Array,
    outcome: Array,
    families: Sequence[str],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
) -> Forecast:
    """Return how well a marker tells an outcome over models.

    Parameters
    ----------
    marker, outcome : ndarray of shape (n_models,)
        NaN where not known: such models are left out.
    families : sequence of str
        Family of every model; with one family each model is predicted from the others.
    rng : numpy.random.Generator
        Bootstrap and permutations.
    level : float
        Level of intervals.

    References
    ----------
    Study 06, geometry markers: prognosis.
    """
    check_rows_match(marker, outcome, np.asarray(families))
    known = np.isfinite(marker) & np.isfinite(outcome)
    x, y = np.asarray(marker, float)[known], np.asarray(outcome, float)[known]
    groups = np.unique(np.asarray(families)[known], return_inverse=True)[1]
    n, n_families = len(x), len(set(groups.tolist()))
    if n < FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        none = float("nan")
        return Forecast(none, none, none, none, none, none, none, none, none, none, n, n_families)
    ranks = _ranks(x), _ranks(y)
    ends = []
    picks = rng.integers(0, n, size=(DRAWS, n))
    for a, b in ((x, y), ranks):
        drawn = _rows_r(a[picks], b[picks])
        drawn = drawn[np.isfinite(drawn)]
        ends.append(np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    r, rho = _rows_r(x[None], y[None])[0], _rows_r(ranks[0][None], ranks[1][None])[0]
    shuffled = rng.permuted(np.tile(x, (DRAWS, 1)), axis=1)
    at_least = np.abs(_rows_r(shuffled, np.broadcast_to(y, shuffled.shape))) >= abs(r) - 1e-12
    left = groups if n_families > 1 else np.arange(n)
    error, error_of_mean = _left_out(x, y, left)
    return Forecast(
        float(r), float(ends[0][0]), float(ends[0][1]),
        float(rho), float(ends[1][0]), float(ends[1][1]),
        error, error_of_mean, pair_accuracy(x, y),
        float((1 + at_least.sum()) / (DRAWS + 1)), n, n_families,
    )  # fmt: skip


def pair_accuracy(marker: Array, outcome: Array) -> float:
    """Return the share of pairs ordered rightly by the sign the other models give the marker.

    The sign of a pair is that of the correlation without its two models, so that a marker of
    noise orders half of the pairs. Pairs of equal outcome are left out; equal markers count half.
    """
    n = len(marker)
    first, second = np.triu_indices(n, 1)
    apart = outcome[first] != outcome[second]
    first, second = first[apart], second[apart]
    if not len(first):
        return float("nan")
    kept = np.ones((len(first), n), dtype=bool)
    rows = np.arange(len(first))
    kept[rows, first] = kept[rows, second] = False
    count = kept.sum(axis=1)
    total = [(kept @ one) for one in (marker, outcome, marker * outcome)]
    sign = np.sign(total[2] * count - total[0] * total[1])
    agrees = (
        sign * np.sign(marker[first] - marker[second]) * np.sign(outcome[first] - outcome[second])
    )
    return float(((1 + agrees) / 2).mean())


def _left_out(x: Array, y: Array, groups: Array) -> tuple[float, float]:
    """Return the error of a line, and of a mean, fitted without the group that is predicted."""
    of_line, of_mean = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for one in np.unique(groups):
        out = groups == one
        a, b = x[~out], y[~out]
        spread = float(((a - a.mean()) ** 2).sum())
        slope = float(((a - a.mean()) * (b - b.mean())).sum()) / spread if spread else 0.0
        of_mean[out] = np.abs(y[out] - b.mean())
        of_line[out] = np.abs(y[out] - b.mean() - slope * (x[out] - a.mean()))
    return float(of_line.mean()), float(of_mean.mean())


def _rows_r(a: Array, b: Array) -> Array:
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    found: Array = np.divide(
        (a * b).sum(axis=1), size, out=np.full(len(a), np.nan), where=size > 1e-300
    )
    return found


def _ranks(values: Array) -> Array:
    from scipy.stats import rankdata

    found: Array = rankdata(values)
    return found

"""Two systems rated on the same prompts: effect sizes, tests, power, and checks of the blinding."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_rows_match
from stresslab.errors import ParamError, ShapeError, TooFewRowsError
from stresslab.stats.signflip import signflip_p

FEWEST = 5
"""Prompts below which no test is made."""


@dataclass(frozen=True)
class Ratings:
    """What few paired ratings can say.

    Parameters
    ----------
    difference, sd : float
        Mean and standard deviation of the differences A - B.
    low, high : float
        Student interval of the mean difference.
    d_z : float
        Mean over standard deviation; NaN where they never vary.
    rank_biserial : float
        (W+ - W-) / (W+ + W-); NaN where all differences are 0.
    wins, ties, losses : int
        Prompts on which A is rated higher, equal, lower.
    p_signflip, p_t, p_wilcoxon : float
        Two-sided p values; NaN below `FEWEST` prompts.
    n : int
        Prompts.
    """

    difference: float
    sd: float
    low: float
    high: float
    d_z: float
    rank_biserial: float
    wins: int
    ties: int
    losses: int
    p_signflip: float
    p_t: float
    p_wilcoxon: float
    n: int


def paired_ratings(
    a: Array, b: Array, *, level: float = 0.95, rng: np.random.Generator | None = None,
    scale: tuple[float, float] | None = None,
) -> Ratings:  # fmt: skip
    """Return what the ratings of two systems on the same prompts say.

    Parameters
    ----------
    a, b : ndarray of shape (n_prompts,)
        Rating of each system, a mean over raters; a prompt where either is NaN is left out.
    level : float
        Level of the interval.
    rng : numpy.random.Generator, optional
        For sign flips that must be drawn.
    scale : tuple of float, optional
        Smallest and largest rating.

    Raises
    ------
    ParamError
        If a rating lies outside `scale`.
    TooFewRowsError
        If no prompt was rated for both.

    References
    ----------
    Fisher (1935) for the sign flips; Pratt (1959) for zeros in Wilcoxon's test; Kerby (2014) for
    the matched rank-biserial correlation.
    """
    check_rows_match(a, b)
    if scale is not None:
        _check_scale(np.concatenate([a, b]).astype(float), scale)
    gaps = np.asarray(a, float) - np.asarray(b, float)
    gaps = gaps[np.isfinite(gaps)]
    n = len(gaps)
    if n == 0:
        raise TooFewRowsError("No prompt was rated for both systems. Rate the same prompts.")
    mean = float(gaps.mean())
    sd = float(gaps.std(ddof=1)) if n > 1 else float("nan")
    low, high = _student(mean, sd, n, level)
    p_flip, p_t, p_wilcoxon = _tests(gaps, mean, sd, rng)
    plus, minus = _signed_ranks(gaps)
    return Ratings(
        difference=mean, sd=sd, low=low, high=high, d_z=mean / sd if sd > 0 else float("nan"),
        rank_biserial=(plus - minus) / (plus + minus) if plus + minus > 0 else float("nan"),
        wins=int((gaps > 0).sum()), ties=int((gaps == 0).sum()), losses=int((gaps < 0).sum()),
        p_signflip=p_flip, p_t=p_t, p_wilcoxon=p_wilcoxon, n=n,
    )  # fmt: skip


def matched(a: Mapping[str, float], b: Mapping[str, float]) -> tuple[Array, Array]:
    """Return the ratings of both systems, prompt by prompt.

    Raises
    ------
    ShapeError
        If a prompt was rated for one of them only; all such prompts are named.
    """
    alone = [f"{one!r} (only {side})" for side, mine, other in (("A", a, b), ("B", b, a))
             for one in mine if one not in other]  # fmt: skip
    if alone:
        raise ShapeError(
            f"Both systems must be rated on the same prompts; unmatched: {', '.join(alone)}."
        )
    return np.array([a[one] for one in a], float), np.array([b[one] for one in a], float)


def contradicts_itself(claim: str, *, alpha: float = 0.05) -> bool:
    """Return whether a claim calls a difference significant and prints a p value above `alpha`.

    Parameters
    ----------
    claim : str
        A sentence with a p value, such as ``"significant (p > 0.05)"``; one without a p value, or
        that says "not significant", contradicts nothing.
    alpha : float
        Largest p value that is significant.
    """
    found = re.search(r"\bp\s*([<>=≤≥])\s*(0?\.\d+|[01])", claim, re.IGNORECASE)
    plain = re.sub(r"\b(not|non|in)[\s-]*significant", "", claim, flags=re.IGNORECASE)
    if not found or "significant" not in plain.lower():
        return False
    sign, value = found[1], float(found[2])
    return value >= alpha if sign in ">≥" else sign == "=" and value > alpha


def power_of_t(d_z: float, n: int, *, alpha: float = 0.05) -> float:
    """Return the power of a two-sided paired t test, from the non-central t distribution."""
    from scipy.stats import nct, t

    if n < 2 or not np.isfinite(d_z):
        return float("nan")
    limit, centre = t.ppf(1 - alpha / 2, n - 1), abs(d_z) * np.sqrt(n)
    return float(nct.sf(limit, n - 1, centre) + nct.cdf(-limit, n - 1, centre))


def detectable(n: int, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Return the smallest d_z that `n` prompts find with `power`; NaN below 2 prompts."""
    from scipy.optimize import brentq

    if n < 2:
        return float("nan")
    top = 1.0
    while power_of_t(top, n, alpha=alpha) < power:
        top *= 2
    return float(brentq(lambda d: power_of_t(d, n, alpha=alpha) - power, 1e-6, top))


def prompts_needed(d_z: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Return the prompts a paired t test needs to find `d_z`; NaN where it is 0 or unknown."""
    if not np.isfinite(d_z) or d_z == 0:
        return float("nan")
    low, high = 2, 4
    while power_of_t(d_z, high, alpha=alpha) < power:
        low, high = high, high * 2
        if high > 10**8:
            return float("nan")
    while high - low > 1:
        middle = (low + high) // 2
        if power_of_t(d_z, middle, alpha=alpha) < power:
            low = middle
        else:
            high = middle
    return float(low if power_of_t(d_z, low, alpha=alpha) >= power else high)


def position_balance(a_first: Array) -> tuple[float, float]:
    """Return the share of prompts on which A stood first, and the p value of an even split."""
    from scipy.stats import binomtest

    first = np.asarray(a_first, bool)
    if first.size == 0:
        return float("nan"), float("nan")
    return float(first.mean()), float(binomtest(int(first.sum()), first.size).pvalue)


def partial_correlation(x: Array, y: Array, given: Array) -> float:
    """Return the correlation of `x` and `y` once what `given` explains is taken out of both.

    NaN for fewer than 4 rows or where nothing varies.
    """
    rows = np.column_stack([x, y, given]).astype(float)
    rows = rows[np.isfinite(rows).all(axis=1)]
    if len(rows) < 4:
        return float("nan")
    known = np.column_stack([np.ones(len(rows)), rows[:, 2:]])
    left = rows[:, :2] - known @ np.linalg.lstsq(known, rows[:, :2], rcond=None)[0]
    size = float(np.sqrt((left[:, 0] ** 2).sum() * (left[:, 1] ** 2).sum()))
    scale = float(np.sqrt((rows[:, 0] ** 2).sum() * (rows[:, 1] ** 2).sum()))
    return float(left[:, 0] @ left[:, 1]) / size if size > 1e-12 * scale else float("nan")


def _check_scale(ratings: Array, scale: tuple[float, float]) -> None:
    wrong = ratings[(ratings < scale[0]) | (ratings > scale[1])]
    if wrong.size:
        raise ParamError(
            f"Ratings must lie between {scale[0]:g} and {scale[1]:g}; got {wrong[0]:g}."
        )


def _student(mean: float, sd: float, n: int, level: float) -> tuple[float, float]:
    from scipy.special import stdtrit

    if n < 2 or sd == 0:
        return float("nan"), float("nan")
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * sd / np.sqrt(n)
    return mean - half, mean + half


def _tests(
    gaps: Array, mean: float, sd: float, rng: np.random.Generator | None
) -> tuple[float, float, float]:
    from scipy.special import stdtr
    from scipy.stats import wilcoxon

    n = len(gaps)
    if n < FEWEST:
        return float("nan"), float("nan"), float("nan")
    p_flip, _ = signflip_p(gaps, rng=rng or np.random.default_rng(0))
    if not gaps.any():
        return p_flip, 1.0, 1.0
    p_t = 2 * float(stdtr(n - 1, -abs(mean) / (sd / np.sqrt(n)))) if sd > 0 else 0.0
    return p_flip, p_t, float(wilcoxon(gaps, zero_method="pratt", method="asymptotic").pvalue)


def _signed_ranks(gaps: Array) -> tuple[float, float]:
    """Return the sums of Pratt's ranks of positive and of negative differences."""
    from scipy.stats import rankdata

    ranks = rankdata(np.abs(gaps))
    return float(ranks[gaps > 0].sum()), float(ranks[gaps < 0].sum())

"""The verdicts of a family of comparisons: corrected, with intervals that agree with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_level
from stresslab.errors import ParamError
from stresslab.stats import correct
from stresslab.stats import power as powers
from stresslab.stats.difference import Difference, concatenate
from stresslab.stats.equivalence import tost_p

VERDICTS = ("better", "worse", "equivalent", "cannot tell")
"""What can be said of the first model against the second."""

JUST = 1e-12
"""A bound that is open at 0 is printed as this far from it."""


@dataclass(frozen=True)
class Settled:
    """What a family says after correction; arrays of shape (n_comparisons,).

    Parameters
    ----------
    p_adjusted : ndarray
        Corrected p value of "no difference".
    low_adjusted, high_adjusted : ndarray
        Simultaneous interval; excludes 0 exactly where the verdict is better or worse.
    verdict : ndarray of str
        ``better``, ``worse``, ``equivalent`` or ``cannot tell``.
    n_needed : ndarray
        Clusters for the wanted power where the verdict is ``cannot tell``, else NaN.
    alpha : float
        Level of the single test behind `n_needed`: what the next comparison must stay below.
    correction : str
        ``holm``, ``bh`` or ``none``.
    """

    p_adjusted: Array
    low_adjusted: Array
    high_adjusted: Array
    verdict: Array
    n_needed: Array
    alpha: float
    correction: str


def settle(
    differences: Sequence[Difference],
    *,
    level: float = 0.95,
    correction: str = "auto",
    margin: float | None = None,
    power: float = 0.8,
) -> Settled:
    """Return the corrected verdicts of all differences one result shows.

    ``better`` or ``worse`` iff the corrected p value is below 1 - level; ``equivalent`` iff, else,
    the corrected two one-sided tests pass the margin; ``cannot tell`` otherwise, also where nothing
    could be computed. An interval whose test disagrees with it is cut at, or stretched to, 0.

    Parameters
    ----------
    differences : sequence of Difference
        The family, in order.
    level : float
        One minus the error the family may make.
    correction : str
        ``auto`` (Holm up to 20 comparisons, else Benjamini-Hochberg), ``holm``, ``bh``, ``none``.
    margin : float, optional
        Differences below it count as equal; without one nothing is ``equivalent``.
    power : float
        Wanted chance behind `n_needed`.

    Raises
    ------
    ParamError
        If `level` or `power` is not strictly between 0 and 1, or `correction` is unknown.
    """
    check_level(level)
    if not 0 < power < 1:
        raise ParamError(f"power must lie strictly between 0 and 1; got {power!r}.")
    if not differences:
        correct.resolve(correction, 0)
        none = np.empty(0)
        return Settled(none, none, none, none.astype(object), none, 1 - level, "none")
    found = concatenate(differences)
    known = np.isfinite(found.p_value)
    method = correct.resolve(correction, int(known.sum()))
    p_adjusted = correct.adjust(found.p_value, method)
    rejected = known & (p_adjusted < 1 - level)
    verdict = np.full(known.shape, "cannot tell", dtype=object)
    if margin is not None:
        p_tost = correct.adjust(tost_p(found, margin), method)
        verdict[p_tost < 1 - level] = "equivalent"
    verdict[rejected & (found.difference > 0)] = "better"
    verdict[rejected & (found.difference < 0)] = "worse"
    low, high = found.interval(correct.interval_levels(rejected, known, method, level))
    low, high = _agreeing(low, high, verdict)
    alpha = correct.next_alpha(rejected, known, method, level)
    needed = powers.n_needed(found, alpha=alpha, power=power, margin=margin)
    needed = np.where(verdict == "cannot tell", needed, np.nan)
    return Settled(p_adjusted, low, high, verdict, needed, alpha, method)


def _agreeing(low: Array, high: Array, verdict: Array) -> tuple[Array, Array]:
    better, worse = verdict == "better", verdict == "worse"
    low = np.where(better, np.maximum(low, JUST), np.where(worse, low, np.minimum(low, 0.0)))
    high = np.where(worse, np.minimum(high, -JUST), np.where(better, high, np.maximum(high, 0.0)))
    return low, high

"""Repeated trials: how often a model gives the same item another score."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses._value import frame
from stresslab.checks import Array
from stresslab.result import Column

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.query import Pairs

NUMBERS = (
    "value", "low", "high", "share_mixed", "mixed_low", "mixed_high", "within_sd", "between_sd",
    "trials",
)  # fmt: skip
KINDS = {"model": "str"} | dict.fromkeys(NUMBERS, "float64") | {"n": "int64", "n_clusters": "int64"}


def flips(pairs: "Pairs", level: float, *, rate: bool) -> "pd.DataFrame":
    """Return one row per model whose inputs were tried more than once.

    ``value`` is the flip rate: the chance that two trials of one input differ, unbiased,
    ``2 p (1 - p) k / (k - 1)`` for k trials of which a share p is right, averaged over inputs.
    ``share_mixed`` is the share of inputs with both right and wrong trials. The variance of a
    trial is split into within inputs (half the flip rate) and between them.

    Parameters
    ----------
    pairs : Pairs
        Means over trials; each input is counted once.
    level : float
        Level of the intervals.
    rate : bool
        Whether every single trial is 0 or 1; without it spread cannot be told from means.
    """
    from stresslab.analyses._paired import once

    first = once(pairs)
    rows: list[dict[str, Any]] = []
    for place, model in enumerate(pairs.models):
        if not rate or not (pairs.trials[:, place] > 1).any():
            continue
        p, k = pairs.values[first, place], pairs.trials[first, place].astype(float)
        used = np.isfinite(p) & (k > 1)
        if not used.any():
            continue
        p, k, cluster = p[used], k[used], pairs.cluster[first][used]
        flip = flip_rate(p, k, cluster, level)
        mixed = _mean(((p > 0) & (p < 1)).astype(float), cluster, level, binary=True)
        within = flip[0] / 2
        between = float(p.var(ddof=1)) - within / float(k.mean()) if len(p) > 1 else np.nan
        names = ("value", "low", "high", "share_mixed", "mixed_low", "mixed_high")
        rows.append(
            {
                "model": model, **dict(zip(names, (*flip, *mixed), strict=True)),
                "within_sd": within**0.5, "between_sd": max(between, 0.0) ** 0.5,
                "trials": float(k.mean()), "n": len(p), "n_clusters": len(np.unique(cluster)),
            }
        )  # fmt: skip
    return frame(KINDS, rows)


def flip_rate(p: Array, k: Array, cluster: Array, level: float) -> tuple[float, float, float]:
    """Return the chance that two trials of one input differ, with its interval.

    Parameters
    ----------
    p, k : ndarray of shape (n_inputs,)
        Share right of the trials of each input, and their number, at least 2.
    cluster : ndarray of int, shape (n_inputs,)
        Cluster codes.
    level : float
        Level of the interval.
    """
    return _mean(2 * p * (1 - p) * k / (k - 1), cluster, level, binary=False)


def meanings(level: float) -> dict[str, Column]:
    """Return what the columns of `flips` mean."""
    return {
        "value": Column(
            "number", "chance that two trials of one input differ", "smaller is better"
        ),
        "low": Column("number", f"{level:.0%} interval"),
        "high": Column("number", f"{level:.0%} interval"),
        "share_mixed": Column("number", "inputs with both right and wrong trials"),
        "within_sd": Column("number", "spread of a trial within its input"),
        "between_sd": Column("number", "spread between inputs, without that of their trials"),
        "trials": Column("number", "trials per input"),
        "n": Column("integer", "inputs tried more than once"),
    }


def _mean(
    values: Array, cluster: Array, level: float, *, binary: bool
) -> tuple[float, float, float]:
    from stresslab.stats.intervals import from_moments

    codes = np.unique(cluster, return_inverse=True)[1]
    sums, sizes = np.bincount(codes, weights=values), np.bincount(codes).astype(float)
    found = from_moments(
        values.sum(), len(values), len(sums), sums @ sums, sums @ sizes, sizes @ sizes,
        sq=values @ values, rate=binary, level=level, bounds=(0.0, 1.0),
    )  # fmt: skip
    return float(found.value), float(found.low), float(found.high)

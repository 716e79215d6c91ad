"""The gap over tiers or another complexity, and where it is widest."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _ood_sums, _paired, _value
from stresslab.analyses._ask import Asked
from stresslab.analyses._ood_sides import Sides
from stresslab.errors import ParamError
from stresslab.gaps.valley import critical_interval, peak, widest_interval
from stresslab.result import Column, Warn
from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3
"""Levels below which there is no valley."""

VALLEY: dict[str, Any] = (
    {"model": "str", "over": "str", "level": "float64"}
    | dict.fromkeys(("value_in", "value_out", "gap", "low", "high"), "float64")
    | dict.fromkeys(("n_in", "n_out", "n", "n_clusters"), "int64")
)
CRITICAL: dict[str, Any] = (
    {"model": "str", "over": "str"}
    | dict.fromkeys(("critical", "critical_low", "critical_high", "vertex", "gap"), "float64")
    | dict.fromkeys(("low", "high", "share_flat"), "float64")
    | {"flat": "bool", "n_levels": "int64", "n": "int64", "n_clusters": "int64"}
)


def valleys(
    asked: Asked, found: Sequence[Sides], how: _paired.Judge
) -> tuple[dict[str, "pd.DataFrame"], list[Warn]]:
    """Return the gap at every level of every axis, and the critical level of each model."""
    import pandas as pd

    rows, tops = [_value.frame(VALLEY)], [_value.frame(CRITICAL)]
    whole = [one for one in found if one.split.whole and one.known.any()]
    if how.bounds == (0.0, 1.0):  # the limit of a flat valley is one of shares
        for sides in whole:
            levels = _levels(asked, sides, how)
            rows.append(levels[list(VALLEY)])
            tops.append(_tops(levels, asked, how))
    tables = {
        "valley": pd.concat([one for one in rows if len(one)] or rows[:1], ignore_index=True),
        "critical": pd.concat([one for one in tops if len(one)] or tops[:1], ignore_index=True),
    }
    warnings = []
    if whole and tables["critical"].empty:
        text = f"No valley over complexity: no model has both sides at {FEWEST} levels of one axis."
        warnings.append(Warn("no-valley", text))
    return tables, warnings


def meanings(level: float) -> dict[str, dict[str, Column]]:
    """Return what the columns mean."""
    ends = Column("number", f"{level:.0%} interval of the gap at this level, not corrected")
    return {
        "valley": {
            "gap": Column("number", "what is lost out of distribution", "smaller is better"),
            "low": ends, "high": ends,
        },
        "critical": {
            "critical": Column("number", "level with the widest gap, the lowest of several"),
            "critical_low": Column("number", f"{level:.0%} interval, by bootstrap"),
            "critical_high": Column("number", f"{level:.0%} interval, by bootstrap"),
            "vertex": Column("number", "peak of the parabola through the levels around it"),
            "gap": Column("number", "widest gap; 0 where nothing is lost", "smaller is better"),
            "low": Column("number", f"{level:.0%} interval that knows it was picked"),
            "high": Column("number", f"{level:.0%} interval that knows it was picked"),
            "share_flat": Column("number", "share of resamples with no gap of .02 or more"),
        },
    }  # fmt: skip


def _levels(asked: Asked, sides: Sides, how: _paired.Judge) -> "pd.DataFrame":
    """Return the gap of every model at every level that has both sides."""
    params: Any = asked.params
    by = ("perturbation", "tier") if params.complexity == "tier" else (params.complexity,)
    split = sides.split
    ends = [
        _ood_sums.cells(asked, split, one, by=by, clean=params.complexity != "tier")
        for one in (split.inside, split.outside)
    ]
    if any(one[by[-1]].dtype.kind not in "iuf" for one in ends):
        raise ParamError(f"complexity must be tier or a number of items; {by[-1]} is neither.")
    both = ends[0].merge(ends[1], on=["model", *by], suffixes=("_in", "_out"))
    if by[0] == "perturbation":
        both = both[both["perturbation"].notna()]
    both = both[(both["n_in"] > 0) & (both["n_out"] > 0)].reset_index(drop=True)
    if both.empty:
        return _value.frame(VALLEY | {"se": "float64"})
    level = both[by[-1]]
    halves = [
        both[[f"{one}_{side}" for one in _ood_sums.MOMENTS]].set_axis(_ood_sums.MOMENTS, axis=1)
        for side in ("in", "out")
    ]
    gaps = _ood_sums.difference(asked, how, *(_ood_sums.side(one) for one in halves))
    table = both[["model"]].assign(
        over=both["perturbation"] if len(by) > 1 else by[0], level=level.astype(float),
        value_in=both["total_in"] / both["n_in"], value_out=both["total_out"] / both["n_out"],
        gap=gaps.difference, low=gaps.low, high=gaps.high, n_in=both["n_in"], n_out=both["n_out"],
        n=both["n_in"] + both["n_out"], n_clusters=both["n_clusters_in"] + both["n_clusters_out"],
    )  # fmt: skip
    table["se"] = gaps.sd_cluster / np.sqrt(np.maximum(gaps.n_clusters, 1))
    return table.sort_values(["model", "over", "level"], kind="stable").reset_index(drop=True)


def _tops(levels: "pd.DataFrame", asked: Asked, how: _paired.Judge) -> "pd.DataFrame":
    """Return the critical level of every curve, from levels with enough rows on both sides."""
    rows: list[dict[str, Any]] = []
    gaps, places, spreads = (levels[one].to_numpy() for one in ("gap", "level", "se"))
    many = (levels[["n_in", "n_out"]].min(axis=1) >= _value.FEW).to_numpy()
    sizes, clusters = levels["n"].to_numpy(), levels["n_clusters"].to_numpy()
    keys = list(zip(levels["model"], levels["over"], strict=True))
    start = 0
    for (model, axis), same in groupby(keys):
        part = slice(start, start + len(list(same)))
        start = part.stop
        gap, at, spread = gaps[part], places[part], spreads[part]
        enough = many[part]
        gap, at, spread = gap[enough], at[enough], spread[enough]
        if len(gap) < FEWEST:
            continue
        critical, widest, vertex = peak(np.maximum(gap, 0), at)
        low, high, flat = critical_interval(
            gap, spread, at, rng=rng_for(asked.params.seed, "valley"), level=how.level
        )
        least, most = widest_interval(gap, spread, level=how.level)
        rows.append(
            {
                "model": model, "over": axis, "critical": critical, "critical_low": low,
                "critical_high": high, "vertex": vertex, "gap": widest,
                "low": least, "high": most,
                "share_flat": flat, "flat": bool(widest < 0.02), "n_levels": len(gap),
                "n": int(sizes[part][enough].sum()),
                "n_clusters": int(clusters[part][enough].max()),
            }
        )  # fmt: skip
    found = _value.frame(CRITICAL, rows)
    nothing = found["gap"] <= 0
    found.loc[nothing, ["critical", "critical_low", "critical_high", "vertex"]] = np.nan
    return found

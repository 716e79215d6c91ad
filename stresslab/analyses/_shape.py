"""The shape of tier curves: which one fits, where they leave their start, who comes back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _paired
from stresslab.analyses._ask import Asked
from stresslab.analyses._curve import Curve
from stresslab.analyses._value import column_type, frame
from stresslab.result import Column
from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.stats.dose import Fit
    from stresslab.stats.tiers import Steps

ESTIMATES = ("retention", "worst_of_tier", "share_recovering", "onset", "rise", "mark")
"""Numbers of a shape that have an interval: ``x, x_low, x_high``."""

TEXTS = ("turns", "shape", "mark_is")
SHAPE = (
    "n_tiers", "n_items", "p_monotone", "p_adjusted", "turns", "onset_tier", "rise_tier", "n_broke",
    *(f"{name}{end}" for name in ESTIMATES for end in ("", "_low", "_high")), "shape", "weight",
    "p_fit", "mark_is",
)  # fmt: skip
FITS = (
    "shape", "aic", "weight", "p_fit", "chosen", "mark_is", "mark", "mark_low", "mark_high",
    "n_tiers",
)  # fmt: skip
MARKS = {"quadratic": "vertex", "logistic": "c50", "changepoint": "changepoint"}
FINE = 41
"""Places between the first and the last tier at which a fitted curve is drawn."""


def shapes(
    asked: Asked, by: Sequence[str], curves: Sequence[Curve], how: _paired.Judge
) -> dict[str, "pd.DataFrame"]:
    """Return the tables ``shape, fits, fitted`` of curves.

    Parameters
    ----------
    asked : Asked
        The question.
    by : sequence of str
        Columns that name a curve beside its model.
    curves : sequence of Curve
        Those of the question.
    how : Judge
        Level and bounds of the intervals.
    """
    floor = _floor(asked, how)
    fitted = [_fits(curve, how, floor) for curve in curves]
    listed = [row for pair in zip(curves, fitted, strict=True) for row in _listed(*pair)]
    drawn = [row for pair in zip(curves, fitted, strict=True) for row in _drawn(*pair)]
    kinds = _kinds(by)
    found = {"fits": frame(kinds["fits"], listed), "fitted": frame(kinds["fitted"], drawn)}
    return {"shape": table_of(curves, how, by, fitted)} | found


def table_of(
    curves: Sequence[Curve],
    how: _paired.Judge,
    by: Sequence[str],
    fitted: Sequence[list["Fit"]] = (),
) -> "pd.DataFrame":
    """Return the table ``shape``; onsets and rises are clear for all tiers of all curves at once.

    Parameters
    ----------
    curves, how, by
        As in `shapes`.
    fitted : sequence of list of Fit
        What was fitted to each curve, the best first.
    """
    from stresslab.stats.correct import adjust, resolve

    many = sum(len(curve.tiers) > 1 for curve in curves)
    strict = 1 - (1 - how.level) / max(1, many)
    pairs = zip(curves, fitted or [[]] * len(curves), strict=True)
    rows = [_shape(curve, how, found, strict) for curve, found in pairs]
    p_values = np.array([row["p_monotone"] for row in rows], float)
    known = np.isfinite(p_values)
    adjusted = np.full(len(rows), np.nan)
    if known.any():
        adjusted[known] = adjust(p_values[known], resolve("auto", int(known.sum())))
    for row, p_adjusted in zip(rows, adjusted, strict=True):
        row["p_adjusted"] = p_adjusted
    return frame(_kinds(by)["shape"], rows)


def empty(by: Sequence[str]) -> dict[str, "pd.DataFrame"]:
    """Return the tables of `shapes` without rows."""
    return {name: frame(kinds) for name, kinds in _kinds(by).items()}


def meanings(level: float) -> dict[str, dict[str, Column]]:
    """Return what the columns of `shapes` mean."""
    return {
        "shape": {
            "retention": Column("number", "last tier / first tier", "larger is better"),
            "worst_of_tier": Column("number", "mean over items of their worst tier"),
            "share_recovering": Column("number", "of the items that broke, right again later"),
            "onset_tier": Column("integer", "first tier that clearly differs from the first"),
            "onset": Column(
                "number", "that tier minus the first; its interval holds for all tiers and curves"
            ),
            "rise_tier": Column("integer", "first tier clearly better than the one before"),
            "rise": Column("number", "that tier minus the one before, likewise"),
            "p_monotone": Column("number", "no tier is harder than another, item by item"),
            "weight": Column("number", "Akaike weight of the chosen shape"),
            "p_fit": Column("number", "chance of such a distance if that is the shape"),
            "mark": Column("number", f"tier of the mark, {level:.0%} interval beside it"),
        },
        "fits": {"aic": Column("number", "distance + 2 parameters", "smaller is better")},
    }


def _floor(asked: Asked, how: _paired.Judge) -> float | None:
    """Return what a curve falls to: chance where the task says it, else the lower bound."""
    if how.bounds is None or not how.larger_is_better:
        return None
    table = asked.contents.tasks
    known = table.loc[table["task"] == asked.question.task, "chance"].dropna()
    if asked.params.metric == "score" and len(known):
        return float(known.iloc[0])
    return how.bounds[0]


def _fits(curve: Curve, how: _paired.Judge, floor: float | None) -> list["Fit"]:
    from stresslab.stats.dose import fits
    from stresslab.stats.tiers import tier_means

    if len(curve.tiers) < 3:
        return []
    ceiling = None if how.bounds is None else how.bounds[1]
    return fits(tier_means(curve.profiles), curve.tiers, floor=floor, ceiling=ceiling)


def _shape(curve: Curve, how: _paired.Judge, found: list["Fit"], strict: float) -> dict[str, Any]:
    from stresslab.stats import dose, tiers

    row: dict[str, Any] = dict(curve.labels) | dict.fromkeys(SHAPE, np.nan)
    row |= dict.fromkeys(TEXTS, "") | {"n_tiers": len(curve.tiers), "n_items": len(curve.values)}
    row |= {"onset_tier": None, "rise_tier": None, "n_broke": 0}
    if len(curve.tiers) < 2:
        return row | {"turns": "one tier"}
    settings: dict[str, Any] = {"rate": how.rate, "level": strict, "bounds": how.bounds}
    falls = how.larger_is_better
    starts = tiers.onset(curve.profiles, **settings, falls=falls)
    turns = tiers.rise(curve.profiles, **settings, falls=falls)
    row |= _step(curve, starts, "onset") | _step(curve, turns, "rise")
    row["turns"] = "comes back" if turns.index != tiers.NONE else "never clearly comes back"
    if curve.paired:
        row["p_monotone"] = tiers.monotone_p(curve.profiles, rng=rng_for(how.seed, "monotone"))
        row |= _of_items(curve, how)
    if found:
        best = found[0]
        row |= {
            "shape": best.shape, "weight": float(dose.akaike_weights(found)[0]),
            "p_fit": best.p_fit,
            "mark_is": MARKS.get(best.shape, ""), "mark": best.mark, "mark_low": best.mark_low,
            "mark_high": best.mark_high,
        }  # fmt: skip
    if found and found[0].shape == "quadratic":
        bent = dose.bend_of(tiers.tier_means(curve.profiles), curve.tiers)
        row["shape"] = bent.verdict if bent.verdict != "no bend" else "quadratic"
    return row


def _of_items(curve: Curve, how: _paired.Judge) -> dict[str, Any]:
    """Return what needs the same item at every tier."""
    from stresslab.stats import tiers, trend

    found: dict[str, Any] = {}
    if how.larger_is_better and how.bounds is not None and how.bounds[0] >= 0:
        kept = trend.retention(curve.values, curve.cluster, level=how.level)
        found |= {"retention": kept.value, "retention_low": kept.low, "retention_high": kept.high}
    worst = tiers.worst_of_tiers(
        curve.profiles, rate=how.rate, level=how.level, bounds=how.bounds,
        higher_is_better=how.larger_is_better,
    )  # fmt: skip
    found |= _interval("worst_of_tier", worst)
    if curve.breaks and how.rate:
        again, n = tiers.share_recovering(curve.profiles, level=how.level)
        found |= _interval("share_recovering", again) | {"n_broke": n}
    return found


def _interval(name: str, one: Any) -> dict[str, Any]:
    return {name: float(one.value), f"{name}_low": float(one.low), f"{name}_high": float(one.high)}


def _step(curve: Curve, found: "Steps", name: str) -> dict[str, Any]:
    """Return the tier that was found and its difference; nulls where there is none."""
    if found.index < 1:
        return {}
    at = found.index - 1
    return {
        f"{name}_tier": int(curve.tiers[found.index]), name: float(found.difference[at]),
        f"{name}_low": float(found.low[at]), f"{name}_high": float(found.high[at]),
    }  # fmt: skip


def _listed(curve: Curve, found: list["Fit"]) -> list[dict[str, Any]]:
    from stresslab.stats.dose import akaike_weights

    if not found:
        return []
    worth = akaike_weights(found)
    return [
        {
            **curve.labels, "shape": one.shape, "aic": one.aic, "weight": float(weight),
            "p_fit": one.p_fit,
            "chosen": number == 0, "mark_is": MARKS.get(one.shape, ""), "mark": one.mark,
            "mark_low": one.mark_low, "mark_high": one.mark_high, "n_tiers": len(curve.tiers),
        }
        for number, (one, weight) in enumerate(zip(found, worth, strict=True))
    ]  # fmt: skip


def _drawn(curve: Curve, found: list["Fit"]) -> list[dict[str, Any]]:
    if not found:
        return []
    places = np.linspace(curve.tiers[0], curve.tiers[-1], FINE)
    heights = np.broadcast_to(found[0].curve(places), places.shape)
    return [
        {**curve.labels, "position": float(place), "fitted": float(height)}
        for place, height in zip(places, heights, strict=True)
    ]


def _kinds(by: Sequence[str]) -> dict[str, dict[str, str]]:
    named = {"model": "str"} | {name: column_type(name) for name in by}
    whole = dict.fromkeys(("n_tiers", "n_items", "n_broke"), "int64")
    tiers = dict.fromkeys(("onset_tier", "rise_tier"), "Int64")
    texts = dict.fromkeys(TEXTS, "str")
    shape = dict.fromkeys(SHAPE, "float64") | whole | tiers | texts
    fits = dict.fromkeys(FITS, "float64") | {"n_tiers": "int64", "chosen": "bool"}
    fits |= {"shape": "str", "mark_is": "str"}
    fitted = {"position": "float64", "fitted": "float64"}
    return {"shape": named | shape, "fits": named | fits, "fitted": named | fitted}

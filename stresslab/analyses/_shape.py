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
    from stresslab.stats.intervals import Interval
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
    rows = _numbers(curves, how, strict)
    for row, curve, found in zip(rows, curves, fitted or [[]] * len(curves), strict=True):
        row |= _fitted(curve, found)
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
    return fits(tier_means(curve.items), curve.tiers, floor=floor, ceiling=ceiling,
                level=how.level)  # fmt: skip


def _numbers(curves: Sequence[Curve], how: _paired.Judge, strict: float) -> list[dict[str, Any]]:
    """Return what `SHAPE` says of every curve but its fit."""
    from stresslab.stats import tiers

    many = [curve for curve in curves if len(curve.tiers) > 1]
    falls = how.larger_is_better
    weights = [(tiers.from_first(len(one.tiers)), tiers.from_previous(len(one.tiers)))
               for one in many]  # fmt: skip
    parts = [
        (one.items, rows, falls == down)
        for one, both in zip(many, weights, strict=True)
        for rows, down in zip(both, (True, False), strict=True)
    ]
    steps = iter(tiers.steps(parts, rate=how.rate, level=strict, bounds=how.bounds))
    of_items = iter(_of_items([one for one in many if one.paired], how))
    rows = []
    for curve in curves:
        row: dict[str, Any] = dict(curve.labels) | dict.fromkeys(SHAPE, np.nan)
        row |= dict.fromkeys(TEXTS, "") | {"n_tiers": len(curve.tiers), "n_items": curve.n_items}
        row |= {"onset_tier": None, "rise_tier": None, "n_broke": 0, "turns": "one tier"}
        if len(curve.tiers) > 1:
            starts, turns = next(steps), next(steps)
            row |= _step(curve, starts, "onset") | _step(curve, turns, "rise")
            back = turns.index != tiers.NONE
            row["turns"] = "comes back" if back else "never clearly comes back"
            row |= next(of_items) if curve.paired else {}
        rows.append(row)
    return rows


def _fitted(curve: Curve, found: list["Fit"]) -> dict[str, Any]:
    """Return what `SHAPE` says of the fit of a curve."""
    from stresslab.stats import dose, tiers

    if not found:
        return {}
    best = found[0]
    row = {
        "shape": best.shape, "weight": float(dose.akaike_weights(found)[0]), "p_fit": best.p_fit,
        "mark_is": MARKS.get(best.shape, ""), "mark": best.mark, "mark_low": best.mark_low,
        "mark_high": best.mark_high,
    }  # fmt: skip
    if best.shape == "quadratic":
        bent = dose.bend_of(tiers.tier_means(curve.items), curve.tiers)
        row["shape"] = bent.verdict if bent.verdict != "no bend" else "quadratic"
    return row


def _of_items(curves: Sequence[Curve], how: _paired.Judge) -> list[dict[str, Any]]:
    """Return what needs the same item at every tier."""
    from stresslab.stats import tiers
    from stresslab.stats.retained import retention

    falls = how.larger_is_better
    keeps = falls and how.bounds is not None and how.bounds[0] >= 0
    worst = tiers.means(
        [tiers.worst_moments(one.items, rate=how.rate, higher_is_better=falls) for one in curves],
        level=how.level, bounds=how.bounds,
    )  # fmt: skip
    breaks = [curve for curve in curves if curve.breaks and how.rate]
    again = [tiers.recovering_moments(one.items) for one in breaks]
    recovering = tiers.means([moments for moments, _ in again], level=how.level)
    broke = iter(range(len(breaks)))
    rows = []
    for place, curve in enumerate(curves):
        found: dict[str, Any] = {
            "p_monotone": tiers.monotone_p(curve.items, rng=rng_for(how.seed, "monotone"))
        }
        if keeps:
            kept = retention(curve.items, level=how.level, bounds=how.bounds)
            found |= {"retention": kept.value, "retention_low": kept.low,
                      "retention_high": kept.high}  # fmt: skip
        found |= _interval("worst_of_tier", worst, place)
        if curve.breaks and how.rate:
            one = next(broke)
            found |= _interval("share_recovering", recovering, one) | {"n_broke": again[one][1]}
        rows.append(found)
    return rows


def _interval(name: str, one: "Interval", place: int) -> dict[str, Any]:
    return {
        name: float(one.value[place]), f"{name}_low": float(one.low[place]),
        f"{name}_high": float(one.high[place]),
    }  # fmt: skip


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

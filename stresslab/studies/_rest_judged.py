"""How simulated solvers of several questions at once fall, by level, position and order."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for
from stresslab.stats.intervals import wilson
from stresslab.stats.paired import paired_difference
from stresslab.stats.retained import retention
from stresslab.stats.trend import contrast, slope
from stresslab.studies import _read
from stresslab.studies._rest_questions import LEVELS
from stresslab.studies._rest_solvers import ERRORS

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK, ORDER_TASK = "arithmetic under load", "easy and hard together"
HOLDS = 0.02
"""A loss below it is none."""


def answers_of(workspace: "Workspace", solver: str) -> "pd.DataFrame":
    """Return the answers of a solver: a row per question, level and position."""
    rows = _read.table(workspace, TASK, solver)
    tier = rows["variant_id"].str.extract(r":(\d+)$")[0].fillna("0").astype(int)
    return rows.assign(tier=tier, item=rows["variant_id"].str.partition("#")[0])


def positions(solver: str, rows: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the share right by level and position; every question stands there once."""
    cells = rows.groupby(["tier", "trial"])["score"].agg(["sum", "count"]).reset_index()
    share = wilson(cells["sum"], cells["count"])
    return [
        {"model": solver, "row": f"{LEVELS[int(tier)]} at once", "column": f"{int(place) + 1}",
         "size": LEVELS[int(tier)], "position": int(place) + 1, "value": value, "low": low,
         "high": high, "n": int(n)}
        for tier, place, n, value, low, high in zip(
            cells["tier"], cells["trial"], cells["count"], share.value, share.low, share.high,
            strict=True)
    ]  # fmt: skip


def errors(solver: str, rows: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the share of the answers at nine problems that each kind of error spoils."""
    last = rows[rows["tier"] == len(LEVELS) - 1]
    found = []
    for kind in ERRORS:
        share = wilson(float((last["error"] == kind).sum()), len(last))
        found.append(
            {"row": solver, "column": kind, "value": float(share.value), "low": float(share.low),
             "high": float(share.high), "n": len(last)}
        )  # fmt: skip
    return found


def judged(solver: str, rows: "pd.DataFrame") -> dict[str, Any]:
    """Return how a solver falls from one problem to nine, and what that looks like.

    Parameters
    ----------
    solver : str
        Its name.
    rows : DataFrame
        ``item, tier, trial, score, answer, tokens_out``, a row per answer; the tiers are `LEVELS`.
    """
    levels = rows.pivot_table(index="item", columns="tier", values="score", observed=True)
    values = levels.reindex(columns=range(len(LEVELS))).to_numpy(float)
    last = rows[rows["tier"] == len(LEVELS) - 1]
    there = last.pivot(index="item", columns="trial", values="score").to_numpy(float)
    kept, under, down, leans = _measures(values, there)
    first = last[last["trial"] == 0]["tokens_out"].sum() / max(last["tokens_out"].sum(), 1)
    omitted = wilson(float(last["answer"].isna().sum()), len(last))
    verdict = "holds under load"
    if down.low > HOLDS:
        verdict = "front-loaded" if leans.high < 0 else "falls evenly"
    if np.isnan(down.value):
        verdict = "not asked alone"
    if omitted.low > HOLDS:
        verdict = "drops items"
    return {
        "label": solver, "value": kept.value, "low": kept.low, "high": kept.high,
        "n": len(values), "verdict": verdict, "score_under_load": under.value,
        "score_low": under.low, "score_high": under.high, "drop": down.value,
        "drop_low": down.low, "drop_high": down.high, "position_slope": leans.value,
        "slope_low": leans.low, "slope_high": leans.high, "tokens_on_first": float(first),
        "omitted": float(omitted.value), "omitted_low": float(omitted.low),
        "omitted_high": float(omitted.high), "n_answers": len(last),
    }  # fmt: skip


def _measures(values: Array, there: Array) -> tuple[Any, Any, Any, Any]:
    """Return retention, score under load, drop, and slope over positions, with intervals."""
    n, alone = values.shape[1], np.arange(len(values))
    over = np.r_[0.0, np.full(n - 1, 1 / (n - 1))]
    fall = np.r_[1.0, np.zeros(n - 2), -1.0]
    return (
        retention(values, alone, bounds=(0.0, 1.0)),
        contrast(values, over, alone, rate=True),
        contrast(values, fall, alone, rate=True),
        slope(there, np.arange(len(there)), position=np.linspace(0, 1, there.shape[1]), rate=True),
    )


def order_effect(workspace: "Workspace", solver: str) -> dict[str, Any]:
    """Return accuracy easy first minus hard first, on the same questions."""
    rows = _read.table(workspace, ORDER_TASK, solver)
    parts = rows["variant_id"].str.rsplit(":", n=1, expand=True)
    item = parts[0].str.partition("#")[0]
    table = rows.assign(item=item, tier=parts[1]).pivot(index="item", columns="tier",
                                                        values="score")  # fmt: skip
    prompt = table.index.str.extract(r"(\d+)$")[0].astype(int).to_numpy()
    found = paired_difference(
        table["1"].to_numpy(float), table["2"].to_numpy(float), prompt, rate=True,
        rng=rng_for("rest", "order", solver),
    )  # fmt: skip
    return {
        "label": solver, "value": float(found.difference[0]), "low": float(found.low[0]),
        "high": float(found.high[0]), "n": int(found.n_pairs[0]),
    }  # fmt: skip

"""The tables of a ranking."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _paired, _value
from stresslab.analyses._ask import Asked
from stresslab.analyses._rank_orders import Order
from stresslab.ratings.ranks import allowed_places, tie_groups
from stresslab.result import Column

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.checks import Array

NUMBERS = {
    "value": "float64", "low": "float64", "high": "float64", "n": "int64", "n_clusters": "int64",
}  # fmt: skip
RANKINGS = {
    "model": "str", "rank": "int64", "rank_low": "int64", "rank_high": "int64",
    "tie_group": "int64", "first": "float64", "often_low": "float64", "often_high": "float64",
    **NUMBERS,
}  # fmt: skip
ORDERS = {
    "rank": "int64", "often_low": "float64", "often_high": "float64", "first": "float64", **NUMBERS,
}  # fmt: skip
FLIPS = {
    "kind": "str", "view": "str", "leader": "str", "leader_value": "float64",
    "first_here": "float64", "lead": "str", "distance": "float64", "distance_low": "float64",
    "distance_high": "float64", "n": "int64", "n_clusters": "int64",
}  # fmt: skip
OFTEN = {"model": "str", "rank": "int64", "share": "float64", "n": "int64"}
SAME, TURNS, MAYBE = "same leader", "another leader", "cannot tell"


def empty(by: Sequence[str]) -> dict[str, "pd.DataFrame"]:
    """Return the tables of a ranking without rows."""
    return {
        "rankings": _value.frame(RANKINGS),
        "map": _paired.empty_differences(),
        "rules": _value.frame({"view": "str", "model": "str", **ORDERS}),
        "places": _value.frame(_place_kinds(by)),
        "flips": _value.frame(FLIPS),
        "often": _value.frame(OFTEN),
    }


def rankings(
    models: Sequence[str], order: Order, gaps: "pd.DataFrame", better: bool, level: float
) -> "pd.DataFrame":
    """Return a row per model, the best first; places from the corrected pairs."""
    wins = _wins(models, gaps)
    apart = wins | wins.T
    low, high = allowed_places(wins)
    group = tie_groups(order.value, apart, higher_is_better=better)
    often_low, often_high = order.ends(level)
    rows = [
        {
            "model": model, "rank": order.rank[i], "rank_low": low[i], "rank_high": high[i],
            "tie_group": group[i], "first": order.first[i], "often_low": often_low[i],
            "often_high": often_high[i], **_numbers(order, i),
        }
        for i, model in enumerate(models)
    ]  # fmt: skip
    table = _value.frame(RANKINGS, rows)
    return table.sort_values(["rank", "model"], kind="stable", ignore_index=True)


def orders(
    models: Sequence[str], found: Sequence[Order], by: Sequence[str], level: float
) -> "pd.DataFrame":
    """Return a row per order and model."""
    rows: list[dict[str, Any]] = []
    for order in found:
        low, high = order.ends(level)
        for i, model in enumerate(models):
            label = {name: order.label.get(name) for name in by}
            rows.append(
                {
                    "view": order.view, **({"kind": order.kind} if by else {}), "model": model,
                    **label, "rank": order.rank[i], "often_low": low[i], "often_high": high[i],
                    "first": order.first[i], **_numbers(order, i),
                }
            )  # fmt: skip
    kinds = _place_kinds(by) if by else {"view": "str", "model": "str", **ORDERS}
    return _value.frame(kinds, rows)


def flips(
    models: Sequence[str], overall: Order, others: Sequence[Order], level: float
) -> "pd.DataFrame":
    """Return how far every other order is from the order of all rows, and whether its leader is.

    The overall leader is told to lose its place where it is first in fewer resamples than
    (1 - level) shared out over all orders.
    """
    leads = int(np.argmin(overall.rank))
    bar = (1 - level) / max(len(others), 1)
    rows = []
    for order in others:
        distance, low, high = order.distance(overall, level)
        first = [model for model, rank in zip(models, order.rank, strict=True) if rank == 1]
        here = float(order.first[leads])
        stays = order.rank[leads] == 1
        surely = order.value.size > 1 and here < bar
        lead = SAME if stays else TURNS if surely else MAYBE
        if stays and np.isfinite(here) and here <= 0.5:
            lead = MAYBE
        best = int(np.argmin(order.rank))
        rows.append(
            {
                "kind": order.kind, "view": order.view, "leader": ", ".join(first),
                "leader_value": order.value[best], "first_here": here, "lead": lead,
                "distance": distance, "distance_low": low, "distance_high": high,
                "n": int(order.n.min()), "n_clusters": int(order.n_clusters.min()),
            }
        )  # fmt: skip
    return _value.frame(FLIPS, rows)


def often(models: Sequence[str], order: Order) -> "pd.DataFrame":
    """Return in what share of resamples each model has each place."""
    k, n = len(models), len(order.drawn)
    rows = [
        {"model": model, "rank": place, "share": float((order.drawn[:, i] == place).mean()), "n": n}
        for i, model in enumerate(models)
        for place in range(1, k + 1)
    ]
    table = _value.frame(OFTEN, rows)
    return table[table["share"] > 0].reset_index(drop=True)


def meanings(asked: Asked) -> dict[str, dict[str, Column]]:
    """Return what the columns of a ranking mean."""
    level = f"{asked.params.level:.0%}"
    value = _value.meanings(asked)
    base = {name: value[name] for name in ("value", "low", "high", "n", "n_clusters")}
    resampled = {
        "often_low": Column("number", f"place; {level} of resamples lie between"),
        "often_high": Column("number", f"place; {level} of resamples lie between"),
        "first": Column("number", "share of resamples in which the model is first"),
        "rank": Column("integer", "place; equals share the best", "smaller is better"),
    }
    ranks = {
        "rank_low": Column("integer", "best place the corrected pairs allow"),
        "rank_high": Column("integer", "worst place the corrected pairs allow"),
        "tie_group": Column("integer", "models not told apart from the best of their group"),
    }
    return {
        "rankings": ranks | resampled | base,
        "places": resampled | base,
        "rules": resampled | {name: base[name] for name in ("n", "n_clusters")},
        "flips": {
            "distance": Column("number", "share of pairs in another order than over all rows"),
            "first_here": Column("number", "share of resamples the overall leader is first in"),
            "lead": Column("string", "whether the leader of all rows leads here, too"),
        },
    }


def _place_kinds(by: Sequence[str]) -> dict[str, str]:
    kinds = {name: "Int64" if name == "tier" else "object" for name in by}
    return {"view": "str", "kind": "str", "model": "str", **kinds, **ORDERS}


def _wins(models: Sequence[str], gaps: "pd.DataFrame") -> "Array":
    """Return ``wins[a, b]``: whether model a is told to be better than model b."""
    place = {model: number for number, model in enumerate(models)}
    wins = np.zeros((len(models), len(models)), dtype=bool)
    for a, b, verdict in zip(gaps["model_a"], gaps["model_b"], gaps["verdict"], strict=True):
        if verdict == "better":
            wins[place[a], place[b]] = True
        elif verdict == "worse":
            wins[place[b], place[a]] = True
    return wins


def _numbers(order: Order, i: int) -> dict[str, Any]:
    return {
        "value": order.value[i], "low": order.low[i], "high": order.high[i],
        "n": order.n[i], "n_clusters": order.n_clusters[i],
    }  # fmt: skip

"""The tables of an overlap of failures."""

import itertools
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _value
from stresslab.analyses._ask import Asked
from stresslab.analyses._overlap_patterns import Patterns, chance, shares
from stresslab.analyses._overlap_patterns import oracle as oracle_steps
from stresslab.predicate import Compare, Field, all_of, to_text
from stresslab.result import Column
from stresslab.store.fields import OF_MODEL

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.query import Pairs

LISTED = 40
"""Rows of a set whose ids its condition lists, where no field tells: a link holds no more."""

MOST_CELLS = 20_000
"""Pairs of models times cells that are held against chance one by one."""

NUMBERS = {
    "value": "float64", "low": "float64", "high": "float64", "n": "int64", "n_clusters": "int64",
}  # fmt: skip
OVERLAP = {
    "failed": "str", "n_failed": "int64", "count": "int64", **NUMBERS, "by_chance": "float64",
    "where": "str", "models": "str",
}  # fmt: skip
SHARED = {"which": "str", "count": "int64", **NUMBERS, "by_chance": "float64"}
ALONE = {"model": "str", "which": "str", "count": "int64", **NUMBERS}
ORACLE = {"step": "int64", "model": "str", **NUMBERS, "gain": "float64", "gain_low": "float64",
          "gain_high": "float64"}  # fmt: skip
TABLE = ("both_right", "only_a", "only_b", "both_wrong")
CONSISTENCY = {
    "model_a": "str", "model_b": "str", **NUMBERS, "observed": "float64", "expected": "float64",
    **dict.fromkeys(TABLE, "int64"), "pair_gain": "float64",
}  # fmt: skip
WITHIN = {"within": "float64", "within_low": "float64", "within_high": "float64"}
"""The mean over cells, as the authors of error consistency average conditions."""

ALL_FAIL, ALL_RIGHT, DISAGREE = "all fail", "all right", "some fail"


def empty(by: Sequence[str]) -> dict[str, "pd.DataFrame"]:
    """Return the tables of an overlap without rows."""
    return {
        "overlap": _value.frame(OVERLAP),
        "shared": _value.frame(SHARED),
        "alone": _value.frame(ALONE),
        "oracle": _value.frame(ORACLE),
        "consistency": _value.frame(CONSISTENCY | WITHIN | {"n_cells": "int64"}),
        "by_cell": _value.frame(_cell_kinds(by)),
    }


def overlap(asked: Asked, found: Patterns, most: int, level: float) -> "pd.DataFrame":
    """Return a row per set of models that fail together, the most frequent first."""
    shown = min(most, len(found.n))
    chosen = [np.arange(len(found.n)) == place for place in range(shown)]
    likely = chance(found)
    conditions = _conditions(asked, found, shown)
    rows, named = [], asked.names
    for place, numbers in enumerate(shares(found, chosen, level)):
        names = [m for m, fails in zip(found.models, found.failed[place], strict=True) if fails]
        rows.append(
            {
                "failed": ", ".join(named.get(one, one) for one in names) or "none",
                "n_failed": len(names), **numbers, "by_chance": float(likely[place]),
                "where": conditions[place], "models": json.dumps(names, ensure_ascii=False),
            }
        )  # fmt: skip
    return _value.frame(OVERLAP, rows)


def shared(found: Patterns, level: float) -> "pd.DataFrame":
    """Return how many rows all models fail on, all are right on, or only some."""
    fails = found.failed.sum(axis=1)
    k = len(found.models)
    chosen = [fails == k, fails == 0, (fails > 0) & (fails < k)]
    rate = 1 - np.array([one.mean() for one in found.right])
    likely = [float(rate.prod()), float((1 - rate).prod())]
    likely.append(1 - sum(likely))
    found_shares = shares(found, chosen, level)
    names = (ALL_FAIL, ALL_RIGHT, DISAGREE)
    rows = [
        {"which": name, **numbers, "by_chance": by}
        for name, numbers, by in zip(names, found_shares, likely, strict=True)
    ]
    return _value.frame(SHARED, rows)


def alone(found: Patterns, level: float) -> "pd.DataFrame":
    """Return how many rows each model alone fails on, and alone is right on."""
    fails, k = found.failed.sum(axis=1), len(found.models)
    if k < 2:
        return _value.frame(ALONE)
    keys, chosen = [], []
    for place, model in enumerate(found.models):
        keys += [(model, "fails alone"), (model, "right alone")]
        chosen += [
            found.failed[:, place] & (fails == 1),
            ~found.failed[:, place] & (fails == k - 1),
        ]
    rows = [
        {"model": model, "which": which, **numbers}
        for (model, which), numbers in zip(keys, shares(found, chosen, level), strict=True)
    ]
    return _value.frame(ALONE, rows)


def oracle(found: Patterns, level: float) -> "pd.DataFrame":
    """Return what share of rows some model is right on, as models are added, best gain first."""
    steps = oracle_steps(found)
    solved = [one for _, one in steps]
    first = solved[0]
    values = shares(found, solved, level)
    gains = shares(found, [one & ~first for one in solved], level)
    rows = [
        {
            "step": place + 1, "model": found.models[model],
            **{name: numbers[name] for name in NUMBERS}, "gain": gain["value"],
            "gain_low": gain["low"] if place else 0.0, "gain_high": gain["high"] if place else 0.0,
        }
        for place, ((model, _), numbers, gain) in enumerate(zip(steps, values, gains, strict=True))
    ]  # fmt: skip
    return _value.frame(ORACLE, rows)


def consistency(
    found: Patterns, pairs: "Pairs", by: Sequence[str], level: float
) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Return how far every pair of models agrees beyond chance in what it gets wrong.

    Returns
    -------
    consistency : DataFrame
        Over all rows, and as a mean over the cells of `by`.
    by_cell : DataFrame
        In every cell; empty where there are too many.
    """
    from stresslab.stats.consistencies import consistencies

    compared = list(itertools.combinations(range(len(found.models)), 2))
    overall = consistencies(found.right, compared, found.cluster, level=level)
    n_cells = len(pairs.groups) if by else 0
    held = 0 < n_cells * len(compared) <= MOST_CELLS
    if held:
        right, cluster, group = found.right, pairs.cluster, pairs.group
        if len(found.code) < len(group):  # rows of a variant stand for it once there
            columns = [pairs.values[:, one] for one in range(len(pairs.models))]
            known = np.logical_and.reduce([np.isfinite(one) for one in columns])
            right = [one >= 0.5 for one in columns]
            if not known.all():
                cluster, group = cluster[known], group[known]
                right = [one[known] for one in right]
        inside = consistencies(right, compared, cluster, group, n_cells, level=level)
        labels = pairs.groups.to_dict("records")
    rows, cells = [], []
    for place, (a, b) in enumerate(compared):
        names = found.models[a], found.models[b]
        row = _pair(*names, overall[place], 0)
        row |= dict.fromkeys(WITHIN, np.nan) | {"n_cells": 0}
        if held:
            one = inside[place]
            row |= dict(zip(WITHIN, (one.mean, one.mean_low, one.mean_high), strict=True))
            row["n_cells"] = int(np.isfinite(one.kappa).sum())
            there = np.flatnonzero(one.n)
            cells += [_pair(*names, one, int(cell), labels[cell]) for cell in there]
        rows.append(row)
    return _value.frame(CONSISTENCY | WITHIN | {"n_cells": "int64"}, rows), _value.frame(
        _cell_kinds(by), cells
    )


def meanings(asked: Asked) -> dict[str, dict[str, Column]]:
    """Return what the columns of an overlap mean."""
    ends = Column("number", f"{asked.params.level:.0%} interval")
    share = Column("number", "share of the rows every model has a value of")
    base = {"low": ends, "high": ends, "n": Column("integer", "rows every model has a value of")}
    kappa = Column("number", "error consistency: agreement beyond chance", "1 is the same errors")
    pair = base | {
        "value": kappa,
        "observed": Column("number", "share both are right on or both wrong on"),
        "expected": Column("number", "the same if they failed independently"),
        "pair_gain": Column("number", "share won by the better one if the other could stand in"),
    }
    by_chance = Column("number", "share if all failed independently")
    return {
        "overlap": base | {"value": share, "by_chance": by_chance},
        "shared": base | {"value": share, "by_chance": by_chance},
        "alone": base | {"value": share},
        "oracle": base
        | {
            "value": Column("number", "share some model so far is right on", "larger is better"),
            "gain": Column("number", "more than the first model alone", "larger is better"),
        },
        "consistency": pair
        | {
            "within": Column("number", "mean of the error consistency of the cells"),
            "within_low": ends,
            "within_high": ends,
        },
        "by_cell": pair,
    }


def _conditions(asked: Asked, found: Patterns, shown: int) -> list[str]:
    """Return, per set, the condition its rows meet."""
    measure = asked.question.measure
    if measure not in OF_MODEL:
        return _listings(asked, found, shown)
    names = [Field((measure, model)) for model in found.models]
    wholes = [
        all_of(
            *(
                Compare(name, "<" if fails else ">=", 0.5)
                for name, fails in zip(names, found.failed[place], strict=True)
            )
        )
        for place in range(shown)
    ]
    return ["" if one is None else to_text(one) for one in wholes]


def _listings(asked: Asked, found: Patterns, shown: int) -> list[str]:
    """Return, per set, a condition that lists the first of its rows."""
    from stresslab.store import query

    rows: list[int] = []
    owner: list[int] = []
    for place in range(shown):
        mine = np.flatnonzero(found.code == place)[:LISTED]
        rows += found.variant[mine].tolist()
        owner += [place] * len(mine)
    names = query.ids(asked.workspace, asked.question.task, rows)["variant_id"].tolist()
    listed: list[list[str]] = [[] for _ in range(shown)]
    for place, name in zip(owner, names, strict=True):
        listed[place].append(json.dumps(str(name), ensure_ascii=False))
    return [f"variant_id in ({', '.join(one)})" for one in listed]


def _pair(
    model_a: str, model_b: str, one: Any, cell: int, label: dict[Any, Any] | None = None
) -> dict[str, Any]:
    n = max(int(one.n[cell]), 1)
    return {
        "model_a": model_a, "model_b": model_b, **(label or {}), "value": one.kappa[cell],
        "low": one.low[cell], "high": one.high[cell], "n": one.n[cell],
        "n_clusters": one.n_clusters[cell], "observed": one.observed[cell],
        "expected": one.expected[cell], **{name: getattr(one, name)[cell] for name in TABLE},
        "pair_gain": min(one.only_a[cell], one.only_b[cell]) / n,
    }  # fmt: skip


def _cell_kinds(by: Sequence[str]) -> dict[str, str]:
    kinds = {name: _value.column_type(name) for name in by}
    head = {name: CONSISTENCY[name] for name in ("model_a", "model_b")}
    return {**head, **kinds, **CONSISTENCY}

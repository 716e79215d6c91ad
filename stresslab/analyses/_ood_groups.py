"""The worst group of each model, with an interval that knows it was chosen as the worst."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _ood_split, _training, _value
from stresslab.analyses._ask import Asked
from stresslab.gaps.worst import level_of_each, worst
from stresslab.predicate import Compare, all_of
from stresslab.result import Column, Warn

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("n", "n_clusters")


def groups(asked: Asked) -> tuple[dict[str, "pd.DataFrame"], tuple[str, ...], list[Warn]]:
    """Return all groups with simultaneous intervals, the worst of each model, and the grouping."""
    by = _by(asked)
    table = _value.empty(by)
    if not asked.empty and by:
        table = _simultaneous(asked, by)
    table = table[[one for one in table if one in ("model", *by, "value", "low", "high", *COUNTS)]]
    rows, maybe = [], np.zeros(len(table), dtype=bool)
    for model in dict.fromkeys(table["model"]):
        places = np.flatnonzero((table["model"] == model).to_numpy())
        part = table.iloc[places]
        if part["value"].notna().sum() < 2:
            continue
        found = worst(
            part["value"].to_numpy(), part["low"].to_numpy(), part["high"].to_numpy(),
            larger_is_better=asked.metric.higher_is_better,
        )  # fmt: skip
        maybe[places] = found.candidates
        chosen = part.iloc[found.place]
        rows.append(
            {"model": model, **{one: chosen[one] for one in by}, "value": found.value,
             "low": found.low, "high": found.high, "n": chosen["n"],
             "n_clusters": chosen["n_clusters"], "n_groups": len(part),
             "n_candidates": int(found.candidates.sum())}
        )  # fmt: skip
    whole = (*COUNTS, "n_groups", "n_candidates")
    kinds = {"model": "str", **{one: _value.column_type(one) for one in by}}
    kinds |= dict.fromkeys(("value", "low", "high"), "float64") | dict.fromkeys(whole, "int64")
    table = _training.marked(table.assign(may_be_worst=maybe), asked.workspace)
    warnings = []
    if table["value"].notna().any() and not rows:
        text = (
            f"No worst group: there is one group by {', '.join(by)}. Name others by the setting by."
        )
        warnings.append(Warn("one-group", text, 1))
    return {"worst_group": _value.frame(kinds, rows), "groups": table}, by, warnings


def meanings(asked: Asked) -> dict[str, dict[str, Column]]:
    """Return what the columns mean."""
    level, one = asked.params.level, _value.meanings(asked)
    all_groups = Column("number", f"{level:.0%} interval, simultaneous over all groups and models")
    of_worst = Column("number", f"{level:.0%} interval of the worst true value of all groups")
    return {
        "worst_group": {"value": one["value"], "low": of_worst, "high": of_worst},
        "groups": {"value": one["value"], "low": all_groups, "high": all_groups},
    }


def _by(asked: Asked) -> tuple[str, ...]:
    """Return the grouping asked for, else the domain, else the perturbation."""
    params: Any = asked.params
    if params.by:
        return tuple(params.by)
    return ("domain",) if len(_ood_split.domains_of(asked)) > 1 else ("perturbation",)


def _simultaneous(asked: Asked, by: tuple[str, ...]) -> "pd.DataFrame":
    from dataclasses import replace

    from stresslab.store import query

    crossing = {"perturbation", "tier"} & set(by) or any(one.startswith("variant.") for one in by)
    clean: Compare | None = None
    if not crossing:
        found = _ood_split.clean_only(asked)
        clean = found if isinstance(found, Compare) else None
    question = replace(asked.question, where=all_of(asked.question.where, clean))
    cells = query.cells(asked.workspace, question, by=by)
    level = level_of_each(asked.params.level, len(cells))
    return _value.from_cells(cells, asked, by, level=level)

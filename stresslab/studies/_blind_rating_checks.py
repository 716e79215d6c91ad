"""Checks of a blind rating: blinding, agreement of raters, systems that rate themselves."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.ratings.paired_ratings import (
    matched,
    paired_ratings,
    partial_correlation,
    position_balance,
)
from stresslab.ratings.reliability import reliability
from stresslab.stats.intervals import wilson
from stresslab.stats.jackknife import ends, jackknife
from stresslab.studies import _read
from stresslab.studies._blind_rating_panel import MEANS, OWN, SCALE_ENDS, TASKS

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace


def by_prompt(workspace: "Workspace", task: str, model: str) -> dict[str, float]:
    """Return the rating of every prompt, a mean over raters; the name of a prompt has no task."""
    rows = _read.table(workspace, task, model)
    prompt = rows["variant_id"].str.partition("#")[0].str.rpartition("/")[2]
    mean = rows["score"].groupby(prompt).mean()
    return {str(name): float(value) for name, value in mean.items()}


def blinding(workspace: "Workspace", task: str) -> list[dict[str, Any]]:
    """Return the checks of position and length over all spreads of a task."""
    import pandas as pd

    items = _read.table(workspace, task, next(iter(MEANS)), "items")
    told = pd.DataFrame(
        [json.loads(one) for one in items["attributes"]],
        index=items["item_id"].str.rpartition("/")[2],
    )
    a, b = (by_prompt(workspace, task, model) for model in MEANS)
    gaps = pd.Series(np.subtract(*matched(a, b)), index=list(a))
    of_spread = gaps.groupby([one.rsplit("-", 1)[0] for one in a])
    known = told.loc[list(a)].assign(gap=(gaps - of_spread.transform("mean"))
                                     / of_spread.transform("std"))  # fmt: skip
    first = known["a_first"].to_numpy(bool)
    share, p_value = position_balance(first)
    even = wilson(float(first.sum()), len(first))
    found = partial_correlation(
        known["gap"].to_numpy(), known["log_length_ratio"].to_numpy(float), first.astype(float)
    )
    reach = 1.96 / np.sqrt(len(known) - 4)  # Fisher's z, one column taken out
    low, high = np.tanh(np.arctanh(found) + np.array([-reach, reach]))
    return [
        {"task": task, "check": "share of prompts with A first", "value": share,
         "low": float(even.low), "high": float(even.high), "n": len(first), "p_value": p_value,
         "fair": 0.5, "settled": "not even" if p_value < 0.05 else "even, as far as can be told"},
        {"task": task, "check": "correlation of rating and length, position taken out",
         "value": found, "low": float(low), "high": float(high), "n": len(known),
         "p_value": float("nan"), "fair": 0.0,
         "settled": "not blind to length" if low > 0 or high < 0 else "none can be told"},
    ]  # fmt: skip


def panel(workspace: "Workspace", task: str, model: str) -> Any:
    """Return every rating of a system, prompts x raters."""
    rows = _read.table(workspace, task, model)
    return rows.pivot(index="variant_id", columns="trial", values="score").to_numpy()


def agreement(ratings: Any) -> "pd.DataFrame":
    """Return how far raters agree, with intervals by leaving out one answer after the other."""
    import pandas as pd

    def compute(rows: Any) -> dict[str, float]:
        found = reliability(ratings[rows])
        return {"ICC(2,k)": found.icc, "Krippendorff's alpha": found.alpha}

    n, k = ratings.shape
    drawn = jackknife(compute, np.arange(n))
    rows = []
    for name, value in drawn.values.items():
        low, high = ends(value, drawn.error(name), n)
        rows.append({"label": name, "value": value, "low": low, "high": min(high, 1.0), "n": n,
                     "n_raters": k})  # fmt: skip
    return pd.DataFrame(rows)


def flattery(workspace: "Workspace", model: str) -> dict[str, Any]:
    """Return how much higher a system rates its answers than people do."""
    people, own = (by_prompt(workspace, task, model) for task in (TASKS[0], OWN))
    found = paired_ratings(*matched(own, people), scale=SCALE_ENDS)
    return {"label": model, "value": found.difference, "low": found.low, "high": found.high,
            "n": found.n}  # fmt: skip

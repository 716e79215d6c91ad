"""What the page of detectors draws: the best of them, and the cuts that become slices."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from stresslab.jobs._events import Event

COST = "Detectors are fitted once on inputs in distribution; seconds for thousands of vectors."
AREA = {
    "x_title": "AUROC: a row out of distribution scores above one in it (larger is better)",
    "lines": ((0.5, "chance"),), "bounds": (0.0, 1.0),
}  # fmt: skip
ROC: dict[str, Any] = {
    "series": "label", "x_title": "share of rows in distribution that are flagged",
    "y_title": "share of the others found", "bounds": (0.0, 1.02),
}  # fmt: skip
RISK: dict[str, Any] = {
    "x": "dropped", "series": "label", "x_title": "share of the least familiar rows dropped",
    "y_title": "share right of the rest",
}  # fmt: skip
SPREAD: dict[str, Any] = {"row": "group", "x_title": "score (larger is more outlying)"}
SEEN: dict[str, Any] = {"row": "label", "column": "where", "bounds": (0.5, 1.0)}
NUMBERS = (
    "label", "value", "low", "high", "average_precision", "missed", "n_in", "n_out", "n_clusters",
)  # fmt: skip
CUTS = (
    "detector", "kept", "threshold", "found", "alarms", "wrong_beyond", "wrong_within", "n_beyond",
    "n", "where",
)  # fmt: skip
MOST = 5
"""Detectors drawn in one picture; tables have them all."""


def best(tables: Mapping[str, pd.DataFrame], name: str, most: int = MOST) -> pd.DataFrame:
    """Return the rows of a table that are of the best detectors, which differ in what they see."""
    chosen = tables["detect"]["detector"].head(most)
    table = tables[name]
    return table[table["detector"].isin(chosen)]


def curves(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the ROC curves of the best detectors."""
    return best(tables, "roc").rename(columns={"found": "value"})


def seen(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return areas by detector and place: other domains first, then each kind of harder input."""
    domains = tables["domains"].assign(where=tables["domains"]["domain"])
    tiers = tables["tiers"]
    named = [
        f"{one} {tier}" for one, tier in zip(tiers["perturbation"], tiers["tier"], strict=True)
    ]
    return pd.concat([domains, tiers.assign(where=named)], ignore_index=True)


def spread(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the distribution of the best detector's scores."""
    return best(tables, "distribution", 1).rename(columns={"density": "value"})


def cuts(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the thresholds, the best detector first; a row leads to the items beyond it."""
    order = {name: place for place, name in enumerate(tables["detect"]["detector"])}
    table = tables["thresholds"].assign(where=tables["thresholds"]["condition"])
    found = table.assign(_order=table["detector"].map(order))
    found = found.sort_values(["_order", "kept"], ascending=[True, False]).drop(columns="_order")
    return found.assign(detector=found["label"]).reset_index(drop=True)


def job(params: Any) -> Callable[[Any], Iterator[Event]]:
    """Return what scores with every detector that applies, by the settings of the page."""
    from stresslab.jobs.detect import detect

    return lambda workspace: detect(workspace, replace(params, detectors=()))

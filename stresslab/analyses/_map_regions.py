"""Regions of a map (a lasso, clusters): how often the model fails there, against the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses._map_points import Points
from stresslab.analyses._value import frame
from stresslab.checks import Array

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "region": "str", "condition": "str", "value": "float64", "low": "float64", "high": "float64",
    "n": "int64", "n_clusters": "int64", "rest": "float64", "n_rest": "int64",
    "difference": "float64", "difference_low": "float64", "difference_high": "float64",
    "expected": "float64", "p_value": "float64", "p_adjusted": "float64", "verdict": "str",
    "terms": "str",
}  # fmt: skip
CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Region:
    """A part of the map."""

    name: str
    condition: str
    inside: Array


def table(
    found: Points, regions: Sequence[Region], *, level: float, seed: int, correction: str = "holm"
) -> "pd.DataFrame":
    """Return one row per region that holds a point whose failure is known."""
    from stresslab.slices.measure import measure
    from stresslab.stats.correct import adjust
    from stresslab.stats.label_null import gathering

    known = np.isfinite(found.failure)
    regions = [one for one in regions if one.inside[known].any()]
    if not regions or not known.any():
        return frame(KINDS)
    masks = np.stack([one.inside[known] for one in regions])
    values = found.failure[known]
    _, group = np.unique(found.group[known], return_inverse=True)
    _, item = np.unique(found.item[known], return_inverse=True)
    _, cell = np.unique(found.cell[known], return_inverse=True)
    rate = bool(np.isin(values, (0, 1)).all())
    told = measure(masks, values, group, rate=rate, level=level, bounds=(0.0, 1.0))
    null = gathering(masks, values, item, cell, seed=seed)
    p_adjusted = adjust(null.p_value, correction)
    rows: list[dict[str, Any]] = []
    for row, one in enumerate(regions):
        sure = bool(p_adjusted[row] < 1 - level)
        above = null.value[row] > null.expected[row]
        rows.append(
            {
                "region": one.name, "condition": one.condition, "value": told.value[row],
                "low": told.low[row], "high": told.high[row], "n": int(told.n[row]),
                "n_clusters": int(told.n_clusters[row]), "rest": told.rest[row],
                "n_rest": int(told.n_rest[row]), "difference": told.difference[row],
                "difference_low": told.difference_low[row],
                "difference_high": told.difference_high[row], "expected": null.expected[row],
                "p_value": null.p_value[row], "p_adjusted": p_adjusted[row],
                "verdict": ("worse" if above else "better") if sure else CANNOT_TELL, "terms": "",
            }
        )  # fmt: skip
    return frame(KINDS, rows)


def clusters(found: Points, derived_id: str) -> list[Region]:
    """Return the clusters as regions, in order of their number."""
    if found.cluster is None:
        return []
    return [
        Region(f"cluster {one}", f"derived.{quoted(derived_id)} = {one}", found.cluster == one)
        for one in range(int(found.cluster.max(initial=-1)) + 1)
    ]


def quoted(derived_id: str) -> str:
    """Return the name of a derived value as a condition writes it."""
    from stresslab.predicate import Compare, Field, to_text

    text = to_text(Compare(Field(("derived", *derived_id.split("."))), "=", 0))
    return text.removeprefix("derived.").removesuffix(" = 0")

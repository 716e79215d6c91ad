"""Headlines of the geometry of a space."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stresslab.analyses._sentences import CANNOT_TELL, Sentence

if TYPE_CHECKING:
    import pandas as pd

WORDS = {
    "capacity": "capacity of class manifolds", "dimension": "dimension of a class manifold",
    "radius": "radius of a class manifold", "utility": "utility of class manifolds",
    "centre_alignment": "alignment of class centres", "axis_alignment": "alignment of class axes",
    "centre_axis_alignment": "alignment of centres with axes",
    "nc1": "neural collapse (NC1)", "two_nn": "intrinsic dimension (two neighbours)",
    "mle": "intrinsic dimension (likelihood)", "local_pca": "intrinsic dimension (local PCA)",
    "purity": "share of neighbours of the same class",
    "between_share": "share of variance between classes",
    "probe_accuracy": "accuracy of a linear probe",
    "probe_control": "accuracy of a probe on shuffled classes",
    "top_variance": "share of variance along one direction",
}  # fmt: skip
"""What markers are called; others are called as they are named."""

TELLING = ("capacity", "probe_accuracy", "purity", "participation_ratio", "dimension", "mle")
"""Markers a reader is told of first."""


def words(marker: str) -> str:
    """Return the name of a marker as it stands in a sentence."""
    return WORDS.get(marker, marker.replace("_", " "))


def number(value: float) -> str:
    """Return a number with three digits that count."""
    return f"{value:.2f}" if 0.1 <= abs(value) < 100 or value == 0 else f"{value:.3g}"


def headlines(
    values: "pd.DataFrame", changes: "pd.DataFrame", by: tuple[str, ...], link: Mapping[str, str]
) -> list[Sentence]:
    """Return what changes most surely, and where classes stand against shuffled ones."""
    if values["value"].notna().sum() == 0:
        text = "Nothing is measured: no vectors, or too few, for these settings."
        return [Sentence("no-vectors", text, CANNOT_TELL, "inventory", {})]
    found = [*_changes(changes, dict(link)), *_against_null(values, dict(link))]
    return found or [Sentence("measured", _first(values), "", "geometry", dict(link))]


def _changes(changes: "pd.DataFrame", link: dict[str, str]) -> list[Sentence]:
    if changes.empty:
        return []
    last = changes["to"].iloc[-1]
    mine = changes[changes["to"] == last]
    sure = mine[mine["says"] != "cannot tell"]
    n, m = len(sure), int(mine["p_value"].notna().sum())
    start = mine["from"].iloc[0]
    if not n:
        text = f"From {start} to {last} none of {m} markers moves beyond its noise (corrected)."
        return [Sentence("no-change", text, CANNOT_TELL, "geometry", link)]
    order = {name: place for place, name in enumerate(TELLING)}
    told = sure.assign(place=[order.get(one, 99) for one in sure["marker"]]).sort_values(
        ["place", "p_adjusted"], kind="stable"
    )
    parts = [_moved(row) for row in told.head(3).to_dict("records")]
    text = f"From {start} to {last}: {'; '.join(parts)}. {n} of {m} markers move (corrected)."
    return [Sentence("change", text, "", "geometry", link)]


def _moved(row: Mapping[Any, Any]) -> str:
    low, high = sorted((abs(row["low"]), abs(row["high"])))  # 0 lies outside
    return (
        f"{words(row['marker'])} {row['says']} by {number(abs(row['difference']))} "
        f"[{number(low)}, {number(high)}]"
    )


def _against_null(values: "pd.DataFrame", link: dict[str, str]) -> list[Sentence]:
    mine = values[(values["marker"] == "purity") & values["value"].notna() & values["null"].notna()]
    if mine.empty:
        return []
    row = mine.iloc[0]
    above = row["low"] > row["null_high"]
    text = (
        f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}] of neighbours share a class on "
        f"{int(row['n_clusters'])} items, where shuffled classes give {row['null']:.2f}"
    )
    text += "." if above else ": no more than chance."
    return [Sentence("purity", text, "" if above else CANNOT_TELL, "geometry", link)]


def _first(values: "pd.DataFrame") -> str:
    row = values[values["value"].notna()].iloc[0]
    return (
        f"{words(row['marker'])} is {number(row['value'])} [{number(row['low'])}, "
        f"{number(row['high'])}] on {int(row['n'])} vectors."
    )

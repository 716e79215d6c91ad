"""Headlines of a map: the region that was drawn, the clusters, and how far the map can be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._sentences import CANNOT_TELL, Sentence, both

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Map:
    """What the rules read."""

    regions: "pd.DataFrame"
    quality: "pd.DataFrame"
    names: Mapping[str, str]
    focus: str
    n_points: int
    least: float
    why: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


def headlines(facts: Map) -> list[Sentence]:
    """Return the region, the clusters that stand out, and the quality of the map."""
    if not facts.n_points:
        text = facts.why or "There is nothing to draw."
        text = text.replace("`", "'")
        return [Sentence("nothing-known", text, CANNOT_TELL, "inventory", {})]
    drawn = facts.regions[facts.regions["region"] == "your region"]
    clusters = facts.regions[facts.regions["region"] != "your region"]
    found = [_one(facts, row) for row in drawn.to_dict("records")]
    return [*found, *_clusters(facts, clusters), _quality(facts)]


def _clusters(facts: Map, table: "pd.DataFrame") -> list[Sentence]:
    if table.empty:
        return []
    holds = table[table["verdict"] == "worse"]
    name = facts.names.get(facts.focus, facts.focus)
    n = len(table)
    if holds.empty:
        text = f"In none of {n} clusters {name} can be told to fail more than their tiers explain."
        return [Sentence("clusters", text, CANNOT_TELL, "embedding_map", facts.settings)]
    many = "1 cluster" if len(holds) == 1 else f"{len(holds)} clusters"
    text = f"In {many} of {n} {name} fails more than perturbation and tier explain."
    tally = Sentence("clusters", text, "worse", "embedding_map", facts.settings)
    worst = holds.sort_values("value", ascending=False, kind="stable").head(1)
    return [tally, *(_one(facts, row) for row in worst.to_dict("records"))]


def _one(facts: Map, row: Mapping[Any, Any]) -> Sentence:
    name = facts.names.get(facts.focus, facts.focus)
    where = "In the region you drew" if row["region"] == "your region" else f"In {row['region']}"
    if row["terms"]:
        where += f" (more of: {row['terms'].split(' (')[0]})" if row["terms"] else ""
    value = words.estimate(row["value"], row["low"], row["high"], rate=True)
    text = f"{where} {name} fails on {value} of the inputs (n = {words.count(row['n'])})"
    if row["n_rest"]:
        text += f" and on {words.number(row['rest'], rate=True)} elsewhere"
    text += f"; perturbation and tier alone give {words.number(row['expected'], rate=True)}."
    query = {**facts.settings, "models": facts.focus}
    query["where"] = both(facts.settings.get("where", ""), f"({row['condition']})")
    return Sentence("region", text, row["verdict"], "items", query)


def _quality(facts: Map) -> Sentence:
    row = facts.quality.iloc[0]
    kept = f"{words.number(row['preservation'], rate=True)} of the {row['neighbours']} nearest"
    trust = words.number(row["trustworthiness"], rate=True)
    text = f"The map of {facts.n_points:,} inputs keeps {kept} neighbours"
    if row["trustworthiness"] < facts.least:
        text += (
            f"; at a trustworthiness of {trust}, below {facts.least}, do not read distances off it."
        )
    else:
        text += f" (trustworthiness {trust}): near is near, far and sizes mean little."
    return Sentence("quality", text, "", "embedding_map", facts.settings)

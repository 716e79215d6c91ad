"""Headlines of a table of slices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._sentences import CANNOT_TELL, Sentence, both

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Slices:
    """The table of slices, and how its models are called."""

    table: "pd.DataFrame"
    names: Mapping[str, str]
    rate: bool = True
    higher: bool = True
    n_slices: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)


def headlines(facts: Slices) -> list[Sentence]:
    """Return how many slices are clearly worse than the rest, the worst and the best."""
    known = facts.table[facts.table["difference"].notna()] if len(facts.table) else facts.table
    if known.empty:
        text = "No slice can be held against other rows here, so nothing can be told."
        return [Sentence("nothing-known", text, CANNOT_TELL, "inventory", {})]
    worse, better = (known[known["verdict"] == one] for one in ("worse", "better"))
    pairs = words.plural(len(known), "slice and model", "slices and models")
    if worse.empty and better.empty:
        text = f"In none of {pairs} can we tell a slice from the rest."
        return [Sentence("tally", text, CANNOT_TELL, "slices", dict(facts.settings))]
    text = f"Of {pairs} {len(worse)} are worse than on the rest and {len(better)} better"
    found = []
    for rows, verdict in ((worse, "worse"), (better, "better")):
        if len(rows):
            low_first = (verdict == "worse") == facts.higher
            row = rows.sort_values(["difference", "slice"], ascending=[low_first, True]).iloc[0]
            found.append(_one(facts, row, verdict))
    return [*found, Sentence("tally", text + ".", "", "slices", dict(facts.settings))]


def _one(facts: Slices, row: Any, verdict: str) -> Sentence:
    name = facts.names.get(row["model"], row["model"])
    gap = words.estimate(
        row["difference"], row["low_adjusted"], row["high_adjusted"], rate=facts.rate
    )
    value = words.number(row["value"], rate=facts.rate)
    text = f"{name} is {verdict} on the slice {row['slice']!r} than elsewhere by {gap}: "
    text += f"{value} there (n = {words.count(row['n'])})."
    where = both(facts.settings.get("where", ""), f"({row['condition']})")
    query = {**facts.settings, "models": row["model"], "where": where}
    return Sentence("slice", text, verdict, "items", query)

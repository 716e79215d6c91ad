"""Headlines of a search for slices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._found_target import Target, spoken
from stresslab.analyses._sentences import CANNOT_TELL, Sentence, both

if TYPE_CHECKING:
    import pandas as pd

MOST = 3


@dataclass(frozen=True)
class Found:
    """The slices found, what was looked for and how much was looked at."""

    table: "pd.DataFrame"
    target: Target | None
    n_looked: int
    n_columns: int
    names: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)


def headlines(facts: Found) -> list[Sentence]:
    """Return the worst slices that hold on rows not searched, and how much was searched."""
    if facts.target is None or not facts.n_looked:
        text = "There is nothing to search here: it takes rows with known values and columns."
        return [Sentence("nothing-known", text, CANNOT_TELL, "inventory", {})]
    looked = f"{words.count(facts.n_looked)} slices of {facts.n_columns} columns"
    holds = facts.table[facts.table["verdict"].isin(["worse", "better"])]
    if holds.empty:
        tried = words.plural(len(facts.table), "slice that stood out", "slices that stood out")
        text = f"Of {looked} none can be told from the rest: "
        text += f"{tried} on one half of the items, and none held on the other."
        if facts.table.empty:
            text = f"Of {looked} none stands out from the rest."
        return [Sentence("none", text, CANNOT_TELL, "find_slices", dict(facts.settings))]
    found = [_one(facts, facts.target, row) for row in holds.head(MOST).to_dict("records")]
    hold = "one holds" if len(holds) == 1 else f"{len(holds)} hold"
    text = f"Of {looked}, {len(facts.table)} stood out on one half of the items and {hold} on the "
    text += "other half, which gives the numbers."
    return [*found, Sentence("tally", text, "", "find_slices", dict(facts.settings))]


def _one(facts: Found, target: Target, row: Mapping[Any, Any]) -> Sentence:
    rate = target.rate or target.bounds is not None
    value = words.estimate(row["value"], row["low"], row["high"], rate=rate)
    gap = words.estimate(row["difference"], row["low_adjusted"], row["high_adjusted"], rate=rate)
    names = [facts.names.get(one, one) for one in target.models]
    what = target.title
    if target.name != "difference":
        what = f"the {words.in_sentence(what)} of {spoken(names)}"
    text = f"On '{row['slice']}' {what} is {value} "
    text += f"(n = {words.count(row['n'])}) and {words.number(row['rest'], rate=rate)} elsewhere, "
    text += f"a difference of {gap}."
    where = both(facts.settings.get("where", ""), f"({row['condition']})")
    query = {**facts.settings, "where": where}
    if target.models:
        query["models"] = ",".join(target.models)
    return Sentence("slice", text, row["verdict"], "items", query)

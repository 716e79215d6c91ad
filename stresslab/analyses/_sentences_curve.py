"""Headlines of tier curves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._sentences import CANNOT_TELL, Sentence, both, quoted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Curves:
    """The summary of the curves, and how models and perturbations are called.

    A sentence on one of them was picked from all, so it shows the interval adjusted for all.
    """

    summary: "pd.DataFrame"
    shape: "pd.DataFrame"
    by: tuple[str, ...]
    names: Mapping[str, str]
    titles: Mapping[str, str]
    rate: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    higher: bool = True
    known: bool = True

    def name(self, row: Any) -> str:
        """Return the model of a row as people read it."""
        return self.names.get(row["model"], row["model"])

    def place(self, row: Any) -> str:
        """Return where a curve belongs, as it ends a clause: `` under typos`` or nothing."""
        parts = []
        for name in self.by:
            value = row[name]
            if name == "perturbation" and isinstance(value, str):
                parts.append(f"under {words.in_sentence(self.titles.get(value, value))}")
            elif name != "task" and value is not None and value == value:
                parts.append(f"on {value}" if name == "domain" else f"at {name} {value}")
        return "".join(f" {part}" for part in parts)

    def adjusted(self, row: Any, name: str) -> str:
        """Return a number of a row with the interval that holds for all curves together."""
        ends = row[f"{name}_low_adjusted"], row[f"{name}_high_adjusted"]
        alone = 1 if self.rate else None  # the one reason why a share has no interval
        return words.estimate(row[name], *ends, rate=self.rate, clusters=alone)

    def query(self, row: Any) -> dict[str, str]:
        """Return the settings of a link to the rows of a curve."""
        cell = [f"{name} = {quoted(row[name])}" for name in self.by if isinstance(row[name], str)]
        where = both(self.settings.get("where", ""), " and ".join(cell))
        found = {**self.settings, "models": row["model"], "where": where}
        return {name: text for name, text in found.items() if text}


def headlines(facts: Curves) -> list[Sentence]:
    """Return the sentences of the curves, the most important first."""
    if not facts.known:
        text = "No row of this slice has a known value, so there is no curve to read."
        return [Sentence("nothing-known", text, CANNOT_TELL, "inventory", {})]
    if not (facts.summary["n_tiers"] > 1).any():
        text = "Every curve has a single tier here, so we cannot tell how fast anything falls."
        return [Sentence("one-tier", text, CANNOT_TELL, "overview", dict(facts.settings))]
    found = (steepest(facts), highest(facts), first_to_break(facts), earliest(facts))
    return [one for one in found if one is not None]


def steepest(facts: Curves) -> Sentence:
    """Return how many curves clearly fall, and the steepest of those."""
    sign = -1.0 if facts.higher else 1.0
    table = facts.summary[facts.summary["slope"].notna()]
    table = table.assign(speed=sign * table["slope"])
    table = table.sort_values(["speed", "model"], ascending=[False, True])
    high, low = table["slope_high_adjusted"], table["slope_low_adjusted"]
    proven = table[high < 0] if facts.higher else table[low > 0]
    verb, many = ("fall" if facts.higher else "rise"), len(table)
    row = table.iloc[0] if proven.empty else proven.iloc[0]
    curve = f"{facts.name(row)}{facts.place(row)}"
    slope = facts.adjusted(row, "slope")
    if proven.empty:
        text = f"We cannot tell that any of {many} curves {verb}s: even the steepest slope, of "
        text += f"{curve}, is {slope} a tier."
        if many == 1:
            text = f"We cannot tell that {curve} {verb}s: the slope is {slope} a tier."
        return Sentence("steepest", text, CANNOT_TELL, "items", facts.query(row))
    text = f"{len(proven)} of {many} curves clearly {verb}, fastest {curve}: "
    if len(proven) == many:
        text = f"All {many} curves clearly {verb}, fastest {curve}: "
    if len(proven) == 1:
        text = f"Only one of {many} curves clearly {verb}s, {curve}: "
    if many == 1:
        text = f"{facts.name(row)} {verb}s{facts.place(row)}: "
    text += f"{slope} a tier"
    if row["first"] == row["first"] and row["last"] == row["last"]:
        first, last = (words.number(row[end], rate=facts.rate) for end in ("first", "last"))
        text += f", from {first} to {last}"
    return Sentence("steepest", text + ".", "worse", "items", facts.query(row))


def highest(facts: Curves) -> Sentence | None:
    """Return the sentence on the highest curve among those that are shown, by area."""
    table = facts.summary[facts.summary["area"].notna()]
    if len(table) < 2 or table["model"].nunique() < 2:
        return None
    row = table.sort_values(["area", "model"], ascending=[not facts.higher, True]).iloc[0]
    what = "highest" if facts.higher else "lowest"
    text = f"{facts.name(row)} has the {what} of {len(table)} curves{facts.place(row)}: "
    text += f"{facts.adjusted(row, 'area')} on average over tiers."
    return Sentence("area", text, "", "compare", dict(facts.settings))


def first_to_break(facts: Curves) -> Sentence | None:
    """Return the sentence on the curve of which the fewest items hold to the last tier."""
    table = facts.summary[facts.summary["share_never_broke"].notna()]
    if table.empty:
        return None
    row = table.sort_values(["share_never_broke", "model"]).iloc[0]
    ends = row["never_broke_low_adjusted"], row["never_broke_high_adjusted"]
    share = words.shares(row["share_never_broke"], *ends)
    text = f"Of the items {facts.name(row)} gets right at tier 0, {share} never break"
    text += facts.place(row)
    if row["median_break"] == row["median_break"]:
        text += f"; half of them break by tier {int(row['median_break'])}"
    if len(table) > 1:
        text += f" (the fewest of {len(table)} curves)"
    return Sentence("break", text + ".", "", "items", facts.query(row))


def earliest(facts: Curves) -> Sentence | None:
    """Return at which tier curves clearly leave their start, and which come back."""
    table = facts.shape[facts.shape["n_tiers"] > 1]
    left = table[table["onset_tier"].notna()]
    if left.empty or len(table) < 2:
        return None
    first = int(left["onset_tier"].min())
    where = left[left["onset_tier"] == first]
    row = where.sort_values("onset", ascending=facts.higher).iloc[0]
    more = f" and {len(where) - 1} more" if len(where) > 1 else ""
    change = words.estimate(row["onset"], row["onset_low"], row["onset_high"], rate=facts.rate)
    text = f"{len(left)} of {len(table)} curves clearly leave their first tier, the earliest at "
    text += f"tier {first}: {facts.name(row)}{facts.place(row)} ({change}){more}"
    back = table[table["rise_tier"].notna()]
    if len(back):
        one = back.sort_values("rise", ascending=not facts.higher).iloc[0]
        text += f"; {len(back)} come{'s' if len(back) == 1 else ''} back, "
        text += f"{facts.name(one)}{facts.place(one)} at tier {int(one['rise_tier'])}"
    return Sentence("onset", text + ".", "", "items", facts.query(row))

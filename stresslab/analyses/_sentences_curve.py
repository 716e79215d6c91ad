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
    """The summary of the curves, and how models and perturbations are called."""

    summary: "pd.DataFrame"
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
    if not facts.summary["drop"].notna().any():
        text = "Every curve has a single tier here, so we cannot tell how fast anything falls."
        return [Sentence("one-tier", text, CANNOT_TELL, "overview", dict(facts.settings))]
    found = (steepest(facts), shallowest(facts), first_to_break(facts))
    return [one for one in found if one is not None]


def steepest(facts: Curves) -> Sentence:
    """Return the sentence on the curve that falls fastest per tier."""
    sign = -1.0 if facts.higher else 1.0
    table = facts.summary[facts.summary["slope"].notna()]
    table = table.assign(speed=sign * table["slope"])
    row = table.sort_values(["speed", "model"], ascending=[False, True]).iloc[0]
    bound = row["slope_high"] < 0 if facts.higher else row["slope_low"] > 0
    slope = words.estimate(row["slope"], row["slope_low"], row["slope_high"], rate=facts.rate)
    first, last = (words.number(row[end], rate=facts.rate) for end in ("first", "last"))
    if not bound:
        text = "We cannot tell that any curve falls: even the steepest slope, of "
        text += f"{facts.name(row)}{facts.place(row)}, is {slope} a tier."
        return Sentence("steepest", text, CANNOT_TELL, "items", facts.query(row))
    text = f"{facts.name(row)} falls fastest{facts.place(row)}: {slope} a tier, "
    text += f"from {first} to {last}."
    return Sentence("steepest", text, "worse", "items", facts.query(row))


def shallowest(facts: Curves) -> Sentence | None:
    """Return the sentence on the highest curve among those that are shown, by area."""
    table = facts.summary[facts.summary["area"].notna()]
    if len(table) < 2 or table["model"].nunique() < 2:
        return None
    row = table.sort_values(["area", "model"], ascending=[not facts.higher, True]).iloc[0]
    height = words.estimate(row["area"], row["area_low"], row["area_high"], rate=facts.rate)
    what = "highest" if facts.higher else "lowest"
    text = (
        f"{facts.name(row)} has the {what} curve{facts.place(row)}: {height} on average over tiers."
    )
    return Sentence("area", text, "", "compare", dict(facts.settings))


def first_to_break(facts: Curves) -> Sentence | None:
    """Return the sentence on the curve of which the fewest items hold to the last tier."""
    table = facts.summary[facts.summary["share_never_broke"].notna()]
    if table.empty:
        return None
    row = table.sort_values(["share_never_broke", "model"]).iloc[0]
    share = words.share(row["share_never_broke"])
    text = f"Of the items {facts.name(row)} gets right at tier 0, {share} never break"
    text += facts.place(row)
    if row["median_break"] == row["median_break"]:
        text += f"; half of them break by tier {int(row['median_break'])}"
    return Sentence("break", text + ".", "", "items", facts.query(row))

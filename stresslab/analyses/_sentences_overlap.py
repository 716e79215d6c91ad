"""Headlines of an overlap: what all fail on, who fails alike, and what they could do together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._overlap_tables import ALL_FAIL
from stresslab.analyses._sentences import CANNOT_TELL, Sentence

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Overlapped:
    """Tables of an overlap, and how its models are called."""

    overlap: "pd.DataFrame"
    shared: "pd.DataFrame"
    oracle: "pd.DataFrame"
    alone: "pd.DataFrame"
    consistency: "pd.DataFrame"
    names: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)

    def name(self, model: str) -> str:
        """Return the name of a model as people read it."""
        return self.names.get(model, model)


def headlines(facts: Overlapped) -> list[Sentence]:
    """Return the sentences of an overlap, the most important first."""
    if facts.shared.empty:
        text = "Nothing overlaps: it takes models with known right or wrong values on the same "
        return [Sentence("nothing-known", text + "items.", CANNOT_TELL, "inventory", {})]
    if len(facts.oracle) < 2:
        row = facts.shared[facts.shared["which"] == ALL_FAIL].iloc[0]
        text = f"{facts.name(facts.oracle.iloc[0]['model'])} fails on {_shares(row)} of rows; "
        text += "with one model known, no failure can be shared."
        return [Sentence("one-model", text, "", "tier_curve", dict(facts.settings))]
    found = [together(facts), alike(facts), gain(facts), by_oneself(facts)]
    return [one for one in found if one is not None]


def together(facts: Overlapped) -> Sentence:
    """Return what share of rows all models fail on, and what chance alone would give."""
    row = facts.shared[facts.shared["which"] == ALL_FAIL].iloc[0]
    k = len(facts.oracle)
    who = "Both models fail" if k == 2 else f"All {k} models fail"
    chance = f"chance alone would give {words.share(row['by_chance'])}"
    if row["count"] == 0:
        text = f"No row is failed by {'both' if k == 2 else f'all {k}'} models"
        if row["high"] == row["high"]:  # a single row has no interval
            text += f" (at most {words.share(row['high'])})"
        text += f"; {chance}."
    else:
        text = f"{who} on {_shares(row)} of rows; {chance}."
        if row["low"] <= row["by_chance"] <= row["high"]:
            text = f"{text[:-1]}, so their failures look independent."
        elif row["low"] > row["by_chance"]:
            text = f"{text[:-1]}, so they share what is hard."
    return Sentence("all-fail", text, "", "overlap", dict(facts.settings))


def alike(facts: Overlapped) -> Sentence | None:
    """Return which pair of models fails most alike, and which least."""
    known = facts.consistency.dropna(subset=["value"])
    if known.empty:
        return None
    within = bool(known["within"].notna().all() and (known["n_cells"] > 1).all())
    if within:
        ends = {"within": "value", "within_low": "low", "within_high": "high"}
        known = known.drop(columns=list(ends.values())).rename(columns=ends)
    ordered = known.sort_values(["value", "model_a", "model_b"], ascending=[False, True, True])
    top, low = ordered.iloc[0], ordered.iloc[-1]
    text = f"{_pair(facts, top)} err most alike: error consistency {_kappa(top)}"
    if len(ordered) > 1:
        text += f"; {_pair(facts, low)} least: {_kappa(low)}"
    text += " (0 is chance, 1 the same errors"
    text += "; mean over conditions)." if within else ")."
    query = {**facts.settings, "models": f"{top['model_a']},{top['model_b']}"}
    return Sentence("alike", text, "", "compare", query)


def gain(facts: Overlapped) -> Sentence:
    """Return what an oracle that always asks the right model would win."""
    first, second, last = facts.oracle.iloc[0], facts.oracle.iloc[1], facts.oracle.iloc[-1]
    won = words.estimate(last["gain"], last["gain_low"], last["gain_high"])
    text = f"If the right model were always asked, {words.shares(*_ends(last))} of rows would be "
    text += f"right: a gain of {won} over {facts.name(first['model'])} alone"
    if last["gain"] > 0 and len(facts.oracle) > 2:
        text += f", {words.number(second['gain'])} of it by adding {facts.name(second['model'])}"
    return Sentence("oracle", text + ".", "", "compare", dict(facts.settings))


def by_oneself(facts: Overlapped) -> Sentence | None:
    """Return who is right most often where all others fail."""
    rows = facts.alone[facts.alone["which"] == "right alone"]
    if len(rows) < 3 or not rows["count"].any():
        return None
    top = rows.sort_values(["value", "model"], ascending=[False, True]).iloc[0]
    text = f"{facts.name(top['model'])} is most often the only one that is right: on "
    return Sentence(
        "right-alone", f"{text}{_shares(top)} of rows.", "", "overlap", dict(facts.settings)
    )


def _shares(row: Any) -> str:
    return words.shares(*_ends(row))


def _ends(row: Any) -> tuple[float, float, float]:
    return float(row["value"]), float(row["low"]), float(row["high"])


def _kappa(row: Any) -> str:
    return words.estimate(row["value"], row["low"], row["high"], clusters=row["n_clusters"])


def _pair(facts: Overlapped, row: Any) -> str:
    return f"{facts.name(row['model_a'])} and {facts.name(row['model_b'])}"

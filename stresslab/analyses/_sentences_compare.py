"""Headlines of a comparison."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._sentences import CANNOT_TELL, Sentence
from stresslab.analyses._sentences_lead import more_items

if TYPE_CHECKING:
    import pandas as pd

MOST = 3
"""Pairs of models that get a sentence of their own."""


@dataclass(frozen=True)
class Compared:
    """Tables of a comparison, and how its models and perturbations are called."""

    compare: "pd.DataFrame"
    overall: "pd.DataFrame"
    by_tier: "pd.DataFrame"
    agreement: "pd.DataFrame"
    by: tuple[str, ...]
    names: Mapping[str, str]
    titles: Mapping[str, str]
    rate: bool = True
    margin: float | None = 0.02
    grouped: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    titled: str = "score"

    def pair(self, row: Any) -> tuple[str, str]:
        """Return the names of the two models of a row."""
        return tuple(self.names.get(row[c], row[c]) for c in ("model_a", "model_b"))  # type: ignore[return-value]

    def query(self, row: Any, **more: str) -> dict[str, str]:
        """Return the settings of a link about the two models of a row."""
        return {**self.settings, "models": f"{row['model_a']},{row['model_b']}", **more}


def headlines(facts: Compared) -> list[Sentence]:
    """Return the sentences of a comparison, the most important first."""
    if facts.overall.empty:
        text = "Nothing to compare: it takes two models with known values on the same items."
        return [Sentence("nothing-known", text, CANNOT_TELL, "inventory", {})]
    rows = [row for _, row in facts.overall.iterrows()]
    found = [] if len(rows) <= MOST else [_tally(facts)]
    settled = sorted(rows, key=lambda row: (row["verdict"] == CANNOT_TELL, -abs(row["difference"])))
    chosen = rows if len(rows) <= MOST else settled[: MOST - 1]
    found += [overall(facts, row) for row in chosen]
    for row in chosen if len(rows) == 1 else []:
        rest = (by_cells(facts, row), by_tier(facts, row), agreement(facts, row))
        found += [one for one in rest if one is not None]
    return found


def overall(facts: Compared, row: Any) -> Sentence:
    """Return the verdict on one pair of models over all rows."""
    a, b = facts.pair(row)
    gap = words.estimate(
        row["difference"], row["low"], row["high"], rate=facts.rate, clusters=row["n_clusters"]
    )
    size = words.number(abs(row["difference"]), rate=facts.rate)
    ends = sorted(abs(row[end]) for end in ("low", "high"))
    bounds = words.interval(*ends, rate=facts.rate)
    same_side = row["low"] * row["high"] > 0
    texts = {
        "better": f"{a} is better than {b} by {size} {bounds} overall.",
        "worse": f"{a} is worse than {b} by {size} {bounds} overall.",
        "equivalent": f"{a} and {b} are level overall: the difference is {gap}, "
        f"within {words.number(facts.margin or 0.0, rate=facts.rate)}.",
        CANNOT_TELL: f"We cannot tell {a} from {b} overall: the difference is {gap}"
        f"{more_items([row], grouped=facts.grouped)}.",
    }
    if row["verdict"] in ("better", "worse") and not same_side:
        texts |= {
            one: f"{a} is {one} than {b} overall: the difference is {gap}."
            for one in ("better", "worse")
        }
    return Sentence("overall", texts[row["verdict"]], row["verdict"], "compare", facts.query(row))


def by_cells(facts: Compared, row: Any) -> Sentence | None:
    """Return in how many cells the first model is better, worse, level, or cannot be told."""
    cells = _of_pair(facts.compare, row)
    if not facts.by or len(cells) < 2:
        return None
    a, b = facts.pair(row)
    what = f"{len(cells)} {_plural(facts.by)}"
    text = f"{a} against {b} in {what}: {tally(cells, facts.by, grouped=facts.grouped)}."
    verdicts = set(cells["verdict"])
    verdict = verdicts.pop() if len(verdicts) == 1 else ""
    return Sentence("by-cell", text, verdict, "compare", facts.query(row, by=",".join(facts.by)))


def by_tier(facts: Compared, row: Any) -> Sentence | None:
    """Return under which perturbation the verdict turns or comes to show, and from which tier."""
    cells = _of_pair(facts.by_tier, row)
    cells = cells[cells["perturbation"].notna()] if len(cells) else cells
    found = []
    for name, part in cells.groupby("perturbation", sort=False) if len(cells) else ():
        turned = _turn(part.sort_values("tier"))
        if turned is not None:
            found.append((*turned, str(name), int(part["tier"].max())))
    if not found:
        return None
    appears, tier, verdict, name, last = min(found)
    a, b = facts.pair(row)
    title = words.in_sentence(facts.titles.get(name, name))
    onward = f"from tier {tier} on" if tier < last else f"at tier {tier}"
    text = f"Under {title} the order turns: {a} is {verdict} than {b} {onward}."
    if appears:
        text = f"Under {title} the difference shows {onward}: {a} is {verdict} than {b}."
    return Sentence("by-tier", text, verdict, "compare", facts.query(row, by="perturbation,tier"))


def agreement(facts: Compared, row: Any) -> Sentence | None:
    """Return how often only one of the two models is right."""
    counts = _of_pair(facts.agreement, row)
    if counts.empty or not counts["n_pairs"].iloc[0]:
        return None
    one = counts.iloc[0]
    a, b = facts.pair(row)
    n = one["n_pairs"]
    text = f"Only {a} is right on {words.share(one['only_a'] / n)} of {words.count(n)} pairs, "
    text += f"only {b} on {words.share(one['only_b'] / n)}; "
    text += f"neither on {words.share(one['both_wrong'] / n)}."
    return Sentence("agreement", text, "", "items", facts.query(row))


def tally(cells: "pd.DataFrame", by: Sequence[str] = (), *, grouped: bool = False) -> str:
    """Return ``5 better; 1 worse (nyt); 6 cannot tell (about 900 more items needed)``.

    Cells of a verdict are named where there are no more than `MOST` of them.
    """
    counts = Counter(cells["verdict"])
    parts = []
    for one in ("better", "worse", "equivalent"):
        named = cells.loc[cells["verdict"] == one, by[0]].dropna() if len(by) == 1 else ()
        names = [str(name) for name in named]
        if counts[one]:
            tail = f" ({words.listing(names)})" if 0 < len(names) <= MOST else ""
            parts.append(f"{counts[one]} {one}{tail}")
    if counts[CANNOT_TELL]:
        untold = [row for _, row in cells[cells["verdict"] == CANNOT_TELL].iterrows()]
        parts.append(f"{counts[CANNOT_TELL]} {CANNOT_TELL}{more_items(untold, grouped=grouped)}")
    return "; ".join(parts)


def _tally(facts: Compared) -> Sentence:
    counts = Counter(facts.overall["verdict"])
    told = counts["better"] + counts["worse"]
    text = f"{told} of {len(facts.overall)} pairs of models can be told apart"
    if counts["equivalent"]:
        text += f"; {counts['equivalent']} are level"
    if counts[CANNOT_TELL]:
        text += f"; in {counts[CANNOT_TELL]} we cannot tell"
    return Sentence("tally", text + ".", "", "compare", dict(facts.settings))


def _turn(part: "pd.DataFrame") -> tuple[bool, int, str] | None:
    """Return the final verdict and its first tier, if it differs from the one at the first tier.

    Before them stands whether there was no order to turn: the first tier was level or untold.
    """
    verdicts, tiers = part["verdict"].tolist(), part["tier"].tolist()
    last = verdicts[-1]
    if last not in ("better", "worse") or verdicts[0] == last:
        return None
    start = len(verdicts) - 1
    while start and verdicts[start - 1] == last:
        start -= 1
    return verdicts[0] not in ("better", "worse"), int(tiers[start]), last


def _of_pair(table: "pd.DataFrame", row: Any) -> "pd.DataFrame":
    same = (table["model_a"] == row["model_a"]) & (table["model_b"] == row["model_b"])
    found: pd.DataFrame = table.loc[same]
    return found


def _plural(by: Sequence[str]) -> str:
    return f"{by[0].split('.')[-1]}s" if len(by) == 1 else "cells"

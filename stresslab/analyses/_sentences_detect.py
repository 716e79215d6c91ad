"""Headlines about detectors: who tells best, what dropping gains, whether scores follow tiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stresslab.analyses import _words as words
from stresslab.analyses._sentences import CANNOT_TELL, Sentence, both, quoted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Found:
    """Tables the sentences are made from, and how what is in them is called."""

    tables: Mapping[str, "pd.DataFrame"]
    in_words: str
    out_words: str
    model: str
    dropped: float
    titles: Mapping[str, str]
    settings: Mapping[str, str]


def headlines(found: Found) -> list[Sentence]:
    """Return the sentences, the most important first."""
    if found.tables["detect"].empty:
        return []
    made = [_best(found), _gain(found), _weakest(found), _tiers(found)]
    return [one for one in made if one is not None]


def _best(found: Found) -> Sentence:
    table, pairs = found.tables["detect"], found.tables["pairs"]
    best = table.iloc[0]
    value = words.estimate(best["value"], best["low"], best["high"], clusters=best["n_clusters"])
    name = best["label"][:1].upper() + best["label"][1:]
    text = (
        f"{name} tells {found.out_words} from {found.in_words} best: AUROC {value} "
        f"(n = {best['n_out']:,} and {best['n_in']:,})"
    )
    mine = pairs[pairs["detector_a"] == best["detector"]]
    n_better = int((mine["verdict"] == "better").sum())
    if not len(mine):
        return Sentence("best-detector", f"{text}.", "", "detect")
    rest = len(mine) - n_better
    verdict = "better" if n_better else CANNOT_TELL
    said = f", better than {n_better} of {len(mine)} other detectors" if n_better else ""
    if rest:
        others = mine.loc[mine["verdict"] != "better", "detector_b"]
        named = table.set_index("detector")["label"]
        said += f"; it cannot be told from {words.listing([named[one] for one in others])}"
    return Sentence("best-detector", f"{text}{said}.", verdict, "detect")


def _gain(found: Found) -> Sentence | None:
    table = found.tables["dropping"]
    if table.empty:
        return None
    best = table.iloc[0]
    sure = best["gain_low"] > 0
    moved = words.estimate(best["gain"], best["gain_low"], best["gain_high"])
    verb = "lifts" if best["gain"] > 0 else "moves"
    text = (
        f"Dropping the least familiar {words.share(found.dropped)} by {best['label']} {verb} the "
        f"share of right answers of {found.model} from {words.number(best['all_rows'])} to "
        f"{words.number(best['kept_rows'])}, by {moved} (n = {best['n']:,}, chosen as the best of "
        f"{len(table)})."
    )
    return Sentence("dropping", text, "better" if sure else CANNOT_TELL, "detect")


def _weakest(found: Found) -> Sentence | None:
    best = found.tables["detect"].iloc[0]["detector"]
    cells = []
    for name, kind in (("domains", "domain"), ("tiers", "perturbation")):
        table = found.tables[name]
        mine = table[(table["detector"] == best) & table["value"].notna()]
        cells += [(row["value"], kind, row) for row in mine.to_dict("records")]
    if len(cells) < 2:
        return None
    _, kind, row = min(cells, key=lambda one: float(one[0]))
    value = words.estimate(row["value"], row["low"], row["high"])
    condition = f"{kind} = {quoted(row[kind])}"
    where = str(row[kind])
    if kind == "perturbation":
        where = f"{found.titles.get(where, where)} at tier {row['tier']}"
        condition += f" and tier = {row['tier']}"
    query = {**found.settings, "where": both(found.settings.get("where", ""), condition)}
    text = f"It sees {where} least: AUROC {value} (n = {row['n']:,})."
    return Sentence("weakest-cell", text, "", "items", query)


def _tiers(found: Found) -> Sentence | None:
    best = found.tables["detect"].iloc[0]
    table = found.tables["tier_response"]
    mine = table[table["detector"] == best["detector"]]
    if mine.empty:
        return None
    rising = int((mine["verdict"] == "rises").sum())
    falling = mine.loc[mine["verdict"] == "falls", "perturbation"].tolist()
    text = (
        f"Its score rises with the tier of the same item in {rising} of {len(mine)} perturbations"
    )
    if falling:
        text += f" and falls in {words.listing([found.titles.get(one, one) for one in falling])}"
    unsure = len(mine) - rising - len(falling)
    if unsure:
        text += f"; of {unsure} we cannot tell"
    verdict = "better" if rising == len(mine) else CANNOT_TELL if not falling else "worse"
    return Sentence("tier-response", f"{text}.", "" if rising else verdict, "detect")

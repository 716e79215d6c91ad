"""Verdicts and headlines of a forecast over models."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stresslab.analyses._geometry_words import words
from stresslab.analyses._sentences import CANNOT_TELL, Sentence
from stresslab.stats.forecast import FEWEST

if TYPE_CHECKING:
    import pandas as pd

NONE = "Nobody said what is in distribution, and there are no tiers: name in_where or in_domains."
TRUST, TELLS = "worth trusting", "tells, no better than the score inside"
WARNS, ALREADY, SIGNAL = (
    "geometry warns",
    "the score inside already tells",
    "no signal with this many models",
)


def verdicts(table: "pd.DataFrame", alpha: float) -> list[str]:
    """Return a verdict per marker.

    A marker is worth trusting where its correlation survives the correction over markers, its line
    errs less on families it has not seen than their mean does, and no more than the baseline's.
    """
    base = table.loc[table["kind"] == "baseline", "error"]
    bar = float(base.iloc[0]) if len(base) and base.notna().all() else float("inf")
    made = []
    for row in table.to_dict("records"):
        sure = row["p_adjusted"] < alpha and row["error"] < row["error_of_mean"]
        if not sure:
            made.append(CANNOT_TELL)
        else:
            made.append(TRUST if row["error"] <= bar else TELLS)
    return made


def overall(table: "pd.DataFrame") -> str:
    """Return the verdict of the whole: whether geometry warned, or the score inside had told."""
    sure = table[table["says"] == TRUST]
    if "baseline" in set(sure["kind"]):
        better = sure[sure["kind"] == "geometry"]
        base = float(sure.loc[sure["kind"] == "baseline", "error"].iloc[0])
        return WARNS if (better["error"] < 0.9 * base).any() else ALREADY
    if "geometry" in set(sure["kind"]):
        return WARNS
    return SIGNAL


def headlines(table: "pd.DataFrame", n_models: int, link: Mapping[str, str]) -> list[Sentence]:
    """Return the verdict, the best marker, and what the baseline does."""
    if not n_models:
        return [Sentence("nothing", NONE, CANNOT_TELL, "inventory", {})]
    if n_models < FEWEST:
        text = f"{n_models} models are too few to tell: a forecast needs at least {FEWEST}, "
        text += f"{FEWEST - n_models} more."
        return [Sentence("few-models", text, CANNOT_TELL, "forecast", dict(link))]
    known = table[table["pearson"].notna()]
    verdict = overall(known)
    if known.empty:
        text = "No marker differs between models, so none can tell them apart."
        return [Sentence("constant", text, CANNOT_TELL, "forecast", dict(link))]
    best = known.sort_values("error", kind="stable").iloc[0]
    text = f"{verdict[0].upper()}{verdict[1:]}: {_said(best)}."
    found = [
        Sentence("best", text, CANNOT_TELL if verdict == SIGNAL else "", "forecast", dict(link))
    ]
    base = known[known["kind"] == "baseline"]
    if len(base) and best["kind"] != "baseline":
        text = f"The baseline: {_said(base.iloc[0])}."
        found.append(Sentence("baseline", text, "", "forecast", dict(link)))
    return found


def _said(row: Any) -> str:
    return (
        f"{words(row['marker'])} has r = {row['pearson']:.2f} [{row['pearson_low']:.2f}, "
        f"{row['pearson_high']:.2f}] with the score outside over {int(row['n_models'])} models, "
        f"errs by {row['error']:.3f} on unseen families (their mean: {row['error_of_mean']:.3f}) "
        f"and orders {row['pairs']:.0%} of pairs"
    )

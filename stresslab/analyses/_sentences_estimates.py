"""Sentences about estimates without labels: which one to use, and which one misleads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._estimates_quality import FEW_DOMAINS, OPTIMISTIC, PESSIMISTIC, TRACKS
from stresslab.analyses._sentences import CANNOT_TELL, Sentence

if TYPE_CHECKING:
    import pandas as pd

PAGE = "estimate"
NO_ESTIMATE = (
    "Nothing can be estimated here without labels: models kept neither probabilities nor "
    "confidence, and no other model answered the same inputs."
)


@dataclass(frozen=True)
class Estimates:
    """Tables the rules read.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Those of the result.
    names : dict
        Names of models as people read them.
    settings : dict
        Settings every link carries.
    """

    tables: "Mapping[str, pd.DataFrame]"
    names: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)

    def name(self, model: str) -> str:
        """Return the name of a model as people read it."""
        return self.names.get(model, model)


def headlines(facts: Estimates) -> list[Sentence]:
    """Return the sentences that apply, the answer first."""
    if facts.tables["estimate"].empty:
        return [Sentence("nothing", NO_ESTIMATE, CANNOT_TELL, PAGE, dict(facts.settings))]
    rules = (lead, judged, misleading, better)
    return [one for one in (rule(facts) for rule in rules) if one is not None]


def lead(facts: Estimates) -> Sentence:
    """Say which estimator to use for which model, and how far off it may be."""
    table = facts.tables["advice"]
    if table.empty:
        text = (
            "The truth is not known outside the labelled side, so estimates stand without a check."
        )
        return Sentence("unchecked", text, CANNOT_TELL, PAGE, dict(facts.settings))
    good = table[table["verdict"] == "use it here"].sort_values(["bound", "model"])
    if len(good):
        top = good.iloc[0]
        rest = len(table) - len(good)
        text = (
            f"For {facts.name(top['model'])} {top['title']} can be used here without labels: "
            f"{_off(top)}, and a bound set without one domain held (give or take .02) on "
            f"{top['n_held']} of {top['n_domains']}"
        )
        if len(good) > 1:
            text += f"; so for {words.plural(len(good), 'model')} in all"
        if rest:
            text += f"; for {words.plural(rest, 'other')} nothing can be promised"
        return Sentence("use", f"{text}.", "", PAGE, dict(facts.settings))
    few = table["n_domains"].max() < FEW_DOMAINS
    top = table.sort_values(["bound", "model"]).iloc[0]
    if few:
        text = (
            f"Which estimate to trust cannot be told: it takes at least {FEW_DOMAINS} domains with "
            f"known truth, and there are {int(table['n_domains'].max())}. Nearest here: "
            f"{top['title']} for {facts.name(top['model'])}, {_off(top)}"
        )
    else:
        text = (
            "No estimate can be relied on here: a bound set without one domain fails on it for "
            f"every model. Nearest: {top['title']} for {facts.name(top['model'])}, {_off(top)}, "
            f"where the bound held on {top['n_held']} of {top['n_domains']} domains"
        )
    return Sentence("none", f"{text}.", CANNOT_TELL, PAGE, dict(facts.settings))


def judged(facts: Estimates) -> Sentence | None:
    """Say how many estimates follow the truth, flatter or belittle."""
    table = facts.tables["quality"]
    if table.empty:
        return None
    table = table[table["estimator"] != "unchanged"]
    counts = table["verdict"].value_counts()
    said = [
        f"{counts[word]} {words_for}"
        for word, words_for in (
            (TRACKS, "track the truth"), (OPTIMISTIC, "say more than is right (optimistic)"),
            (PESSIMISTIC, "say less (pessimistic)"), ("uninformative here", "tell nothing here"),
            (CANNOT_TELL, "cannot be judged"),
        )
        if word in counts
    ]  # fmt: skip
    text = f"Of {words.plural(len(table), 'estimator and model', 'pairs of estimator and model')} "
    text += ", ".join(said)
    return Sentence("judged", f"{text}.", "", PAGE, dict(facts.settings))


def misleading(facts: Estimates) -> Sentence | None:
    """Warn of estimates that go up where the truth goes down."""
    table = facts.tables["quality"]
    wrong = table[table["reversed"]] if len(table) else table
    if wrong.empty:
        return None
    top = wrong.sort_values("rank").iloc[0]
    text = (
        f"Beware: {top['title']} goes against the truth for {facts.name(top['model'])} (rank "
        f"correlation {words.estimate(top['rank'], top['rank_low'], top['rank_high'])})"
    )
    if len(wrong) > 1:
        text += f", and so in {words.plural(len(wrong) - 1, 'other case')}"
    return Sentence("reversed", f"{text}.", "", PAGE, dict(facts.settings))


def better(facts: Estimates) -> Sentence | None:
    """Say where the estimator with the least error is surely better than another."""
    table = facts.tables["comparisons"]
    if table.empty:
        return None
    sure = table[table["verdict"] == "better"]
    floor = sure[sure["estimator_b"] == "unchanged"]
    n_models = table["model"].nunique()
    text = (
        f"The nearest estimator beats the guess that nothing changes for {len(floor)} of "
        f"{words.plural(int((table['estimator_b'] == 'unchanged').sum()), 'model')}, and is surely "
        f"nearer than another estimator in {len(sure) - len(floor)} of "
        f"{len(table) - int((table['estimator_b'] == 'unchanged').sum())} comparisons over "
        f"{words.plural(n_models, 'model')} (corrected)"
    )
    return Sentence("better", f"{text}.", "", PAGE, dict(facts.settings))


def _off(row: Any) -> str:
    text = f"off by at most {words.number(row['bound'])} on {words.plural(row['n'], 'cell')}"
    if row["floor"] == row["floor"]:
        text += f" (that nothing changes: up to {words.number(row['floor'])})"
    return text

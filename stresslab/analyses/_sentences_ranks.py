"""Headlines of a ranking: who is first, and what it takes to turn the order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._rank_tables import SAME, TURNS
from stresslab.analyses._sentences import CANNOT_TELL, Sentence

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Ranked:
    """Tables of a ranking, and how its models and perturbations are called."""

    rankings: "pd.DataFrame"
    rules: "pd.DataFrame"
    flips: "pd.DataFrame"
    map: "pd.DataFrame"
    by: tuple[str, ...]
    names: Mapping[str, str]
    titles: Mapping[str, str]
    rate: bool = True
    margin: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def name(self, model: str) -> str:
        """Return the name of a model as people read it."""
        return self.names.get(model, model)

    def estimate(self, row: Any) -> str:
        """Return the value of a row with its interval."""
        return words.estimate(
            row["value"], row["low"], row["high"], rate=self.rate, clusters=row["n_clusters"]
        )


def headlines(facts: Ranked) -> list[Sentence]:
    """Return the sentences of a ranking, the most important first."""
    if facts.rankings.empty or facts.rankings["value"].isna().all():
        text = "Nothing to rank: no row has a known value for the chosen models."
        return [Sentence("nothing-known", text, CANNOT_TELL, "inventory", {})]
    if len(facts.rankings) == 1:
        row = facts.rankings.iloc[0]
        text = f"{facts.name(row['model'])} is at {facts.estimate(row)}; there is none to rank "
        return [Sentence("one-model", text + "it with.", "", "tier_curve", dict(facts.settings))]
    found = [first(facts), *(turned(facts, kind) for kind in facts.by), groups(facts)]
    return [one for one in found if one is not None][:5]


def first(facts: Ranked) -> Sentence:
    """Return who is really first: a clear winner, a tie, or it depends on the rule."""
    top = facts.rankings[facts.rankings["tie_group"] == 1]
    leader = facts.rankings.iloc[0]
    name = facts.name(leader["model"])
    crowned = _crowned(facts)
    others = {rule: model for rule, model in crowned.items() if leader["model"] not in model}
    query = dict(facts.settings)
    clear = leader["rank_high"] == 1
    if clear and others:
        rule, model = next(iter(others.items()))
        text = f"Who is first depends on the rule: {name} by the mean of all rows "
        text += f"({facts.estimate(leader)}), {_listed(facts, model)} by the {rule}."
        return Sentence("depends", text, CANNOT_TELL, "compare", query)
    if clear:
        rest = f" and under all {len(crowned)} rules" if len(crowned) > 1 else ""
        text = f"{name} is a clear winner: {facts.estimate(leader)}, better than every other "
        text += f"model, first in {words.share(leader['first'])} of the resamples{rest}."
        return Sentence("clear-winner", text, "better", "compare", query)
    tied = [facts.name(one) for one in top["model"]]
    shares = [
        f"{facts.name(row['model'])} in {words.share(row['first'])}"
        for _, row in top.sort_values("first", ascending=False).head(2).iterrows()
    ]
    text = f"{words.listing(tied)} are tied for first: {name} is at {facts.estimate(leader)}; when "
    text += f"items are drawn again, first is {words.listing(shares)} of the draws"
    if others:
        rule, model = next(iter(others.items()))
        text += f"; the {rule} puts {_listed(facts, model)} first"
    verdict = "equivalent" if _all_level(facts, list(top["model"])) else CANNOT_TELL
    return Sentence("tied", text + ".", verdict, "compare", query)


def turned(facts: Ranked, kind: str) -> Sentence | None:
    """Return where along one column another model leads."""
    rows = facts.flips[facts.flips["kind"] == kind]
    if len(rows) < 2:
        return None
    leader = facts.rankings.iloc[0]
    name = facts.name(leader["model"])
    away = rows[rows["lead"] == TURNS]
    same = int((rows["lead"] == SAME).sum())
    many = f"{len(rows)} {_plural(kind)}"
    query = {**facts.settings, "by": kind}
    page = "compare"
    if away.empty:
        unsure = len(rows) - same
        text = f"{name} leads in {'all' if same == len(rows) else same} of {many}"
        if same == len(rows):
            text = f"{name} leads in all {many}"
        rest = f"; in the other {unsure} we cannot tell who leads" if unsure else ""
        return Sentence("holds", f"{text}{rest}.", "" if unsure else "better", page, query)
    where = [f"{_listed(facts, row['leader'].split(', '))} at {_view(facts, kind, row['view'])}"
             for _, row in away.iterrows()]  # fmt: skip
    far = away.sort_values("distance").iloc[-1]
    text = f"Another model leads in {len(away)} of {many}: {words.listing(where)}; at "
    text += f"{_view(facts, kind, far['view'])} {words.share(far['distance'])} of the pairs stand "
    return Sentence("turns", f"{text}in another order than over all rows.", "", page, query)


def groups(facts: Ranked) -> Sentence | None:
    """Return how many groups of models are told apart, and how sure the last place is."""
    table = facts.rankings
    n_groups = int(table["tie_group"].max())
    if len(table) < 3:
        return None
    last = table[table["rank_low"] == len(table)]
    text = f"{len(table)} models fall into {n_groups} groups that are told apart"
    if n_groups == 1:
        text = f"None of the {len(table)} models is told apart from the first"
    if len(last):
        text += f"; {facts.name(last.iloc[-1]['model'])} is surely last"
    return Sentence("groups", text + ".", "", "rankings", dict(facts.settings))


def _crowned(facts: Ranked) -> dict[str, list[str]]:
    """Return who each rule puts first."""
    table = facts.rules[facts.rules["rank"] == 1]
    return {str(rule): part["model"].tolist() for rule, part in table.groupby("view", sort=False)}


def _all_level(facts: Ranked, models: list[str]) -> bool:
    rows = facts.map[facts.map["model_a"].isin(models) & facts.map["model_b"].isin(models)]
    return bool(len(rows)) and bool((rows["verdict"] == "equivalent").all())


def _listed(facts: Ranked, models: list[str]) -> str:
    return words.listing([facts.name(one) for one in models])


def _view(facts: Ranked, kind: str, view: str) -> str:
    if kind == "perturbation":
        return words.in_sentence(facts.titles.get(view, view))
    return f"tier {view}" if kind == "tier" else view


def _plural(kind: str) -> str:
    return {"domain": "domains", "tier": "tiers", "perturbation": "perturbations"}.get(
        kind, f"values of {kind}"
    )

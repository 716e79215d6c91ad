"""Rank the models, say how sure each place is, and whether another rule would crown another."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stresslab.analyses import _paired, _rank_orders, _rank_tables, _rank_views, _sentences, _value
from stresslab.analyses import _sentences_ranks as rules
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.params import PairedParams, setting
from stresslab.result import Result, Warn
from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.checks import Array
    from stresslab.store.query import Pairs
    from stresslab.store.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class RankingsParams(PairedParams):
    """Settings of a ranking."""

    by: tuple[str, ...] = setting(
        ("domain", "tier"),
        "Rank again within every value of these: domain, tier, perturbation, or an attribute.",
    )
    correction: Literal["auto", "holm", "bh", "none"] = setting(
        "holm", "Correction of the pairs behind places and ties: holm, bh, none or auto."
    )
    resamples: int = setting(
        2000, "Resamples behind how often a model is first.", low=200, high=20_000
    )


def run(workspace: "Workspace", params: RankingsParams) -> Result:
    """Return the places of the models, their ties, and the orders by view and by rule."""
    asked = ask(workspace, params)
    by = tuple(dict.fromkeys(params.by))
    how = _paired.judge(asked)
    tables = _rank_tables.empty(by)
    warnings = list(asked.question.warnings)
    ranked = None
    if asked.empty:
        warnings.append(no_rows(asked))
    else:
        from stresslab.store import query

        pairs = query.pairs(asked.workspace, _paired.row_question(asked), by=by)
        if len(pairs.variant) and np.isfinite(pairs.values).any():
            found, ranked = _ranked(asked, pairs, by, how)
            tables |= found
            warnings += _cautions(asked, pairs, tables) + _paired.answered_only(asked)
        else:
            warnings.append(_nothing(asked, pairs))
    facts = rules.Ranked(
        rankings=tables["rankings"], rules=tables["rules"], flips=tables["flips"],
        map=tables["map"], by=by, names=asked.names, titles=asked.titles,
        rate=how.rate or bool(ranked), margin=how.margin, settings=asked.link,
    )  # fmt: skip
    tables["headlines"] = _sentences.table(rules.headlines(facts))
    return Result(
        analysis="rankings",
        params=asked.settings | {"by": list(by), "margin": how.margin},
        tables=tables,
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns=_rank_tables.meanings(asked) | {"map": _paired.meanings(how)},
    )


def _ranked(
    asked: Asked, pairs: "Pairs", by: tuple[str, ...], how: _paired.Judge
) -> tuple[dict[str, "pd.DataFrame"], bool]:
    """Return the tables of a ranking, and whether all values are right or wrong."""
    params: Any = asked.params
    rate = how.rate or bool(pairs.rate)
    better = asked.metric.higher_is_better
    once = _paired.once(pairs)
    views = _rank_views.views(pairs, by, higher_is_better=better, ranks=not pairs.rate)
    drawn = _rank_orders.redraw(views, rng_for(params.seed, "rankings"), params.resamples)
    known = _rank_orders.How(better, rate, how.bounds, params.level)
    orders = _rank_orders.by_view(views, drawn, known)
    medians = None if rate else np.nanmedian(pairs.values[once], axis=0)
    ruled = _rank_orders.by_rule(views, drawn, known, medians, by)
    gaps = _map(pairs, np.where(once, 0, -1), how, list(pairs.models))
    models = list(pairs.models)
    return {
        "rankings": _rank_tables.rankings(models, orders[0], gaps, better, params.level),
        "map": gaps,
        "rules": _rank_tables.orders(models, ruled, (), params.level),
        "places": _rank_tables.orders(models, orders, by, params.level),
        "flips": _rank_tables.flips(models, orders[0], [*ruled[1:], *orders[1:]], params.level),
        "often": _rank_tables.often(models, orders[0]),
    }, rate


def _map(
    pairs: "Pairs", everywhere: "Array", how: _paired.Judge, models: list[str]
) -> "pd.DataFrame":
    """Return every pair of models over all rows, corrected as one family."""
    import pandas as pd

    compared = _paired.model_pairs(models)
    if not compared:
        return _paired.empty_differences()
    cell = pd.DataFrame(index=range(1))
    family = list(_paired.between(pairs, everywhere, cell, compared, how, "map"))
    return how.settle(family).get("map", _paired.empty_differences())


def _cautions(asked: Asked, pairs: "Pairs", tables: dict[str, "pd.DataFrame"]) -> list[Warn]:
    found = []
    table = tables["rankings"]
    if len(table) == 1:
        text = f"There is one model, {asked.names.get(pairs.models[0], pairs.models[0])}: "
        found.append(Warn("one-model", text + "a ranking needs two.", 1))
    few = int(table["n_clusters"].min())
    if few < _value.FEW:
        text = "independent items or groups of items; read places and shares with care."
        found.append(Warn("few-clusters", f"The ranking rests on only {few} {text}", few))
    unmatched = sum(int(n) for n in pairs.unmatched.values())
    if unmatched and asked.question.population == "common":
        text = "values of one model have no partner in another and are left out."
        found.append(Warn("unmatched", f"{unmatched:,} {text}", unmatched))
    if pairs.n_edited:
        text = "variants carry one id and different contents, so they are left out."
        found.append(Warn("edited", f"{pairs.n_edited:,} {text}", int(pairs.n_edited)))
    for name in asked.params.to_dict().get("by", ()):
        n_values = pairs.groups[name].nunique(dropna=False) if name in pairs.groups else 0
        if n_values > _rank_views.MOST_LEVELS:
            text = f"{name} has {n_values:,} values; the {_rank_views.MOST_LEVELS} with most rows "
            found.append(Warn("views-left-out", text + "are ranked on their own.", n_values))
    return found


def _nothing(asked: Asked, pairs: "Pairs") -> Warn:
    if any(pairs.unmatched.values()) or pairs.n_edited:
        text = "The models have no item in common with a known value and the same contents."
        return Warn("no-common-items", text, 0)
    return no_rows(asked)


PIECE = Analysis(
    title="Rankings",
    question="Who is really first, and would another rule or sample crown another?",
    params=RankingsParams,
    run=run,
    figures=("ranks", "rank_map", "rank_grid"),
    source="Places: simultaneous ranges from corrected paired tests (Mogstad et al. 2024); "
    "shares: cluster bootstrap within domains; Kendall (1938) distances.",
)

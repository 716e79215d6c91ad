"""Who is first: against numpy by hand, and on workspaces where the truth is known."""

import numpy as np
import pandas as pd
import pytest

from stresslab.analyses import _sentences_ranks as rules
from tests.factory import steady


@pytest.fixture(scope="module")
def toy_ranks(toy):
    from stresslab import analyses

    piece = analyses.get("rankings")
    return piece.run(toy, piece.params())


def test_places_follow_the_values_and_lie_in_their_ranges(toy_ranks):
    table = toy_ranks.table
    assert (table["rank"].to_numpy() == (-table["value"]).rank(method="min")).all()
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()
    assert table["first"].sum() == pytest.approx(1)


def test_ranges_are_counted_from_the_map(toy_ranks):
    pairs = toy_ranks.tables["map"]
    both = pd.concat([pairs, pairs.rename(columns={"model_a": "model_b", "model_b": "model_a"})
                      .assign(verdict=pairs["verdict"].replace({"better": "worse", "worse": "better"}))])  # fmt: skip
    for row in toy_ranks.table.to_dict("records"):
        mine = both[both["model_a"] == row["model"]]["verdict"]
        assert row["rank_low"] == 1 + (mine == "worse").sum()
        assert row["rank_high"] == len(toy_ranks.table) - (mine == "better").sum()


def test_values_of_views_are_those_of_the_tier_curve(toy_ranks, ask, toy):
    places = toy_ranks.tables["places"]
    curve = ask("tier_curve", toy, by=("domain",)).table
    tiers = ask("tier_curve", toy, by=()).table
    mine = places[places["kind"] == "tier"].merge(tiers, on=["model", "tier"])
    assert len(mine) == len(tiers) > 0
    for name in ("value", "low", "high", "n", "n_clusters"):
        assert mine[f"{name}_x"].to_numpy() == pytest.approx(mine[f"{name}_y"].to_numpy())
    assert set(places.loc[places["kind"] == "domain", "view"]) == set(curve["domain"])


def test_rules_are_those_of_numpy(toy_ranks, toy):
    from stresslab.ratings.ranks import aggregate
    from stresslab.store import query
    from stresslab.store.contents import resolve

    pairs = query.pairs(toy, resolve(toy), by=("domain",))
    found = toy_ranks.tables["rules"].set_index(["view", "model"])["value"]
    names = list(pairs.models)
    for rule, name in (("mean", "mean of all rows"), ("mean rank", "mean rank per row")):
        assert found[name][names].to_numpy() == pytest.approx(aggregate(pairs.values, rule))
    by_domain = [pairs.values[pairs.group == one].mean(axis=0) for one in (0, 1)]
    assert found["mean over domains"][names].to_numpy() == pytest.approx(np.mean(by_domain, axis=0))


def test_a_clear_winner_and_a_tie_are_called_so(make, ask):
    clear = make(
        models={"a": steady(0.9), "b": steady(0.5), "c": steady(0.45)}, n_items=60, perturbations={}
    )
    first = ask("rankings", clear).tables["headlines"].iloc[0]
    assert "a is a clear winner" in first["text"]
    assert first["verdict"] == "better"
    tied = make(models={"a": steady(0.6), "b": steady(0.6)}, n_items=60, perturbations={})
    first = ask("rankings", tied).tables["headlines"].iloc[0]
    assert "are tied for first" in first["text"]
    assert first["verdict"] == "cannot tell"


def test_the_same_model_twice_shares_the_first_place(make, ask):
    one = make(models={"a": steady(1.0), "b": steady(1.0)}, n_items=20)
    result = ask("rankings", one)
    assert result.table["rank"].tolist() == [1, 1]
    assert result.table["first"].tolist() == [0.5, 0.5]
    assert (result.tables["flips"]["distance"] == 0).all()


def test_a_leader_that_loses_a_tier_is_found(make, ask):
    models = {"a": steady(0.9, lost_per_tier={"noise": 0.2}), "b": steady(0.5)}
    flips = ask("rankings", make(models=models, n_items=200, perturbations={"noise": 3})).tables[
        "flips"
    ]
    tiers = flips[flips["kind"] == "tier"].set_index("view")
    assert tiers.loc["0", "lead"] == "same leader"
    assert (tiers.loc["3", "lead"], tiers.loc["3", "leader"]) == ("another leader", "b")
    assert tiers.loc["3", "distance"] == 1


def test_the_winner_may_depend_on_the_rule():
    def ranking(model, rank, value):
        return {"model": model, "rank": rank, "rank_low": rank, "rank_high": rank, "tie_group": rank,
                "first": 1.0 if rank == 1 else 0.0, "value": value, "low": value - 0.01,
                "high": value + 0.01, "n": 100, "n_clusters": 100}  # fmt: skip

    facts = rules.Ranked(
        rankings=pd.DataFrame([ranking("a", 1, 0.8), ranking("b", 2, 0.7)]),
        rules=pd.DataFrame(
            {"view": ["mean of all rows"] * 2 + ["median of all rows"] * 2, "model": ["a", "b"] * 2,
             "rank": [1, 2, 2, 1]}
        ),
        flips=pd.DataFrame(columns=["kind"]), map=pd.DataFrame(), by=(), names={}, titles={},
    )  # fmt: skip
    assert rules.first(facts).text == (
        "Who is first depends on the rule: a by the mean of all rows (.80 [.79, .81]), "
        "b by the median of all rows."
    )


def test_one_model_and_few_items_are_said(make, ask):
    codes = {one.code for one in ask("rankings", make(n_items=4, perturbations={})).warnings}
    assert "few-clusters" in codes
    result = ask("rankings", make(n_items=4, perturbations={}), models=("alpha",))
    assert "one-model" in {one.code for one in result.warnings}
    assert len(result.table) == 1


def test_many_domains_are_ranked_where_there_is_room(make, ask):
    one = make(n_items=60, domains=[f"d{i}" for i in range(30)], perturbations={})
    result = ask("rankings", one)
    assert "views-left-out" in {one.code for one in result.warnings}
    assert result.tables["flips"]["kind"].eq("domain").sum() == 24

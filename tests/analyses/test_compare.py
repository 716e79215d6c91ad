import numpy as np
import pytest

from stresslab.errors import ParamError
from tests.factory import Toy, fill, steady


def codes(result):
    return {warning.code for warning in result.warnings}


def test_the_difference_is_that_of_the_values(toy, ask):
    found = (
        ask("compare", toy, models=("alpha", "beta"), where="tier = 0").tables["overall"].iloc[0]
    )
    values = ask("overview", toy).table.query("tier == 0 and perturbation == 'noise'")
    values = values.set_index("model")["value"]
    assert found["difference"] == pytest.approx(values["alpha"] - values["beta"])
    assert found["verdict"] == "better"


def test_turning_the_order_of_models_turns_every_difference(toy, ask):
    plain = ask("compare", toy, models=("alpha", "beta"))
    turned = ask("compare", toy, models=("beta", "alpha"))
    for name in ("compare", "overall", "by_tier"):
        a, b = plain.tables[name], turned.tables[name]
        assert np.allclose(a["difference"], -b["difference"])
        assert np.allclose(a["low"], -b["high"])
        assert list(
            a["verdict"].map({"better": "worse", "worse": "better"}).fillna(a["verdict"])
        ) == (list(b["verdict"]))


def test_all_pairs_without_a_baseline_and_one_each_with_it(toy, ask):
    assert len(ask("compare", toy).tables["overall"]) == 3
    against = ask("compare", toy, baseline="beta").tables["overall"]
    assert set(against["model_b"]) == {"beta"}
    assert set(against["model_a"]) == {"alpha", "gamma"}


def test_an_unknown_baseline_is_refused_by_name(toy, ask):
    with pytest.raises(ParamError, match="alpha, beta"):
        ask("compare", toy, models=("alpha", "beta"), baseline="gamma")


def test_equal_models_are_never_better(ask, make):
    models = {"alpha": steady(0.6), "beta": steady(0.6)}
    found = ask("compare", make(models=models, n_items=40))
    assert set(found.tables["overall"]["verdict"]) <= {"cannot tell", "equivalent"}


def test_the_two_by_two_adds_up(toy, ask):
    table = ask("compare", toy).tables["agreement"]
    parts = table[["both_right", "only_a", "only_b", "both_wrong"]].sum(axis=1)
    assert (parts == table["n_pairs"]).all()
    # 120 items x (the original + 2 perturbations x 3 tiers), the original once.
    assert set(table["n_pairs"]) == {840}


def test_the_family_is_everything_the_result_shows(toy, ask):
    found = ask("compare", toy, correction="none")
    corrected = ask("compare", toy, correction="holm")
    for name in ("compare", "overall", "by_tier"):
        assert np.allclose(found.tables[name]["p_value"], found.tables[name]["p_adjusted"])
        assert (corrected.tables[name]["p_adjusted"] >= found.tables[name]["p_value"] - 1e-12).all()


@pytest.mark.parametrize("by", [(), ("perturbation",), ("perturbation", "tier"), ("item.even",)])
def test_cells_by_anything(toy, ask, by):
    found = ask("compare", toy, models=("alpha", "beta"), by=by)
    assert set(by) <= set(found.table.columns)
    assert len(found.table)


def test_the_order_of_rows_changes_nothing(ask, make, same_tables):
    plain = ask("compare", make(n_items=60))
    mixed = ask("compare", make(n_items=60, order=lambda rows: rows[::-1]))
    same_tables(plain, mixed)


def test_rows_without_a_partner_are_counted_not_used(silent, ask):
    found = ask("compare", silent, models=("alpha", "gamma"))
    n = found.tables["unmatched"].set_index("model")["n"]
    assert n["alpha"] > 0
    assert n["gamma"] == 0
    assert "unmatched" in codes(found)
    assert found.tables["overall"]["n_pairs"].iloc[0] + n["alpha"] == 840


def test_models_without_a_common_item_are_told_so(tmp_path, ask):
    from stresslab import Workspace

    workspace = Workspace.create(tmp_path / "w")
    fill(workspace, Toy(models={"alpha": steady(0.8)}, n_items=20))
    fill(workspace, Toy(models={"beta": steady(0.8)}, n_items=20, skip=20))
    found = ask("compare", workspace, models=("alpha", "beta"))
    assert found.tables["overall"].empty
    assert "no-common-items" in codes(found)
    assert found.tables["headlines"]["verdict"].tolist() == ["cannot tell"]


def test_one_model_cannot_be_compared_and_says_so(toy, ask):
    found = ask("compare", toy, models=("alpha",))
    assert "one-model" in codes(found)
    assert found.table.empty


def test_groups_of_items_are_the_clusters(ask, make):
    found = ask("compare", make(n_items=60, groups_of=6), models=("alpha", "beta"))
    assert found.tables["overall"]["n_clusters"].iloc[0] == 10


def test_few_clusters_are_warned_about(ask, make):
    found = ask("compare", make(n_items=6), models=("alpha", "beta"))
    assert "few-clusters" in codes(found)


def test_a_verdict_by_domain_is_a_tally(toy, ask):
    table = ask("compare", toy, models=("alpha", "gamma")).tables["headlines"].set_index("code")
    assert "alpha is better than gamma by ." in table.loc["overall", "text"]
    assert table.loc["by-cell", "text"].startswith(
        "alpha against gamma in 2 domains: 2 better (north and south)."
    )


def test_the_turn_of_the_order_is_dated_by_tier(ask, make):
    models = {"alpha": steady(0.95, lost_per_tier={"noise": 0.3}), "beta": steady(0.65)}
    found = ask("compare", make(models=models, n_items=300))
    text = found.tables["headlines"].set_index("code").loc["by-tier", "text"]
    assert text == "Under noise the order turns: alpha is worse than beta from tier 2 on."


def test_several_comparisons_get_a_tally_first(ask, make):
    models = {name: steady(rate) for name, rate in zip("abcd", (0.9, 0.7, 0.5, 0.3))}
    first = ask("compare", make(models=models, n_items=200)).tables["headlines"].iloc[0]
    assert first["text"] == "6 of 6 pairs of models can be told apart."


def test_coverage_has_no_value_per_row_to_pair(toy, ask):
    with pytest.raises(ParamError, match="value per row"):
        ask("compare", toy, metric="coverage")


def test_a_difference_that_only_comes_to_show_is_no_turn(ask, make):
    models = {"alpha": steady(0.65, lost_per_tier={"noise": 0.2}), "beta": steady(0.65)}
    found = ask("compare", make(models=models, n_items=200))
    text = found.tables["headlines"].set_index("code").loc["by-tier", "text"]
    assert text == "Under noise the difference shows from tier 2 on: alpha is worse than beta."


def test_groups_of_items_are_called_so(ask, make):
    models = {"alpha": steady(0.65), "beta": steady(0.6)}
    found = ask("compare", make(models=models, n_items=60, groups_of=10))
    assert "more groups of items needed" in found.tables["headlines"]["text"].iloc[0]
    said = {warning.code: warning.message for warning in found.warnings}
    assert said["few-clusters"] == ("A comparison rests on only 6 independent groups of items.")


def test_what_is_needed_is_a_whole_number(ask, make):
    models = {"alpha": steady(0.65), "beta": steady(0.6)}
    table = ask("compare", make(models=models, n_items=60)).tables["overall"]
    assert table["n_needed"].dtype == "Int64"


def edited(tmp_path, share):
    from stresslab import Workspace
    from stresslab.nouns import content_hash

    workspace = Workspace.create(tmp_path / "w")
    for model in ("alpha", "beta"):
        texts = [f"{n}{'!' if model == 'beta' and n < share else ''}" for n in range(20)]
        with workspace.add_run(model=model, task="t", measures={"score": {}}) as run:
            run.write("items", [
                {"item_id": f"s/{n}", "input": text, "content_hash": content_hash(text)}
                for n, text in enumerate(texts)
            ])  # fmt: skip
            run.write("outcomes", [{"variant_id": f"s/{n}", "score": 1.0} for n in range(20)])
    return workspace


def test_edited_items_are_warned_about_once(tmp_path, ask):
    found = ask("compare", edited(tmp_path, 5))
    assert [one.code for one in found.warnings if one.code.startswith("edited")] == ["edited"]


def test_rows_that_cannot_be_paired_are_not_called_unknown(tmp_path, ask):
    found = ask("compare", edited(tmp_path, 20))
    assert {"no-common-items", "edited"} <= codes(found)
    assert "no-rows" not in codes(found)


def test_one_model_against_the_rest_is_its_gap_to_the_mean_of_the_others(toy, ask):
    found = ask("compare", toy, against="rest")
    overall = found.tables["overall"].set_index("model_a")
    assert set(overall["model_b"]) == {"the others"}
    assert overall["difference"].sum() == pytest.approx(0, abs=1e-12)  # every row has all models
    pairs = ask("compare", toy).tables["overall"]
    mine = pairs[(pairs["model_a"] == "alpha")]["difference"].mean()
    assert overall.loc["alpha", "difference"] == pytest.approx(mine)
    assert found.tables["agreement"].empty
    assert not found.tables["headlines"]["text"].str.contains("\x00").any()


def test_two_models_against_the_rest_are_one_pair_twice(toy, ask):
    rest = ask("compare", toy, models=("alpha", "beta"), against="rest").tables["overall"]
    plain = ask("compare", toy, models=("alpha", "beta")).tables["overall"]
    assert rest["difference"].tolist() == pytest.approx(
        [plain["difference"][0], -plain["difference"][0]]
    )


def test_a_baseline_and_the_rest_cannot_both_be_meant(toy, ask):
    with pytest.raises(ParamError, match="against = rest"):
        ask("compare", toy, against="rest", baseline="alpha")


@pytest.fixture(scope="module")
def repeated(tmp_path_factory):
    """Two models, 40 items, four trials: one always says the same, one flips half of its items."""
    from stresslab import Workspace

    workspace = Workspace.create(tmp_path_factory.mktemp("trials") / "w")
    items = [{"item_id": f"s/{n}", "input": str(n)} for n in range(40)]
    rate = {"score": {"rate": True, "low": 0.0, "high": 1.0, "higher_is_better": True}}
    for model in ("steady", "flipping"):
        rows = [
            {"variant_id": f"s/{n}", "trial": trial, "status": "answered",
             "score": float(n % 2 if model == "steady" or n % 4 < 2 else trial % 2)}
            for n in range(40)
            for trial in range(4)
        ]  # fmt: skip
        with workspace.add_run(model=model, task="t", measures=rate) as run:
            run.write("items", items)
            run.write("variants", [{"variant_id": one["item_id"], "item_id": one["item_id"],
                                    "tier": 0} for one in items])  # fmt: skip
            run.write("outcomes", rows)
    return workspace


def test_repeated_trials_have_a_flip_rate_and_a_spread(repeated, ask):
    trials = ask("compare", repeated, by=()).tables["trials"].set_index("model")
    # Two of four trials right: of the 6 pairs of trials 4 differ; so it is on half of the items.
    assert trials.loc["flipping", "value"] == pytest.approx(0.5 * 4 / 6)
    assert trials.loc["flipping", "share_mixed"] == 0.5
    assert trials.loc["flipping", "low"] < 1 / 3 < trials.loc["flipping", "high"]
    assert trials.loc["steady", ["value", "share_mixed", "within_sd"]].tolist() == [0, 0, 0]
    assert trials["trials"].tolist() == [4, 4]


def test_single_trials_have_no_flip_rate(toy, ask):
    assert ask("compare", toy).tables["trials"].empty

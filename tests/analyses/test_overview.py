import numpy as np
import pytest

from tests.factory import Toy, fill, steady


def texts(result):
    return list(result.tables["headlines"]["text"])


def renamed(toy, names):
    return Toy(
        models={names[model]: rate for model, rate in toy.models.items()}, n_items=toy.n_items
    )


def test_values_are_the_shares_right(toy, ask):
    table = ask("overview", toy).table.set_index(["model", "perturbation", "tier"])
    assert set(table.index.get_level_values("tier")) == {0, 1, 2, 3}
    beta = table.loc["beta"]["value"]
    assert np.ptp(beta) == 0
    assert table.loc["alpha", "noise", 3]["value"] == pytest.approx(0.45, abs=0.12)
    assert (table["n"] == 120).all()


def test_tier_0_is_the_same_originals_under_every_perturbation(toy, ask):
    table = ask("overview", toy).table
    first = table[table["tier"] == 0].pivot(index="model", columns="perturbation", values="value")
    assert (first["noise"] == first["swap"]).all()


def test_the_leader_and_where_it_is_overtaken_is_said(toy, ask):
    first = texts(ask("overview", toy))[0]
    assert first.startswith("alpha leads on clean inputs (.")
    assert "loses ." in first
    assert "to noise" in first


def test_renaming_models_renames_them_in_every_sentence(tmp_path, ask, make):
    from stresslab import Workspace

    toy = Toy(n_items=80)
    names = {"alpha": "Delta9", "beta": "Epsilon9", "gamma": "Zeta9"}
    before = texts(ask("overview", fill(Workspace.create(tmp_path / "a"), toy)))
    after = texts(ask("overview", fill(Workspace.create(tmp_path / "b"), renamed(toy, names))))
    for old, new in names.items():
        before = [text.replace(old, new) for text in before]
    assert after == before


def test_swapping_two_models_swaps_their_names(tmp_path, ask):
    from stresslab import Workspace

    toy = Toy(n_items=80)
    swap = {"alpha": "beta", "beta": "alpha", "gamma": "gamma"}
    before = texts(ask("overview", fill(Workspace.create(tmp_path / "a"), toy)))
    after = texts(ask("overview", fill(Workspace.create(tmp_path / "b"), renamed(toy, swap))))
    mark = [
        text.replace("alpha", "?").replace("beta", "alpha").replace("?", "beta") for text in before
    ]
    assert after == mark
    assert after[0].startswith("beta leads")


def test_few_items_turn_the_lead_into_cannot_tell(ask, make):
    models = {"alpha": steady(0.7), "beta": steady(0.55)}
    many = ask("overview", make(models=models, n_items=400)).tables["headlines"].iloc[0]
    few = ask("overview", make(models=models, n_items=16)).tables["headlines"].iloc[0]
    assert (many["code"], many["verdict"]) == ("leader", "better")
    assert (few["code"], few["verdict"]) == ("leader", "cannot tell")
    assert "we cannot tell it from" in few["text"]


def test_unscored_rows_say_cannot_tell(unscored, ask):
    found = ask("overview", unscored)
    assert list(found.tables["headlines"]["verdict"]) == ["cannot tell"]
    assert found.table["value"].isna().all()
    assert {"no-rows", "unscored"} <= {warning.code for warning in found.warnings}


def test_the_order_of_rows_changes_nothing(ask, make, same_tables):
    plain = ask("overview", make(n_items=60))
    mixed = ask("overview", make(n_items=60, order=lambda rows: rows[::-1]))
    assert texts(plain) == texts(mixed)
    same_tables(plain, mixed, "overview", "differences", "drops")


def test_abstentions_show_both_views(silent, ask):
    found = ask("overview", silent)
    beta = found.tables["selective"].query("model == 'beta' and tier == 0").iloc[0]
    assert beta["coverage"] == pytest.approx(0.7, abs=0.1)
    plain = found.table.query("model == 'beta' and tier == 0").iloc[0]
    assert beta["value"] > plain["value"]
    assert any("beta abstains on" in text for text in texts(found))


def test_errors_leave_the_denominator_and_are_counted(silent, ask):
    found = ask("overview", silent, population="each")
    gamma = found.table.query("model == 'gamma' and tier == 0").iloc[0]
    assert gamma["n"] + gamma["n_errored"] == 120
    assert "errored" in {warning.code for warning in found.warnings}


def test_a_model_with_little_coverage_stands_below_the_line(ask, make):
    found = ask("overview", make(part_of={"gamma": 0.3}))
    assert "gamma" not in set(found.table["model"])
    strip = found.tables["quality"].set_index("model")
    assert bool(strip.loc["gamma", "below_line"])
    assert strip.loc["gamma", "coverage"] == pytest.approx(0.3, abs=0.01)
    assert "low-coverage" in {warning.code for warning in found.warnings}
    below = found.tables["below_line"]
    assert set(below["model"]) == {"gamma"}
    alone = ask("overview", make(part_of={"gamma": 0.3}), models=("gamma",), population="each")
    assert below["value"].tolist() == alone.table["value"].tolist()


def test_one_model_is_said_to_have_no_rival(ask, make):
    found = ask("overview", make(models={"alpha": steady(0.8)}))
    assert found.tables["headlines"]["code"].iloc[0] == "one-model"
    assert found.tables["differences"].empty


def test_a_graded_task_is_read_across_tiers_with_unpaired_drops(graded, ask):
    found = ask("overview", graded)
    assert set(found.tables["drops"]["axis"]) <= {"graded"}
    assert "across all tiers" in texts(found)[0]


def test_all_differences_of_a_result_are_one_family(toy, ask):
    found = ask("overview", toy)
    together = [found.tables[name] for name in ("differences", "drops")]
    for table in together:
        assert (table["p_adjusted"] >= table["p_value"] - 1e-12).all()


def test_coverage_as_metric_has_tables_and_no_ranking(silent, ask):
    found = ask("overview", silent, metric="coverage")
    assert list(found.tables["headlines"]["code"]) == ["no-ranking"]
    assert found.table["value"].between(0, 1).all()


def test_abstentions_are_counted_on_the_rows_of_the_value(tmp_path, ask):
    """One model abstains exactly where the other errs: none of those rows is compared."""
    from stresslab import Workspace

    workspace = Workspace.create(tmp_path / "w")
    for model, fate in (("alpha", "abstained"), ("beta", "errored")):
        with workspace.add_run(model=model, task="t", measures={"score": {}}) as run:
            run.write("items", [{"item_id": f"s/{n}", "input": str(n)} for n in range(20)])
            rows = [{"variant_id": f"s/{n}", "status": fate} for n in range(10)]
            right = {"status": "answered", "score": 1.0, "correct": 1}
            run.write("outcomes", rows + [{"variant_id": f"s/{n}"} | right for n in range(10, 20)])
    found = ask("overview", workspace)
    for name in ("overview", "selective"):
        alpha = found.tables[name].set_index("model").loc["alpha"]
        assert (alpha["value"], alpha["n"], alpha["n_abstained"]) == (1.0, 10, 0)
    said = {warning.code: warning.message for warning in found.warnings}
    assert said["abstained-elsewhere"].endswith("counts them: alpha 10.")
    alone = ask("overview", workspace, models=("alpha",)).table.iloc[0]
    assert (alone["value"], alone["n"], alone["n_abstained"]) == (0.5, 20, 10)


def test_coverage_and_abstentions_of_a_row_agree(silent, ask):
    table = ask("overview", silent).tables["selective"]
    whole = table["n"] + table["n_abstained"]
    assert (table["n"] / whole).tolist() == pytest.approx(table["coverage"].tolist())


def test_the_leader_is_picked_from_all_pairs_so_all_are_in_the_family(toy, ask):
    table = ask("overview", toy).tables["differences"].query("view == 'clean'")
    assert len(table) == 3
    assert ("beta", "gamma") in set(zip(table["model_a"], table["model_b"], strict=True))

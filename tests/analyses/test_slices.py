import numpy as np
import pytest

from stresslab.analyses import get


def test_without_saved_slices_the_domains_are_shown(toy, ask):
    found = ask("slices", toy)
    assert set(found.table["slice"]) == {"north", "south"}
    assert len(found.table) == 2 * 3
    assert len(found.tables["headlines"])


def test_without_domains_the_perturbations_are_shown_less_their_originals(make, ask):
    found = ask("slices", make(n_items=40, domains=(None,))).table
    assert set(found["slice"]) == {"noise", "swap"}
    alpha = found[found["model"] == "alpha"].set_index("slice")
    assert alpha.loc["noise", "n"] == 40 * 3
    assert alpha.loc["noise", "n_rest"] == 40 * 4  # swap and the originals
    assert alpha.loc["noise", "difference"] < alpha.loc["swap", "difference"]


def test_a_slice_and_the_rest_make_up_all_rows(toy, ask):
    row = ask("slices", toy, slices=("late: tier >= 2",)).table.set_index("model").loc["alpha"]
    whole = ask("slices", toy, slices=("all: tier >= 0",)).table.set_index("model").loc["alpha"]
    rest = row["value"] - row["difference"]
    n, n_rest = row["n"], row["n_rest"]
    assert n + n_rest == whole["n"]
    assert (n * row["value"] + n_rest * rest) / whole["n"] == pytest.approx(whole["value"])
    assert whole["n_rest"] == 0
    assert np.isnan(whole["difference"])


def test_a_slice_that_is_harder_is_worse_and_its_interval_is_wide_enough_for_all(toy, ask):
    found = ask("slices", toy, slices=('loud: perturbation = "noise" and tier = 3',))
    rows = found.table.set_index("model")
    assert rows.loc["alpha", "verdict"] == "worse"
    assert rows.loc["alpha", "high_adjusted"] < 0
    assert rows.loc["alpha", "low_adjusted"] <= rows.loc["alpha", "difference_low"]
    first = found.tables["headlines"].iloc[0]
    assert first["text"].startswith("alpha is worse on the slice 'loud'")


def test_items_on_both_sides_are_not_told_apart_from_themselves(toy, ask):
    row = ask("slices", toy, slices=("late: tier >= 2",), models=("beta",)).table.iloc[0]
    assert row["difference"] == pytest.approx(0, abs=1e-9)  # beta never changes
    assert row["difference_low"] < 0 < row["difference_high"]
    assert row["verdict"] == "cannot tell"


def test_slices_by_tier_are_its_curve(toy, ask):
    tiers = ask("slices", toy, slices=('noisy: perturbation = "noise"',)).tables["tiers"]
    alpha = tiers[tiers["model"] == "alpha"].sort_values("tier")
    assert alpha["tier"].tolist() == [0, 1, 2, 3]
    assert (alpha["value"].diff().dropna() < 0).all()


def test_a_bad_slice_is_a_row_of_problems_and_the_others_stand(toy, ask):
    told = ("bad: tier >=", "odd: tire = 2", "fine: tier = 1", "none: tier = 9")
    found = ask("slices", toy, slices=told)
    assert set(found.table["slice"]) == {"fine"}
    assert found.tables["problems"]["slice"].tolist() == ["bad", "odd"]
    codes = [warning.code for warning in found.warnings]
    assert codes.count("bad-slice") == 2
    assert "empty-slice" in codes


def test_saved_slices_are_the_default(make, ask):
    workspace = make(n_items=20)
    workspace.set_config("slices", "late ones", "tier >= 2")
    assert set(ask("slices", workspace).table["slice"]) == {"late ones"}


def test_conditions_on_what_a_model_said_divide_its_own_rows(silent, ask):
    rows = ask("slices", silent, slices=('told: status = "answered"',)).table.set_index("model")
    assert rows.loc["beta", "n_rest"] > 0
    assert rows.loc["beta", "verdict"] == "better"  # what it leaves unanswered scores 0


def test_slices_are_settings_of_the_command_line():
    params = get("slices").params.parse({"slices": '["a: tier = 1", "b: tier = 2"]'})
    assert params.slices == ("a: tier = 1", "b: tier = 2")


def test_of_very_many_domains_the_largest_are_shown_and_it_is_said(tmp_path, ask):
    from stresslab import Workspace
    from stresslab.jobs.import_logs import import_logs

    rows = [f"i{n},m,t,d{n % 50 if n < 100 else n % 40},{n % 2}" for n in range(140)]
    (tmp_path / "t.csv").write_text("\n".join(["item_id,model,task,domain,score", *rows]))
    list(import_logs(tmp_path / "w", [tmp_path / "t.csv"]))
    found = ask("slices", Workspace.open(tmp_path / "w"))
    shown = set(found.table["slice"])
    assert len(shown) == 30
    assert shown <= {f"d{n}" for n in range(40)}  # the others have fewer items
    assert [one.n for one in found.warnings if one.code == "many-domains"] == [20]

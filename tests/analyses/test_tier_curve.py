import numpy as np
import pytest


def test_the_curve_of_a_losing_model_falls_and_its_slope_says_so(toy, ask):
    row = (
        ask("tier_curve", toy)
        .tables["summary"]
        .query("model == 'alpha' and perturbation == 'noise'")
    )
    row = row.iloc[0]
    assert row["slope"] == pytest.approx(-0.15, abs=0.05)
    assert row["slope_high"] < 0
    assert row["drop"] == pytest.approx(row["first"] - row["last"])
    assert row["retention"] == pytest.approx(row["last"] / row["first"])


def test_a_model_that_does_not_move_has_a_flat_curve_that_never_breaks(toy, ask):
    rows = ask("tier_curve", toy).tables["summary"].query("model == 'beta'")
    assert np.allclose(rows["slope"], 0, atol=1e-12)
    assert (rows["share_never_broke"] == 1).all()
    assert rows["median_break"].isna().all()
    assert np.allclose(rows["area"], rows["first"])


def test_survival_never_rises(toy, ask):
    table = ask("tier_curve", toy).tables["survival"]
    for _, curve in table.groupby(["model", "perturbation"]):
        shares = curve.sort_values("tier")["share_holding"]
        assert shares.iloc[0] == 1
        assert (shares.diff().dropna() <= 1e-12).all()


def test_strength_unit_and_axis_stand_beside_the_tier(toy, ask):
    table = ask("tier_curve", toy).table
    assert list(table.columns[:6]) == ["model", "perturbation", "tier", "strength", "unit", "axis"]
    assert set(table.loc[table["tier"] == 2, "strength"]) == {0.2}
    assert set(table["axis"]) == {"paired"}


@pytest.mark.parametrize("by", [(), ("domain",), ("perturbation", "domain"), ("item.even",)])
def test_curves_by_anything(toy, ask, by):
    found = ask("tier_curve", toy, by=by)
    assert set(by) <= set(found.table.columns)
    assert set(by) <= set(found.tables["summary"].columns)
    assert not found.table.duplicated(["model", *by, "tier"]).any()


def test_tier_in_by_is_implied_and_not_doubled(toy, ask):
    plain, named = ask("tier_curve", toy), ask("tier_curve", toy, by=("perturbation", "tier"))
    assert plain.to_dict()["tables"] == named.to_dict()["tables"]


def test_merged_perturbations_have_no_break_tier(toy, ask):
    assert ask("tier_curve", toy, by=("domain",)).tables["survival"].empty
    single = ask("tier_curve", toy, by=("domain",), where='perturbation = "noise"')
    assert not single.tables["survival"].empty


def test_a_graded_axis_is_refused_in_a_sentence_and_gets_unpaired_drops(graded, ask):
    found = ask("tier_curve", graded)
    assert "graded-axis" in {warning.code for warning in found.warnings}
    assert found.tables["survival"].empty
    summary = found.tables["summary"]
    assert summary["share_never_broke"].isna().all()
    assert summary["drop_low"].notna().all()


def test_a_single_tier_has_no_slope_and_says_so(toy, ask):
    found = ask("tier_curve", toy, where="tier = 0")
    assert "one-tier" in {warning.code for warning in found.warnings}
    assert found.tables["summary"]["slope"].isna().all()
    assert found.tables["headlines"]["code"].tolist() == ["one-tier"]


def test_one_tier_perturbations_still_compare_with_their_originals(ask, make):
    found = ask("tier_curve", make(perturbations={"typo": 1}))
    assert found.tables["summary"]["drop"].notna().all()


def test_the_headline_names_the_steepest_curve(toy, ask):
    first = ask("tier_curve", toy).tables["headlines"].iloc[0]
    assert first["code"] == "steepest"
    assert "alpha falls fastest under noise" in first["text"]


def test_few_items_cannot_tell_that_anything_falls(ask, make):
    from tests.factory import steady

    models = {"alpha": steady(0.6, lost_per_tier={"noise": 0.03})}
    first = ask("tier_curve", make(models=models, n_items=14)).tables["headlines"].iloc[0]
    assert first["verdict"] == "cannot tell"

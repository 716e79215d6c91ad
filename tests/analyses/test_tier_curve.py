import numpy as np
import pytest

from tests.factory import steady


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
    assert first["text"].startswith("2 of 6 curves clearly fall, fastest alpha under noise")


def test_few_items_cannot_tell_that_anything_falls(ask, make):
    from tests.factory import steady

    models = {"alpha": steady(0.6, lost_per_tier={"noise": 0.03})}
    first = ask("tier_curve", make(models=models, n_items=14)).tables["headlines"].iloc[0]
    assert first["verdict"] == "cannot tell"


def test_first_minus_last_is_the_drop_of_the_same_items(ask, make):
    models = {"alpha": steady(0.6, lost_per_tier={"noise": 0.1})}
    cut = make(models=models, n_items=20, part_of={"alpha": 0.52})  # the 11th item lacks tier 3
    summary = ask("tier_curve", cut, models=("alpha",)).tables["summary"].iloc[0]
    assert (summary["n_items"], summary["n_pairs"]) == (11, 10)
    assert summary["first"] - summary["last"] == pytest.approx(summary["drop"])
    drops = ask("overview", cut, models=("alpha",)).tables["drops"]
    assert (drops["first"] - drops["last"]).tolist() == pytest.approx(drops["drop"].tolist())
    assert set(drops["n_pairs"]) == {10}


def test_tiers_without_a_common_item_are_not_called_a_single_tier(tmp_path, ask):
    from stresslab import Workspace

    workspace = Workspace.create(tmp_path / "w")
    variants = [
        {"variant_id": f"s/{n}#typos:{n % 3 + 1}", "item_id": f"s/{n}", "perturbation": "typos",
         "tier": n % 3 + 1, "axis": "paired"}
        for n in range(60)
    ]  # fmt: skip
    with workspace.add_run(model="alpha", task="t", measures={"score": {}}) as run:
        run.write("items", [{"item_id": f"s/{n}", "input": str(n)} for n in range(60)])
        run.write("variants", variants)
        rows = [{"variant_id": one["variant_id"], "score": float(n % 4 > 0)}
                for n, one in enumerate(variants)]  # fmt: skip
        run.write("outcomes", rows)
    found = ask("tier_curve", workspace)
    text = found.tables["headlines"].iloc[0]["text"]
    assert text.startswith("We cannot tell that alpha under typos falls: the slope is")
    said = {warning.code: warning.message for warning in found.warnings}
    assert said["no-drop"] == (
        "1 curve has no item at both the first and the last tier, so there is no drop."
    )
    assert found.tables["summary"]["first"].isna().all()


def test_of_null_curves_few_are_said_to_fall():
    """12 curves that do not fall: the steepest is picked from all of them."""
    from types import SimpleNamespace

    from stresslab.analyses import _curve, _sentences_curve, _shape
    from stresslab.stats.profiles import profiles

    rng, how = (
        np.random.default_rng(0),
        SimpleNamespace(rate=True, level=0.95, bounds=(0.0, 1.0), larger_is_better=True, seed=0),
    )
    said, plain, left = 0, 0, 0
    for _ in range(60):
        curves = [
            _curve.Curve(
                {"model": f"m{number}"}, np.arange(6),
                profiles((rng.random((100, 6)) < 0.7).astype(float), np.arange(100)),
                paired=True, breaks=False,
            )
            for number in range(12)
        ]  # fmt: skip
        summary = _curve.table_of(curves, how, ())
        shape = _shape.table_of(curves, how, ())
        facts = _sentences_curve.Curves(summary, shape, (), {}, {})
        said += _sentences_curve.steepest(facts).verdict == "worse"
        left += _sentences_curve.earliest(facts) is not None
        plain += bool((summary["slope_high"] < 0).any())
    assert said <= 6
    assert left <= 6
    assert plain >= 12


def test_every_curve_has_a_shape_an_onset_and_its_alternatives(make, ask):
    models = {"alpha": steady(0.9, lost_per_tier={"noise": 0.15}), "beta": steady(0.6)}
    found = ask("tier_curve", make(models=models, n_items=200, perturbations={"noise": 5}))
    shape = found.tables["shape"].set_index("model")
    assert shape.loc["alpha", "onset_tier"] == 1
    assert shape.loc["beta", "shape"] == "flat"
    assert np.isnan(shape.loc["beta", "onset"])
    assert shape.loc["alpha", "p_adjusted"] < 1e-6
    assert shape.loc["beta", "p_monotone"] == 1
    fits = found.tables["fits"]
    assert fits.groupby("model")["weight"].sum().tolist() == pytest.approx([1, 1])
    assert (fits[fits["chosen"]].groupby("model").size() == 1).all()
    chosen = fits.loc[fits.groupby("model")["aic"].idxmin()]
    assert chosen["chosen"].all()


def test_the_worst_tier_and_retention_are_those_of_the_items(make, ask):
    models = {"alpha": steady(0.9, lost_per_tier={"noise": 0.1})}
    found = ask("tier_curve", make(models=models, perturbations={"noise": 3}))
    row, summary = found.tables["shape"].iloc[0], found.tables["summary"].iloc[0]
    assert row["worst_of_tier"] == pytest.approx(summary["last"])  # the toy never comes back
    assert row["retention"] == pytest.approx(summary["retention"])
    assert row["retention_low"] < row["retention"] < row["retention_high"]
    assert (row["share_recovering"], row["turns"]) == (0, "never clearly comes back")


def test_a_curve_that_comes_back_is_named(make, ask):
    def wave(perturbation, tier, domain):
        return {0: 0.9, 1: 0.6, 2: 0.3, 3: 0.7}[tier]

    models = {"alpha": wave, "beta": steady(0.6)}
    found = ask("tier_curve", make(models=models, n_items=200, perturbations={"noise": 3}))
    row = found.tables["shape"].iloc[0]
    assert (row["rise_tier"], row["turns"]) == (3, "comes back")
    said = found.tables["headlines"].set_index("code")["text"]["onset"]
    assert "1 of 2 curves clearly leave" in said
    assert "comes back" in said


def test_a_graded_axis_has_shapes_but_nothing_that_pairs_items(graded, ask):
    shape = ask("tier_curve", graded).tables["shape"]
    assert (shape["shape"].ne("") == (shape["n_tiers"] > 2)).all()
    assert shape["p_monotone"].isna().all()
    assert shape["worst_of_tier"].isna().all()


def test_two_tiers_have_no_shape(make, ask):
    found = ask("tier_curve", make(perturbations={"typo": 1}))
    assert found.tables["fits"].empty
    assert set(found.tables["shape"]["shape"]) == {""}

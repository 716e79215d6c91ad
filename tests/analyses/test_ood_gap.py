import json

import numpy as np
import pandas as pd
import pytest

from stresslab.errors import ParamError
from tests.factory import toy_workspace

MODELS = {f"m{one}": 0.6 + 0.08 * one for one in range(5)}


def away(rate, lost, *, at=None):
    """A model that is right at `rate` in the north and less so in the south, most at tier `at`."""

    def right(perturbation, tier, domain):
        less = lost + (0.4 if at is not None and perturbation and tier == at else 0.0)
        return rate - (less if domain == "south" else 0.0)

    return right


@pytest.fixture(scope="session")
def split(tmp_path_factory):
    """Five models of the north; the fifth loses nothing in the south."""
    models = {one: away(rate, 0.0 if one == "m4" else 0.25, at=2) for one, rate in MODELS.items()}
    made = toy_workspace(
        tmp_path_factory.mktemp("split") / "w", n_items=240, models=models,
        perturbations={"noise": 3},
    )  # fmt: skip
    made.set_config("domains", "north", {"default": "in"})
    made.set_config("domains", "south", {"default": "out"})
    return made


@pytest.fixture(scope="session")
def places(tmp_path_factory):
    """One family trained in the north, in the south, and in both."""
    homes = {"n": ["north"], "s": ["south"], "both": ["north", "south"]}

    def made_for(home):
        return lambda perturbation, tier, domain: 0.9 if domain in home else 0.5

    made = toy_workspace(
        tmp_path_factory.mktemp("places") / "w", n_items=120, perturbations={},
        models={name: made_for(home) for name, home in homes.items()},
    )  # fmt: skip
    for name, home in homes.items():
        made.set_config("models", name, {"in_domains": home, "family": "net"})
    return made


@pytest.fixture(scope="session")
def gap(split):
    from stresslab import analyses

    piece = analyses.get("ood_gap")
    return piece.run(split, piece.params())


def rows_of(workspace):
    """Every outcome with its variant and item, as a frame."""
    parts = []
    for folder in sorted((workspace.path / "runs").iterdir()):
        read = {name: pd.read_parquet(folder / f"{name}.parquet")
                for name in ("items", "variants", "outcomes")}  # fmt: skip
        joined = read["outcomes"].merge(read["variants"], on="variant_id")
        joined = joined.merge(read["items"][["item_id", "domain"]], on="item_id")
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        parts.append(joined.assign(model=manifest["model"]))
    return pd.concat(parts, ignore_index=True)


def test_gaps_are_the_differences_of_the_means_of_untouched_inputs(split, gap):
    rows = rows_of(split)
    means = rows[rows["tier"] == 0].groupby(["model", "domain"])["score"].mean().unstack()
    table = gap.table.set_index("model")
    assert table["value_in"].to_dict() == pytest.approx(means["north"].to_dict())
    assert table["gap"].to_dict() == pytest.approx((means["north"] - means["south"]).to_dict())
    relative = table["gap"] / table["value_in"]
    assert table["relative_gap"].to_dict() == pytest.approx(relative.to_dict())
    assert (table["relative_low"] < relative).all()
    assert (table["relative_high"] > relative).all()


def test_who_loses_is_said_first_and_who_holds_is_not_blamed(gap):
    table = gap.table.set_index("model")
    assert (table.loc[["m0", "m1", "m2", "m3"], "verdict"] == "worse").all()
    assert table.loc["m4", "verdict"] == "cannot tell"
    first = gap.tables["headlines"].iloc[0]
    assert first["text"].startswith("Out of distribution 4 of 5 models lose on clean inputs: ")
    assert first["verdict"] == "worse"


def test_sides_named_by_settings_give_what_the_workspace_says(split, gap, ask, same_tables):
    named = ask("ood_gap", split, in_domains=("north",), out_domains=("south",))
    same_tables(named, gap, "ood_gap", "decomposition", "critical", "worst_group")
    text = ask("ood_gap", split, in_where='domain = "north" and tier = 0',
               out_where='domain = "south" and tier = 0')  # fmt: skip
    numbers = ["model", "value_in", "value_out", "gap", "low_adjusted", "high_adjusted"]
    pd.testing.assert_frame_equal(text.table[numbers], gap.table[numbers])


def test_sides_that_share_items_are_held_against_each_other_item_by_item(split, ask):
    from scipy import stats

    found = ask(
        "ood_gap", split, in_where="tier = 0", out_where="tier = 2", models=("m0", "m1")
    ).table
    rows = rows_of(split).pivot_table(index=["model", "item_id"], columns="tier", values="score")
    for row in found.to_dict("records"):
        mine = rows.loc[row["model"]]
        theirs = stats.ttest_rel(mine[0], mine[2]).confidence_interval()
        assert (row["low"], row["high"]) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_parts_add_up_to_the_gap(gap):
    table = gap.tables["decomposition"]
    assert set(table["by"]) == {"item.even", "item.length"}
    known = table.dropna(subset=["mix"])
    total = known["mix"] + known["within"] + known["one_sided"]
    assert total.to_list() == pytest.approx(known["gap"].to_list(), abs=1e-12)


def test_rows_and_sums_give_one_interval_where_clusters_lie_within_groups(
    split, gap, ask, monkeypatch
):
    from stresslab.analyses import _ood_parts

    sums = _ood_parts._sums
    monkeypatch.setattr(_ood_parts, "_sums", lambda *given: (sums(*given)[0], False))
    rows = ask("ood_gap", split).tables["decomposition"]
    table = gap.tables["decomposition"]
    for part in ("gap", "mix", "within", "one_sided"):
        assert rows[part].to_list() == pytest.approx(table[part].to_list(), abs=1e-12, nan_ok=True)
        widths = [one[f"{part}_high"] - one[f"{part}_low"] for one in (rows, table)]
        assert widths[0].to_list() == pytest.approx(widths[1].to_list(), rel=0.02, nan_ok=True)


def test_the_one_that_loses_nothing_lies_above_the_line_of_the_others(gap):
    table = gap.tables["robustness"].set_index("model")
    assert table["n_models"].unique().tolist() == [5]
    assert table["effective_robustness"].idxmax() == "m4"
    means = table["value_out"] - table["expected"]
    assert table["effective_robustness"].to_list() == pytest.approx(means.to_list())
    assert (table["low"] <= table["effective_robustness"]).all()
    assert (table["low_adjusted"] >= -1).all()
    curve = gap.tables["line_curve"]
    assert (curve["low"] <= curve["y"]).all()
    assert (curve["y"] <= curve["high"]).all()


def test_the_gap_is_widest_where_it_was_planted(gap):
    table = gap.tables["critical"].set_index("model")
    assert (table["critical"] == 2).all()
    assert (table["critical_low"] <= 2).all()
    assert (table["low"] <= table["gap"]).all()
    levels = gap.tables["valley"]
    assert sorted(levels["level"].unique()) == [0, 1, 2, 3]


def test_the_worst_group_is_the_lowest_and_knows_it_was_picked(gap):
    worst = gap.tables["worst_group"].set_index("model")
    groups = gap.tables["groups"]
    lowest = groups.loc[groups.groupby("model")["value"].idxmin()].set_index("model")
    assert worst["domain"].to_dict() == lowest["domain"].to_dict()
    assert (worst["high"] <= lowest["high"]).all()
    assert groups["may_be_worst"].sum() == worst["n_candidates"].sum()


def test_what_is_lost_between_places_and_what_pooling_gives(places, ask):
    found = ask("ood_gap", places)
    matrix = found.tables["transfer"].set_index(["model", "domain"])["value"]
    gaps = found.tables["transfer_gaps"].set_index(["kind", "trained_on", "domain"])["difference"]
    there, back = matrix["s", "south"] - matrix["n", "south"], matrix["n", "north"]
    back -= matrix["s", "north"]
    assert gaps["lost on the way", "north", "south"] == pytest.approx(there)
    assert gaps["lost on the way", "south", "north"] == pytest.approx(back)
    assert gaps["asymmetry", "north", "south"] == pytest.approx(there - back)
    pooled = matrix["both", "north"] - matrix["n", "north"]
    assert gaps["gained by pooling", "north, south", "north"] == pytest.approx(pooled)
    told = found.tables["transfer_gaps"]
    assert (told.loc[told["kind"] == "lost on the way", "verdict"] == "better").all()


def test_without_a_side_a_sentence_says_how_to_name_one(toy, ask):
    found = ask("ood_gap", toy)
    assert found.table.empty
    assert "no-split" in {one.code for one in found.warnings}
    first = found.tables["headlines"].iloc[0]
    assert "in_domains" in first["text"]
    assert len(found.tables["worst_group"]) == 3


def test_sides_that_make_no_sense_are_refused_by_name(toy, ask):
    with pytest.raises(ParamError, match="Did you mean: north"):
        ask("ood_gap", toy, in_domains=("nroth",))
    with pytest.raises(ParamError, match="not by both"):
        ask("ood_gap", toy, in_domains=("north",), in_where="tier = 0")
    with pytest.raises(ParamError, match="both in and out"):
        ask("ood_gap", toy, in_domains=("north",), out_domains=("north", "south"))
    with pytest.raises(ParamError, match="number of items"):
        ask("ood_gap", toy, in_domains=("north",), complexity="domain")


def test_a_side_without_rows_gives_no_gap_and_says_so(split, ask):
    found = ask("ood_gap", split, in_domains=("north",), where='domain = "north"')
    assert found.table["gap"].isna().all()
    assert found.table["value_out"].isna().all()
    assert "one-sided" in {one.code for one in found.warnings}
    assert "no gap to show" in found.tables["headlines"].iloc[0]["text"]


def test_a_gap_by_groups_of_one_side_only_is_said_not_to_split(split, ask):
    found = ask("ood_gap", split, by=("domain",))
    assert found.tables["decomposition"]["mix"].isna().all()
    assert "no-shared-group" in {one.code for one in found.warnings}


def test_groups_of_items_across_sides_count_once(tmp_path, ask):
    made = toy_workspace(tmp_path / "w", n_items=60, groups_of=3, perturbations={})
    found = ask("ood_gap", made, in_domains=("north",))
    assert "linked-sides" in {one.code for one in found.warnings}
    assert np.isfinite(found.table[["low", "high"]].to_numpy()).all()
    parts = found.tables["decomposition"].dropna(subset=["mix"])
    assert np.isfinite(parts[["mix_low", "within_high"]].to_numpy()).all()
    whole = found.table.set_index("model")["low"] - found.table.set_index("model")["gap"]
    assert (whole < 0).all()


def test_a_sentence_names_domains_and_spares_conditions(split, gap, ask):
    first = gap.tables["headlines"].iloc[0]["text"]
    assert " on north to ." in first
    named = ask("ood_gap", split, in_where='domain = "north"', inputs="all")
    assert "domain =" not in named.tables["headlines"].iloc[0]["text"]


def test_a_measure_of_which_less_is_better_turns_the_gap_and_has_no_line(split, ask, monkeypatch):
    from dataclasses import replace

    from stresslab.analyses import _ask

    plain = _ask.find_metric
    monkeypatch.setattr(
        _ask, "find_metric", lambda *given: replace(plain(*given), higher_is_better=False)
    )
    found = ask("ood_gap", split)
    table = found.table
    assert (table["gap"] - (table["value_out"] - table["value_in"])).abs().max() < 1e-12
    assert set(table["verdict"]) >= {"better"}
    assert "no-line" in {one.code for one in found.warnings}
    parts = found.tables["decomposition"].dropna(subset=["mix"])
    assert (parts["mix"] + parts["within"] + parts["one_sided"]).to_list() == pytest.approx(
        parts["gap"].to_list()
    )
    worst = found.tables["worst_group"].set_index("model")["value"]
    groups = found.tables["groups"].groupby("model")["value"].max()
    assert worst.to_dict() == pytest.approx(groups.to_dict())

import numpy as np
import pytest

from stresslab.errors import ParamError, UnknownColumnError
from stresslab.predicate import parse


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """One model, 1,500 items; it fails where a is 1 and b is 2, and is right half as often."""
    from stresslab import Workspace
    from stresslab.jobs.import_logs import import_logs

    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("planted")
    columns = {name: rng.integers(0, 3, 1500) for name in "abcd"}
    hard = (columns["a"] == 1) & (columns["b"] == 2)
    right = rng.random(1500) < np.where(hard, 0.3, 0.8)
    other = rng.random(1500) < 0.8
    sure = np.where(hard, 0.97, 0.6)
    for model, answers in (("steady", other), ("brittle", right)):
        lines = ["item_id,model,task,input,score,correct,confidence,a,b,c,d"]
        lines += [
            f"i{row},{model},t,{'why is it so' if row % 5 == 0 else 'so it is'} {row},"
            f"{int(answers[row])},{int(answers[row])},{sure[row] if model == 'brittle' else 0.6},"
            + ",".join(str(columns[name][row]) for name in "abcd")
            for row in range(1500)
        ]
        (folder / f"{model}.csv").write_text("\n".join(lines))
    workspace = Workspace.create(folder / "w")
    list(import_logs(workspace, [folder / "steady.csv", folder / "brittle.csv"]))
    return workspace


def test_the_planted_slice_is_found_and_holds(planted, ask):
    found = ask("find_slices", planted, models=("brittle",))
    first = found.table.iloc[0]
    assert parse(first["condition"]) == parse("item.a = 1 and item.b = 2")
    assert first["verdict"] == "worse"
    assert first["difference"] == pytest.approx(-0.5, abs=0.15)
    assert first["low_adjusted"] < first["difference"] < first["high_adjusted"] < 0
    assert (found.table["verdict"] == "worse").sum() <= 3
    text = found.tables["headlines"].iloc[0]["text"]
    assert text.startswith("On 'a 1, b 2' the score of brittle is .")


def test_its_condition_selects_the_rows_it_counts(planted, ask):
    found = ask("find_slices", planted, models=("brittle",))
    for row in found.table.to_dict("records"):
        again = ask("overview", planted, models=("brittle",), where=row["condition"])
        assert again.table["n"].iloc[0] == row["n_all"], row["condition"]


def test_differences_and_sure_mistakes_are_found_there_too(planted, ask):
    for target, models in (("difference", ("steady", "brittle")), ("sure_and_wrong", ("brittle",))):
        found = ask("find_slices", planted, target=target, models=models)
        first = found.table.iloc[0]
        assert parse(first["condition"]) == parse("item.a = 1 and item.b = 2"), target
        assert first["verdict"] == ("better" if target == "difference" else "worse")
        assert first["difference"] > 0.3


def test_a_model_without_weak_spots_has_none_that_hold(planted, ask):
    found = ask("find_slices", planted, models=("steady",))
    assert (found.table["verdict"] == "cannot tell").all()
    assert found.tables["headlines"].iloc[0]["verdict"] == "cannot tell"


def test_what_texts_look_like_is_searched(planted, ask):
    found = ask("find_slices", planted, models=("brittle",))
    searched = found.tables["columns"].set_index("column")["n_values"]
    assert searched["input.words"] == 2
    assert searched["item.a"] == 3
    named = ask("find_slices", planted, models=("brittle",), columns=("item.a", "item.b"))
    assert named.tables["columns"]["column"].tolist() == ["item.a", "item.b"]


def test_names_that_are_attacks_stay_names(tmp_path, ask):
    from stresslab import Workspace
    from stresslab.jobs.import_logs import import_logs

    evil = '<script>alert(1)</script> \\"x**'
    lines = ["item_id,model,score,domain"]
    for row in range(400):
        domain = evil.replace('"', '""') if row % 4 == 0 else f"d{row % 4}"
        lines.append(f'i{row},m,{int(row % 4 > 0 or row % 20 == 0)},"{domain}"')
    (tmp_path / "t.csv").write_text("\n".join(lines))
    list(import_logs(tmp_path / "w", [tmp_path / "t.csv"]))
    found = ask("find_slices", Workspace.open(tmp_path / "w"))
    first = found.table.iloc[0]
    assert first["slice"] == evil
    assert evil in found.tables["headlines"]["text"].iloc[0]
    again = ask("overview", Workspace.open(tmp_path / "w"), where=first["condition"])
    assert again.table["n"].iloc[0] == first["n_all"] == 100


def test_another_seed_halves_otherwise_and_the_same_one_alike(planted, ask):
    one, same = (ask("find_slices", planted, models=("brittle",)) for _ in range(2))
    assert one == same
    other = ask("find_slices", planted, models=("brittle",), seed=1)
    assert other.table.iloc[0]["n"] != one.table.iloc[0]["n"] or len(other.table) != len(one.table)
    assert other.table.iloc[0]["condition"] == one.table.iloc[0]["condition"]


def test_drops_are_found_where_noise_costs_most(toy, ask):
    found = ask("find_slices", toy, target="tier_drop", models=("alpha",), support=0.05)
    first = found.table.iloc[0]
    assert 'perturbation = "noise"' in first["condition"]
    assert "tier" not in found.tables["columns"]["column"].tolist()
    for row in found.table.to_dict("records"):
        slices = (f"it: ({row['condition']}) and tier > 0",)
        again = ask("slices", toy, models=("alpha",), slices=slices)
        assert again.table["n"].iloc[0] == row["n_all"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"target": "difference", "models": ("alpha",)}, "one-model"),
        ({"where": "tier = 99"}, "no-rows"),
    ],
)
def test_what_cannot_be_searched_is_a_sentence(toy, ask, settings, code):
    found = ask("find_slices", toy, **settings)
    assert found.table.empty
    assert code in {one.code for one in found.warnings}


def test_a_dozen_items_are_too_few_to_halve(make, ask):
    found = ask("find_slices", make(n_items=12))
    assert "too-few-to-search" in {one.code for one in found.warnings}
    assert found.table.empty


def test_without_confidence_nobody_is_sure(tmp_path, ask):
    from stresslab import Workspace
    from stresslab.jobs.import_logs import import_logs

    path = tmp_path / "t.csv"
    path.write_text("item_id,model,score\n" + "".join(f"i{n},m,{n % 2}\n" for n in range(40)))
    list(import_logs(tmp_path / "w", [path]))
    found = ask("find_slices", Workspace.open(tmp_path / "w"), target="sure_and_wrong")
    assert [one.code for one in found.warnings] == ["no-confidence"]


def test_tiers_of_different_items_have_no_drop(graded, ask):
    found = ask("find_slices", graded, target="tier_drop")
    assert "no-clean-rows" in {one.code for one in found.warnings}


def test_unknown_columns_and_too_many_models_are_refused(toy, ask):
    with pytest.raises(UnknownColumnError, match="domain"):
        ask("find_slices", toy, columns=("domian",))
    with pytest.raises(ParamError, match="confidence differs"):
        ask("find_slices", toy, columns=("confidence",))
    with pytest.raises(ParamError, match="two models"):
        ask("find_slices", toy, target="difference", models=("alpha", "beta", "gamma"))

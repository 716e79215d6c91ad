import pytest

from tests.factory import steady


def codes(result):
    return {warning.code for warning in result.warnings}


def test_a_page_of_variants_with_every_answer(toy, ask):
    found = ask("items", toy, limit=5)
    assert len(found.table) == 5
    assert set(found.tables["answers"]["variant_id"]) == set(found.table["variant_id"])
    assert found.params["n_total"] == 840
    assert "page" in codes(found)


def test_pages_follow_one_another_without_overlap(toy, ask):
    first, second = (ask("items", toy, limit=7, offset=start).table for start in (0, 7))
    assert not set(first["variant_id"]) & set(second["variant_id"])


def test_a_condition_filters_the_grid(toy, ask):
    found = ask("items", toy, where='perturbation = "noise" and tier = 3', limit=500)
    assert set(found.table["tier"]) == {3}
    assert found.params["n_total"] == 120


def test_sorting_by_tier_puts_the_hardest_first(toy, ask):
    assert (
        ask("items", toy, sort="tier", descending=True, limit=3).table["tier"].tolist() == [3] * 3
    )


def test_a_page_past_the_end_says_so(toy, ask):
    found = ask("items", toy, offset=10_000)
    assert found.table.empty
    assert "past-the-end" in codes(found)


def test_one_item_shows_its_variants_in_tier_order(toy, ask):
    found = ask("item", toy, item_id="toy/3")
    assert found.tables["item"]["item_id"].tolist() == ["toy/3"]
    variants = found.tables["variants"]
    assert variants["tier"].tolist() == [0, 1, 2, 3, 1, 2, 3]
    assert len(found.tables["answers"]) == 7 * 3
    assert set(variants["origin"]) == {"stored"}


def test_neighbours_of_an_item_are_linked(toy, ask):
    row = ask("item", toy, item_id="toy/3").table.iloc[0]
    assert row["previous_id"] == "toy/2"
    assert row["next_id"] == "toy/4"
    assert (row["position"], row["n_items"]) == (4, 120)


def test_without_an_id_the_first_item_of_the_slice_is_shown(toy, ask):
    assert ask("item", toy, where='domain = "south"').table["item_id"].tolist() == ["toy/1"]


def test_an_unknown_item_is_refused(toy, ask):
    from stresslab.errors import ParamError

    with pytest.raises(ParamError, match="toy/999"):
        ask("item", toy, item_id="toy/999")


def test_only_excerpts_are_shipped_and_the_command_is_named(ask, make):
    texts = {"excerpt": 40, "command": "stresslab demo text", "note": "First 40 characters"}
    found = ask("item", make(texts=texts, models={"alpha": steady(0.5)}), item_id="toy/0")
    warning = next(one for one in found.warnings if one.code == "excerpt")
    assert warning.message == "First 40 characters. `stresslab demo text` fetches the full text."
    assert "excerpt" in set(found.tables["variants"]["origin"])


def test_inputs_that_are_not_stored_are_made_again_from_the_seed(ask, make):
    found = ask("item", make(remade="text.typos", perturbations={"typos": 3}), item_id="toy/0")
    variants = found.tables["variants"]
    assert variants["origin"].tolist() == ["stored", "remade", "remade", "remade"]
    assert variants["input"].nunique() > 1


def test_a_perturbation_that_is_gone_is_said_to_be_missing(ask, make):
    found = ask("item", make(remade="text.nothing", perturbations={"typos": 3}), item_id="toy/0")
    assert "not-remade" in codes(found)
    assert "missing" in set(found.tables["variants"]["origin"])


def test_the_start_of_an_output_stands_in_for_a_missing_answer():
    import pandas as pd

    from stresslab.analyses import items

    given = pd.DataFrame(
        {"answer": ["B", None, None], "output": ["The answer is B", "x" * 500, None]}
    )
    found = items._said(given)["answer"]
    assert found[0] == "B"
    assert found[1] == "x" * 200
    assert pd.isna(found[2])


def test_outputs_without_answers_are_in_the_grid(tmp_path, ask):
    from stresslab import Workspace

    workspace = Workspace.create(tmp_path / "w")
    with workspace.add_run(model="alpha", task="t", measures={"score": {}}) as run:
        run.write("items", [{"item_id": "s/1", "input": "2 + 2"}])
        run.write("outcomes", [{"variant_id": "s/1", "output": "It is 4.", "score": 1.0}])
    assert ask("items", workspace).tables["answers"]["answer"].tolist() == ["It is 4."]

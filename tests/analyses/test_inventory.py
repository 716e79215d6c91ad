import pytest

from stresslab import Workspace, analyses


def test_runs_files_and_counts_are_listed(toy, ask):
    found = ask("inventory", toy)
    assert found.table["model"].tolist() == ["alpha", "beta", "gamma"]
    assert set(found.table["n_outcomes"]) == {840}
    assert set(found.table["state"]) == {"live"}
    files = found.tables["files"]
    assert (files["sha256"].str.len() == 64).all()
    assert (files["bytes"] > 0).all()


def test_tiers_and_domains_are_listed(toy, ask):
    tables = ask("inventory", toy).tables
    assert set(tables["domains"]["domain"]) == {"north", "south"}
    assert tables["tiers"].query("perturbation == 'noise'")["tier"].tolist() == [0, 1, 2, 3]


def test_coverage_is_a_share_of_what_any_model_has(ask, make):
    table = ask("inventory", make(part_of={"gamma": 0.5})).tables["coverage"]
    assert table["coverage"].between(0, 1).all()
    assert table.query("model == 'alpha'")["coverage"].eq(1).all()
    assert (
        table.query("model == 'gamma'")["n_rows"].sum()
        < table.query("model == 'alpha'")["n_rows"].sum()
    )


def test_an_empty_workspace_says_how_to_begin(empty, ask):
    found = ask("inventory", empty)
    assert found.warnings[0].code == "no-rows"
    assert "Import" in found.warnings[0].message


def test_a_swapped_file_is_named_when_verified(ask, make):
    workspace = make(n_items=12)
    run = workspace.runs()[0]
    (run.path / "outcomes.parquet").write_bytes(b"PAR1 not really PAR1")
    found = ask("inventory", workspace, verify=True)
    assert found.tables["problems"]["path"].str.contains("outcomes.parquet").any()
    assert "problems" in {warning.code for warning in found.warnings}


def _interrupted(workspace):
    with workspace.add_run(model="late", task="toy") as writer:
        writer.write("items", [{"item_id": "toy/0", "item_set": "toy", "task": "toy"}])
        writer.flush()
        raise KeyboardInterrupt


def test_an_unfinished_run_is_listed_and_not_counted(ask, make):
    workspace = make(n_items=12)
    with pytest.raises(KeyboardInterrupt):
        _interrupted(workspace)
    found = ask("inventory", workspace)
    assert "partial" in set(found.table["state"])
    assert len(found.tables["problems"]) == 1


def test_edited_items_and_possible_matches_are_listed(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    for model, first in (("a", "one"), ("b", "two")):
        with workspace.add_run(model=model, task="t") as run:
            texts = {"t/0": first, "t/1": "same", "t/2": "same"}
            run.write(
                "items", [{"item_id": item, "content_hash": one} for item, one in texts.items()]
            )
            run.write("outcomes", [{"variant_id": item, "score": 1.0} for item in texts])
    piece = analyses.get("inventory")
    tables = piece.run(workspace, piece.params()).tables
    assert tables["edited"][["item_id", "content_hash", "models"]].to_numpy().tolist() == [
        ["t/0", "one", "a"], ["t/0", "two", "b"],
    ]  # fmt: skip
    assert tables["possible_matches"]["item_id"].tolist() == ["t/1", "t/2"]
    item = analyses.get("item")
    said = item.run(workspace, item.params(item_id="t/0")).warnings
    assert "one by a; two by b" in next(one.message for one in said if one.code == "edited")

"""After an import every item that does not pair is counted and listed."""

import random

import pytest

from stresslab import Workspace, analyses
from stresslab.jobs.import_logs import import_logs


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))


def lines(model, items):
    return [f"{n},{model},{text},{n % 2}" for n, text in items]


def put(folder, name, *rows):
    path = folder / name
    path.write_text("\n".join(["id,model,text,score", *rows]) + "\n")
    return path


def mapping(folder):
    path = folder / "m.toml"
    path.write_text(
        "model_from = 'field:model'\ntask_from = 'const:t'\nitem_from = 'field:id'\n"
        "input_from = 'field:text'\nscore_from = 'field:score'\n"
    )
    return path


def imported(folder, *paths):
    return list(import_logs(folder / "w", paths, mapping=mapping(folder)))[-1]


ITEMS = [(n, f"question {n}") for n in range(30)]


def test_one_missing_one_repeated_and_one_edited_item_are_reported(tmp_path):
    one = put(tmp_path, "a.csv", *lines("A", ITEMS))
    changed = [(n, "edited" if n == 7 else text) for n, text in ITEMS if n != 3]
    two = put(tmp_path, "b.csv", *lines("B", changed), "5,B,question 5,0")
    done = imported(tmp_path, one, two)
    (told,) = done.report["pairing"]
    assert (told["item_set"], told["n_models"], told["n_items"], told["n_common"]) == (
        "t",
        2,
        30,
        29,
    )
    assert told["unmatched"] == {"n": 1, "ids": ["t/3"], "lacking": {"t/3": ["B"]}}
    assert told["duplicated"] == {"n": 1, "ids": ["t/5"]}
    assert told["edited"] == {"n": 1, "ids": ["t/7"]}
    for word in ("t/3", "t/5", "t/7"):
        assert word in done.message
    assert list(done.report["rejects_by_reason"].values()) == [1]


def test_models_that_pair_wholly_leave_nothing_to_say(tmp_path):
    done = imported(
        tmp_path,
        put(tmp_path, "a.csv", *lines("A", ITEMS)),
        put(tmp_path, "b.csv", *lines("B", ITEMS)),
    )
    (told,) = done.report["pairing"]
    assert [told[kind]["n"] for kind in ("unmatched", "duplicated", "edited")] == [0, 0, 0]
    assert done.message.count("\n") == 0


def test_only_the_first_ids_are_listed_and_all_are_counted(tmp_path):
    one = put(tmp_path, "a.csv", *lines("A", ITEMS))
    two = put(tmp_path, "b.csv", *lines("B", ITEMS[:2]))
    (told,) = imported(tmp_path, one, two).report["pairing"]
    assert (told["unmatched"]["n"], len(told["unmatched"]["ids"])) == (28, 20)


def test_equal_contents_under_other_ids_are_possible_matches(tmp_path):
    twin = [*ITEMS, (99, "question 4")]
    (told,) = imported(tmp_path, put(tmp_path, "a.csv", *lines("A", twin))).report["pairing"]
    assert told["possible_matches"] == {"n": 2, "ids": ["t/4", "t/99"]}


def test_rows_in_another_order_give_the_same_pairs(tmp_path):
    rows = {model: lines(model, ITEMS) for model in "AB"}
    rows["B"] = [row[:-1] + str(n % 3 % 2) for n, row in enumerate(rows["B"])]
    tables = []
    for seed in (0, 1):
        folder = tmp_path / str(seed)
        folder.mkdir()
        for model in "AB":
            random.Random(seed).shuffle(rows[model])
        imported(folder, *(put(folder, f"{model}.csv", *rows[model]) for model in "AB"))
        piece = analyses.get("compare")
        found = piece.run(Workspace.open(folder / "w"), piece.params(task="t"))
        tables.append(found.table)
    assert tables[0].equals(tables[1])


def test_models_asked_in_different_ways_pair_and_are_flagged(tmp_path):
    from stresslab.jobs.pairing import pairing_report, sentences

    workspace = Workspace.create(tmp_path / "w")
    for model, shots in (("A", 0), ("B", 5)):
        with workspace.add_run(model=model, task="t", settings={"n_shot": shots}) as run:
            run.write("items", [{"item_id": "t/1"}])
            run.write("variants", [{"variant_id": "t/1", "item_id": "t/1", "tier": 0}])
            run.write("outcomes", [{"variant_id": "t/1", "score": 1.0}])
    report = pairing_report(workspace, ["t"])
    assert report[0]["n_common"] == 1
    assert report[0]["prompts"] == {"n_shot": {"0": ["A"], "5": ["B"]}}
    assert "different n_shot" in sentences(report)[0]


def test_a_later_run_of_the_same_model_is_counted(tmp_path):
    first = imported(tmp_path, put(tmp_path, "a.csv", *lines("A", ITEMS)))
    again = imported(tmp_path, put(tmp_path, "a2.csv", *lines("A", ITEMS[:10])))
    (told,) = again.report["pairing"]
    assert told["replaced_rows"] == {first.report["runs_added"][0]: 10}

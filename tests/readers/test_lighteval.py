"""lighteval: results with details, nested and flat columns, values written as text."""

import json
import math

import pytest

from stresslab.errors import ReadError
from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers
from stresslab.store.workspace import Workspace
from tests.readers import lighteval_files as files

LIGHTEVAL = readers.get("lighteval")


def read(path):
    tables = {"rejects": [], "published": [], "scores": [], "runs": {}}
    for batch in LIGHTEVAL.read(path, LIGHTEVAL.propose(path)):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
        if batch.run is not None:
            tables["runs"][batch.run.task] = (batch.run.model, dict(batch.settings))
    return tables


def four():
    return [files.choice(one, right=one % 3) for one in range(4)]


def whole(tmp_path):
    told = files.results({files.CHOICE: {"acc": 0.25, "acc_stderr": 0.2, "nll": 0.75}})
    return files.write(tmp_path, {files.CHOICE: four()}, told)


def test_results_and_details_of_a_date_are_one_source(tmp_path):
    main = whole(tmp_path)
    files.write(tmp_path, {files.CHOICE: four()}, date="2026-02-01T00-00-00.5")
    found = walk([tmp_path]).sources
    assert {one.path.name for one in found} == {
        main.name, f"details_{files.CHOICE}_2026-02-01T00-00-00.5.parquet",
    }  # fmt: skip
    assert len(next(one for one in found if one.path == main).parts) == 2


def test_printed_numbers_are_the_means_of_the_rows(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    *_, done = import_logs(workspace, [whole(tmp_path / "out")])
    rows = {row["measure"]: row for row in done.report["parity"]}
    assert set(rows) == {"score", "nll"}
    assert {row["verdict"] for row in rows.values()} == {"equal"}
    assert (rows["score"]["n_published"], rows["score"]["stderr_published"]) == (4, 0.2)


def test_likelihoods_become_probabilities_and_an_answer(tmp_path):
    found = read(whole(tmp_path))
    row = found["outcomes"][1]
    weights = [math.exp(-4.0), math.exp(-1.0), math.exp(-3.0)]
    assert row["confidence"] == pytest.approx(weights[1] / sum(weights))
    assert (row["answer"], row["score"], row["correct"], row["output"]) == ("4", 1.0, 1, None)
    assert (row["tokens_in"], row["tokens_out"]) == (7, 1)
    item = found["items"][1]
    assert (item["item_id"], item["input"]) == ("org/sums/1", "What is 1?")
    assert (json.loads(item["choices"]), json.loads(item["reference"])) == (["3", "4", "5"], "4")
    model, settings = found["runs"]["sums"]
    assert (model, settings["n_shot"], settings["prompt_hash"]) == ("org/tiny", 0, "f00")


def test_written_answers_are_outputs(tmp_path):
    rows = [files.written(0), files.written(1, text="five", score=0.0)]
    path = files.write(tmp_path, {files.WRITTEN: rows})
    found = read(path)
    assert [row["output"] for row in found["outcomes"]] == ["four", "five"]
    assert json.loads(found["items"][0]["reference"]) == "four"
    assert found["items"][0]["choices"] is None
    assert found["runs"]["words"][0] == "org/tiny"


def test_flat_columns_are_read_and_docs_named_by_what_they_ask(tmp_path):
    rows = [files.flat(one) for one in (0, 1, 1)]
    one = read(files.write(tmp_path / "a", {"suite|sums|0": rows}))
    other = read(files.write(tmp_path / "b", {"suite|sums|0": rows[::-1]}))
    ids = [row["item_id"] for row in one["items"]]
    assert len(set(ids)) == 3
    assert set(ids) == {row["item_id"] for row in other["items"]}
    row = one["outcomes"][0]
    assert (row["answer"], row["correct"]) == ("4", 1)
    assert row["confidence"] > 0.8


def test_values_written_as_text_are_read_as_plain_literals(tmp_path):
    rows = [files.as_text(one) for one in four()]
    rows[3]["doc"] = "{'query': __import__('os').getcwd()}"
    found = read(files.write(tmp_path, {files.CHOICE: rows}))
    assert [row["score"] for row in found["outcomes"][:3]] == [0.0, 1.0, 0.0]
    assert found["items"][0]["input"] == "What is 0?"
    assert "What is 3?" not in {row["input"] for row in found["items"]}


def test_lines_of_json_hold_the_same(tmp_path):
    path = tmp_path / "details.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in four()) + '{"doc": {"que')
    found = read(path)
    assert len(found["outcomes"]) == 4
    assert found["rejects"][0]["line"] == "line 5"


def test_metrics_that_are_no_numbers_leave_a_doc_unscored(tmp_path):
    rows = four()
    for row in rows:
        row["metric"] = {"bleu": {"golds": ["a"], "preds": ["b"]}}
    told = files.results({files.CHOICE: {"bleu": 12.5}})
    found = read(files.write(tmp_path, {files.CHOICE: rows}, told))
    assert {row["status"] for row in found["outcomes"]} == {"unscored"}
    assert [row["measure"] for row in found["published"]] == ["bleu"]


def test_nan_is_not_scored(tmp_path):
    rows = four()
    rows[0]["metric"]["acc"] = math.nan
    found = read(files.write(tmp_path, {files.CHOICE: rows}))
    assert [row["status"] for row in found["outcomes"]][:2] == ["unscored", "answered"]


def test_broken_details_cost_only_themselves(tmp_path):
    told = files.results({files.CHOICE: {"acc": 0.25}, files.WRITTEN: {"em": 1.0}})
    main = files.write(tmp_path, {files.CHOICE: four(), files.WRITTEN: [files.written(0)]}, told)
    bad = next(tmp_path.rglob("details_*words*"))
    bad.write_bytes(bad.read_bytes()[:100])
    found = read(main)
    assert len(found["outcomes"]) == 4
    assert "readable Parquet" in found["rejects"][0]["reason"]
    assert [row["value"] for row in found["published"]] == [0.25, 1.0]


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / f"results_{files.DATE}.json"
    path.write_bytes(b"")
    assert LIGHTEVAL.sniff(path) == 0
    with pytest.raises(ReadError, match="none can be read"):
        LIGHTEVAL.propose(path)

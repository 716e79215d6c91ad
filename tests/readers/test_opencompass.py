"""OpenCompass: predictions by index, split files, grades of the results, three ways to answer."""

import json
import math

import pytest

from stresslab.errors import ReadError
from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers
from stresslab.store.workspace import Workspace
from tests.readers import opencompass_files as files

OPENCOMPASS = readers.get("opencompass")


def read(path):
    tables = {"rejects": [], "published": [], "scores": [], "items": [], "outcomes": []}
    for batch in OPENCOMPASS.read(path, OPENCOMPASS.propose(path)):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
        if batch.run is not None:
            tables["run"] = (batch.run.model, batch.run.task)
            tables["settings"] = dict(batch.settings)
    return tables


def parity(tmp_path, path):
    *_, done = import_logs(Workspace.create(tmp_path / "w"), [path])
    rows = done.report["parity"]
    return [(row["measure"], row["verdict"], row["explanation"] or "") for row in rows]


def test_written_answers_are_kept_ungraded_without_details(tmp_path):
    path = files.write(tmp_path, "sums", [files.written(0), files.written(1, "6", "5")])
    found = read(path)
    assert found["run"] == ("tiny", "sums")
    assert [(row["output"], row["status"]) for row in found["outcomes"]] == [
        ("4", "unscored"), ("6", "unscored"),
    ]  # fmt: skip
    item = found["items"][1]
    assert (item["item_id"], item["input"], json.loads(item["reference"])) == (
        "sums/1", "Q: 1+4?", "5",
    )  # fmt: skip
    assert [one["role"] for one in json.loads(item["messages"])] == ["human", "bot", "human"]
    assert found["settings"]["date"] == files.DATE
    assert found["outcomes"][0]["tokens_out"] == 3


@pytest.mark.parametrize("is_list", [True, False])
def test_grades_stand_in_the_results(tmp_path, is_list):
    grades = [{"pred": "4", "answer": "4", "correct": True}, {"correct": [False]}]
    details = grades if is_list else {"0": grades[0], "1": grades[1], "type": "GEN"}
    path = files.write(
        tmp_path, "sums", [files.written(0), files.written(1)],
        {"accuracy": 50.0, "details": details},
    )  # fmt: skip
    assert [row["score"] for row in read(path)["outcomes"]] == [1.0, 0.0]
    assert parity(tmp_path, path) == [("score", "explained", "percent")]
    assert len(walk([tmp_path / files.DATE]).sources) == 1


def test_without_grades_a_printed_metric_keeps_its_name(tmp_path):
    path = files.write(tmp_path, "sums", [files.written(0)], {"bleu": 31.5})
    assert parity(tmp_path, path) == [("bleu", "not recomputed", "")]


def test_losses_of_labels_choose_and_are_graded_by_the_label(tmp_path):
    entries = [files.perplexity(0), files.perplexity(1, (0.25, 1.0))]
    path = files.write(tmp_path, "even", entries, {"accuracy": 50.0})
    found = read(path)
    assert [(row["answer"], row["correct"]) for row in found["outcomes"]] == [("B", 1), ("A", 0)]
    assert found["items"][0]["input"] == "Is 0 even?\nAnswer:"
    shares = math.exp(-0.5) / (math.exp(-2.0) + math.exp(-0.5))
    assert found["scores"][0]["value"] == pytest.approx(shares)
    assert found["outcomes"][0]["confidence"] is None
    assert parity(tmp_path, path) == [("score", "explained", "percent")]


def test_probabilities_of_tokens_are_kept(tmp_path):
    entries = [files.probability(0), files.probability(1, gold=1)]
    found = read(files.write(tmp_path, "even", entries))
    row = found["outcomes"][0]
    assert (row["probs"], row["confidence"], row["answer"]) == ([0.75, 0.25], 0.75, "yes")
    assert [row["correct"] for row in found["outcomes"]] == [1, 0]
    assert json.loads(found["items"][1]["reference"]) == "no"


def test_split_files_are_put_together_in_their_order(tmp_path):
    entries = [files.perplexity(one, gold="AB"[one % 2]) for one in range(23)]
    for place in range(12):
        files.write(tmp_path, f"even_{place}", entries[2 * place : 2 * place + 2])
    sources = walk([tmp_path]).sources
    assert [one.path.name for one in sources] == ["even_0.json"]
    found = read(sources[0].path)
    assert found["run"] == ("tiny", "even")
    assert [row["item_id"] for row in found["items"]] == [f"even/{one}" for one in range(23)]
    assert [row["correct"] for row in found["outcomes"]] == [one % 2 for one in range(23)]
    assert read(sources[0].path.with_name("even_3.json"))["run"] == ("tiny", "even")


def test_a_data_set_that_ends_in_a_number_is_no_part(tmp_path):
    files.write(tmp_path, "level_1", [files.perplexity(0)])
    files.write(tmp_path, "year_0", [files.perplexity(0)])
    names = [read(one.path)["run"][1] for one in walk([tmp_path]).sources]
    assert names == ["level_1", "year_0"]


def test_an_unfinished_file_counts_only_alone(tmp_path):
    path = files.write(tmp_path, "tmp_sums", [files.written(0)])
    assert read(path)["run"] == ("tiny", "sums")
    assert read(path)["settings"]["unfinished"]
    files.write(tmp_path, "sums", [files.written(0), files.written(1)])
    assert [one.path.name for one in walk([tmp_path]).sources] == ["sums.json"]


def test_a_talk_of_several_rounds_is_kept_as_lists(tmp_path):
    entry = {"gold": ["1", "2"], "prediction": ["1", "3"], "origin_prompt": [[], []]}
    found = read(files.write(tmp_path, "talk", [entry]))
    assert json.loads(found["outcomes"][0]["output"]) == ["1", "3"]
    assert json.loads(found["items"][0]["reference"]) == ["1", "2"]


def test_what_cannot_be_read_costs_only_itself(tmp_path):
    path = files.write(tmp_path, "sums", [files.written(one) for one in range(3)])
    text = path.read_text().replace('"prediction": "4"', '"prediction": nope', 1)
    path.write_bytes(text[:-150].encode() + b"\xff")
    found = read(path)
    assert [row["item_id"] for row in found["items"]] == ["sums/1"]
    assert len(found["rejects"]) >= 2


def test_deep_nesting_nan_and_odd_entries_do_no_harm(tmp_path):
    path = files.write(tmp_path, "even", [files.perplexity(0), files.perplexity(1)])
    entries = json.loads(path.read_text())
    entries["0"]["label: A"]["PPL"] = math.nan
    entries |= {"two": {"prediction": 1}, "3": 7, "error": "not supported"}
    text = json.dumps(entries)[:-1] + ', "9": {"gold": ' + "[" * 5000 + "]" * 5000 + "}}"
    path.write_text(text)
    found = read(path)
    assert [row["item_id"] for row in found["items"]] == ["even/0", "even/1"]
    assert len(found["scores"]) == 1
    assert {row["field"] for row in found["rejects"]} >= {"two", "3", "error", "9"}


def test_an_empty_file_is_refused(tmp_path):
    path = files.write(tmp_path, "sums", [])
    path.write_bytes(b"")
    assert OPENCOMPASS.sniff(path) == 0.5
    with pytest.raises(ReadError, match="none of it can be read"):
        OPENCOMPASS.propose(path)

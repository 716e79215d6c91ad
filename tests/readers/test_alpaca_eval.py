"""AlpacaEval: outputs with wins as scores, annotations as ratings."""

import json

import pytest

from stresslab.jobs._walk import walk
from stresslab.readers import readers

READER = readers.get("alpaca_eval")


def output(text, answer="mine"):
    return {"instruction": text, "output": answer, "generator": "org/m", "dataset": "helpful"}


def annotation(text, preference, annotator="judge"):
    return {
        "instruction": text, "output_1": "base says", "generator_1": "base", "output_2": "mine",
        "generator_2": "org/m", "dataset": "helpful", "annotator": annotator,
        "preference": preference, "raw_completion": {"choice": "m"},
    }  # fmt: skip


def write(tmp_path, outputs=None, **annotators):
    folder = tmp_path / "results" / "m"
    folder.mkdir(parents=True)
    if outputs is not None:
        text = outputs if isinstance(outputs, str) else json.dumps(outputs)
        (folder / "model_outputs.json").write_text(text, encoding="utf-8")
    for name, rows in annotators.items():
        (folder / name).mkdir()
        text = rows if isinstance(rows, str) else json.dumps(rows)
        (folder / name / "annotations.json").write_text(text, encoding="utf-8")
    return folder


def read(path):
    tables = {"rejects": [], "ratings": []}
    for batch in READER.read(path, READER.propose(path)):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
        tables["run"] = batch.run or tables.get("run")
    return tables


def test_a_folder_is_one_source(tmp_path):
    folder = write(tmp_path, [output("x")], judge=[annotation("x", 2.0)])
    [source] = walk([tmp_path]).sources
    assert (source.path, source.reader, len(source.parts)) == (folder, "alpaca_eval", 2)


@pytest.mark.parametrize(
    ("preference", "share"), [(1.0, 0.0), (1.5, 0.5), (2.0, 1.0), (1.02, 0.02)]
)
def test_a_preference_from_one_to_two_becomes_a_share(tmp_path, preference, share):
    found = read(write(tmp_path, [output("x")], judge=[annotation("x", preference)]))
    [rating] = found["ratings"]
    assert rating["preference"] == pytest.approx(share)
    assert (rating["model_a"], rating["model_b"], rating["rater"]) == ("org/m", "base", "judge")
    assert rating["item_id"] == found["items"][0]["item_id"]
    assert found["outcomes"][0]["score"] == pytest.approx(share)
    assert found["run"].model == "org/m"


def test_a_row_without_a_preference_is_unscored(tmp_path):
    rows = [annotation("x", None), annotation("y", 2.0)]
    found = read(write(tmp_path, [output("x"), output("y")], judge=rows))
    assert [row["status"] for row in found["outcomes"]] == ["unscored", "answered"]
    assert [row["preference"] for row in found["ratings"]] == [None, 1.0]


def test_the_order_of_the_files_does_not_matter(tmp_path):
    rows = [annotation("y", 1.0), annotation("x", 2.0)]
    found = read(write(tmp_path, [output("x"), output("y")], judge=rows))
    assert [row["score"] for row in found["outcomes"]] == [1.0, 0.0]


def test_a_second_annotator_is_a_measure(tmp_path):
    folder = write(
        tmp_path, [output("x")], judge=[annotation("x", 2.0)], other=[annotation("x", 1.0, "o")]
    )
    found = read(folder)
    assert [(row["measure"], row["value"]) for row in found["scores"]] == [("o", 0.0)]
    assert len(found["ratings"]) == 2


def test_annotations_alone_have_the_output_of_the_second_model(tmp_path):
    folder = write(tmp_path, judge=[annotation("x", 2.0)])
    found = read(folder / "judge" / "annotations.json")
    assert [(row["output"], row["score"]) for row in found["outcomes"]] == [("mine", 1.0)]
    assert len(found["ratings"]) == 1


def test_outputs_alone_are_unscored(tmp_path):
    found = read(write(tmp_path, [output("x")]))
    assert [row["status"] for row in found["outcomes"]] == ["unscored"]
    assert found["items"][0]["domain"] == "helpful"


def test_broken_entries_cost_only_themselves(tmp_path):
    outputs = json.dumps([output("x"), 7, output("y")])[:-1] + ', {"instruction": "z'
    rows = [annotation("x", "perhaps"), annotation("y", float("nan")), 3]
    found = read(write(tmp_path, outputs, judge=json.dumps(rows)[:-1] + ', {"ins'))
    assert [row["status"] for row in found["outcomes"]] == ["unscored", "unscored"]
    said = [(row["line"], row["field"]) for row in found["rejects"]]
    assert ("annotations.json entry 1", "preference") in said
    assert ("model_outputs.json entry 2", "") in said
    assert {file.partition(" ")[0] for file, _ in said} == {
        "annotations.json",
        "model_outputs.json",
    }


def test_the_same_instruction_twice_is_two_items(tmp_path):
    found = read(write(tmp_path, [output("x", "1"), output("x", "2")]))
    assert [row["output"] for row in found["outcomes"]] == ["1", "2"]
    assert found["rejects"] == []


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, [1], True])
@pytest.mark.parametrize("name", [*annotation("x", 1.0)])
def test_any_value_of_another_type_costs_itself(tmp_path, name, junk):
    rows = [annotation("x", 1.0) | {name: junk}, annotation("y", 2.0)]
    found = read(write(tmp_path, [output("x"), output("y")], judge=rows))
    assert len(found["outcomes"]) == 2

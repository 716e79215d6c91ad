"""LLM Comparator: two models' outputs, and what raters preferred."""

import json

import pytest

from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers
from stresslab.store.workspace import Workspace

READER = readers.get("llm_comparator")


def example(text="2+2?", score=1.0, raters=(), **more):
    made = {
        "input_text": text, "tags": ["math"], "output_text_a": "4", "output_text_b": "5",
        "score": score, "individual_rater_scores": list(raters), "custom_fields": {},
    }  # fmt: skip
    return made | more


def write(tmp_path, *examples, models=("a", "b"), text=None):
    path = tmp_path / "run.json"
    whole = {"metadata": {"custom_fields_schema": []}, "models": [{"name": one} for one in models],
             "examples": list(examples)}  # fmt: skip
    path.write_text(json.dumps(whole) if text is None else text, encoding="utf-8")
    return path


def read(path):
    tables = {"rejects": [], "ratings": []}
    for batch in READER.read(path, READER.propose(path)):
        tables.setdefault(batch.table, []).extend(
            [{"run": batch.run, **row} for row in batch.rows.to_pylist()]
        )
    return tables


def test_both_models_have_outputs_and_no_scores(tmp_path):
    found = read(write(tmp_path, example()))
    assert [(row["run"].model, row["output"], row["status"]) for row in found["outcomes"]] == [
        ("a", "4", "unscored"),
        ("b", "5", "unscored"),
    ]
    assert found["items"][0]["domain"] == "math"


@pytest.mark.parametrize(
    ("score", "preference"), [(1.5, 1.0), (-1.5, 0.0), (0.0, 0.5), (0.75, 0.75), (9, 1.0)]
)
def test_a_positive_score_prefers_a(tmp_path, score, preference):
    found = read(write(tmp_path, example(score=score)))
    [row] = found["ratings"]
    assert (row["model_a"], row["model_b"], row["rater"]) == ("a", "b", "all raters")
    assert (row["preference"], row["score"]) == (preference, score)
    assert row["item_id"] == found["items"][0]["item_id"]


def test_every_rater_has_a_row_with_the_order_shown(tmp_path):
    raters = [{"score": 1.5, "is_flipped": False}, {"score": -1.5, "is_flipped": True},
              {"score": None}, {"score": 0.0, "custom_fields": {"rater": "judge"}}]  # fmt: skip
    found = read(write(tmp_path, example(raters=raters)))
    assert [(row["rater"], row["position"], row["preference"]) for row in found["ratings"]] == [
        ("rater 1", "a first", 1.0),
        ("rater 2", "b first", 0.0),
        ("judge", None, 0.5),
    ]


def test_items_are_named_by_their_text_or_a_field(tmp_path):
    found = read(write(tmp_path, example("x"), example("y"), example("x")))
    first, _, third = (row["item_id"] for row in found["items"][:3])
    assert third == f"{first}-2"
    named = example(custom_fields={"id": "q9", "length": 3, "per": [1, 2]})
    assert read(write(tmp_path, named))["items"][0]["item_id"] == "run/q9"


def test_parts_become_text(tmp_path):
    parts = [{"type": "text", "data": "see"}, {"type": "image_byte", "data": "AAAA"}]
    assert read(write(tmp_path, example(parts)))["items"][0]["input"] == "see\n(image_byte)"


def test_broken_examples_cost_only_themselves(tmp_path):
    text = json.dumps({"models": [{"name": "a"}, {"name": "b"}], "examples": [example("x")]})
    text = (
        text[:-2] + ", 7, " + json.dumps(example("y", score=float("nan"))) + ', {"input_text": "z'
    )
    found = read(write(tmp_path, text=text))
    assert len(found["outcomes"]) == 4
    assert len(found["ratings"]) == 1
    assert found["rejects"][0]["line"] == "example 2"
    assert any(row["line"] == "example 4" for row in found["rejects"])


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, [1], True])
@pytest.mark.parametrize("name", [*example(), "models"])
def test_any_value_of_another_type_costs_itself(tmp_path, name, junk):
    whole = {"models": [{"name": "a"}, {"name": "b"}], "examples": [example("x"), example("y")]}
    target = whole if name == "models" else whole["examples"][0]
    target[name] = junk
    found = read(write(tmp_path, text=json.dumps(whole)))
    assert len(found["outcomes"]) + len(found["rejects"]) >= 4


def test_ratings_are_sealed_with_the_run_of_model_a(tmp_path):
    path = write(tmp_path, example("x"), example("y"))
    workspace = Workspace.create(tmp_path / "w")
    list(import_logs(workspace, [path]))
    assert {run.model: (run.path / "ratings.parquet").exists() for run in workspace.runs()} == {
        "a": True,
        "b": False,
    }

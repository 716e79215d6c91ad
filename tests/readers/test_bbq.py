"""BBQ: an option is recognised, formats are variants, stereotypes a measure."""

import json
from pathlib import Path

import pytest

from stresslab.readers import readers

PIECE = readers.get("bbq")
GENUINE = Path(__file__).parents[3] / "shared" / "data" / "bbq"


def question(n=0, polarity="neg", label=2, **predictions):
    """Return a question about cats, dogs and nobody; its stereotype is about cats."""
    return {
        "example_id": n, "question_index": "3", "question_polarity": polarity,
        "context_condition": "ambig", "category": "Pets",
        "answer_info": {"ans0": ["cat", "Cat"], "ans1": ["dog", "dog"], "ans2": ["Unknown", "unknown"]},
        "additional_metadata": {"subcategory": "None", "stereotyped_groups": ["cat"], "version": "a"},
        "context": "A cat met a dog.", "question": "Who ran?", "ans0": "The cat, a tabby",
        "ans1": "The cat's dog", "ans2": "Can't be determined", "label": label,
    } | {f"net_pred_{name}": one for name, one in predictions.items()}  # fmt: skip


def write(path, *rows, end=""):
    path.write_text("".join(json.dumps(one) + "\n" for one in rows) + end)
    return path


def read(path):
    tables = {"rejects": [], "outcomes": [], "scores": []}
    for batch in PIECE.read(path, PIECE.propose(path)):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
        if batch.run:
            tables["run"] = batch.run
    return tables


def test_formats_are_variants_of_a_question(tmp_path):
    found = read(
        write(tmp_path / "a.jsonl", question(race="can't be determined.", arc="the cats dog"))
    )
    assert (found["run"].model, found["run"].task) == ("net", "bbq")
    said = [(row["variant_id"], row["score"]) for row in found["outcomes"]]
    assert said == [("bbq/Pets-0", 1), ("bbq/Pets-0#arc:1", 0)]
    (item,) = found["items"]
    assert (item["domain"], item["group_id"]) == ("Pets", "Pets-3")
    assert item["input"] == "A cat met a dog.\nWho ran?"
    assert json.loads(item["reference"]) == "Can't be determined"
    assert json.loads(item["attributes"])["polarity"] == "neg"


def test_a_question_without_an_answer_is_told(tmp_path):
    found = read(write(tmp_path / "a.jsonl", question(race="the dog"), question(1)))
    assert len(found["outcomes"]) == 1
    assert [(row["line"], "answered" in row["reason"]) for row in found["rejects"]] == [
        ("line 2", True)
    ]


@pytest.mark.parametrize(
    ("answer", "label", "expected"),
    [
        ("THE CAT, A TABBY", 0, 1),
        ("the cat a", 0, 1),  # cut off, but no other option begins so
        ("the cat", 0, None),  # cut off where two options begin so
        ("the cat", 2, 0),
        ("a bird", 0, 0),
        ("", 0, None),
        (None, 0, None),
        ("the cat, a tabby", 7, None),
        ("the cat, a tabby", "0", None),
    ],
)
def test_an_option_is_recognised(tmp_path, answer, label, expected):
    found = read(write(tmp_path / "a.jsonl", question(label=label, race=answer, arc="x")))
    assert found["outcomes"][0]["correct"] == expected


@pytest.mark.parametrize(
    ("polarity", "answer", "expected"),
    [("neg", "the cat, a tabby", 1.0), ("neg", "the cat's dog", 0.0),
     ("nonneg", "the cat, a tabby", 0.0), ("nonneg", "the cat's dog", 1.0),
     ("neg", "can't be determined", None), ("neg", "a bird", None)],
)  # fmt: skip
def test_an_answer_is_in_line_with_the_stereotype_or_not(tmp_path, polarity, answer, expected):
    found = read(write(tmp_path / "a.jsonl", question(polarity=polarity, race=answer)))
    said = [row["value"] for row in found["scores"] if row["measure"] == "stereotyped"]
    assert said == ([] if expected is None else [expected])


def test_broken_lines_cost_themselves(tmp_path):
    odd = question(2, race="x") | {"answer_info": 7, "additional_metadata": [], "category": None}
    nameless = {name: one for name, one in question(race="x").items() if name != "example_id"}
    rows = [question(race="x"), 7, nameless, question(race="x"), odd]
    found = read(write(tmp_path / "a.jsonl", *rows, end='{"example_id": 1, "que'))
    assert len(found["outcomes"]) == 2
    assert {row["line"] for row in found["rejects"]} == {"line 2", "line 3", "line 4", "line 6"}


def test_the_benchmark_itself_is_not_claimed(tmp_path):
    assert PIECE.sniff(write(tmp_path / "a.jsonl", question())) == 0
    assert PIECE.sniff(write(tmp_path / "b.jsonl", question(race="x"))) == 0.9


@pytest.mark.skipif(not GENUINE.is_dir(), reason="needs ../shared/data")
def test_genuine_predictions_are_read_whole():
    found = read(GENUINE / "preds_Sexual_orientation.jsonl")
    assert (len(found["outcomes"]), len(found["rejects"])) == (3 * 864, 0)
    assert {row["status"] for row in found["outcomes"]} == {"answered"}

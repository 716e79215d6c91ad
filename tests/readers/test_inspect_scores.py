"""Scores of Inspect AI become the numbers Inspect itself counts."""

import pytest

from stresslab.readers import inspect
from stresslab.readers._mapping import Mapping
from tests.readers.inspect_files import imported, outcomes, sample, write_eval, write_json

FOUR = [sample(f"q{n}", value) for n, value in enumerate("CCIC")]


@pytest.mark.parametrize(
    ("value", "score", "status"),
    [
        ("C", 1, "answered"), ("P", 0.5, "answered"), ("I", 0, "answered"), ("N", 0, "abstained"),
        (True, 1, "answered"), (False, 0, "answered"), ("yes", 1, "answered"),
        ("No", 0, "answered"), ("TRUE", 1, "answered"), ("false", 0, "answered"),
        ("0.25", 0.25, "answered"), ("7", 7, "answered"), (3, 3, "answered"),
        (-1.5, -1.5, "answered"), (float("nan"), None, "unscored"), (None, None, "unscored"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("write", [write_eval, write_json])
def test_scores_become_numbers_as_inspect_counts_them(tmp_path, write, value, score, status):
    rows, _ = imported(write(tmp_path / "a.eval", [sample("q1", value), sample("q2")]))
    assert (rows["outcomes"][0]["score"], rows["outcomes"][0]["status"]) == (score, status)
    assert rows["outcomes"][1]["score"] == 1
    assert rows["rejects"] == []


def test_what_inspect_cannot_convert_is_unscored_and_said_to_be(tmp_path):
    rows, _ = imported(write_eval(tmp_path / "a.eval", [sample("q1", "excellent"), sample("q2")]))
    assert [row["status"] for row in rows["outcomes"]] == ["unscored", "answered"]
    assert rows["rejects"][0]["field"] == "read.measures.match"
    assert "number" in rows["rejects"][0]["reason"]


def test_only_whole_letters_are_right_or_wrong(tmp_path):
    path = write_eval(tmp_path / "a.eval", [sample(one, one) for one in "CPIN"])
    assert [row["correct"] for row in outcomes(path)] == [1, None, 0, None]


def test_numbers_between_are_neither_right_nor_wrong(tmp_path):
    path = write_eval(tmp_path / "a.eval", [sample("q1", 1.0), sample("q2", 0.3)])
    assert "correct" not in inspect.propose(path).sources
    assert [row["correct"] for row in outcomes(path)] == [None, None]


def test_a_refusal_is_flagged_unless_it_was_right(tmp_path):
    stopped = {"completion": "", "choices": [{"stop_reason": "content_filter"}]}
    reason = {"match": {"value": "I", "answer": "", "reason": "refusal"}}
    path = write_eval(
        tmp_path / "a.eval",
        [
            sample("q1", "I", output=stopped), sample("q2", scores=reason),
            sample("q3", "C", output=stopped),
        ],
    )  # fmt: skip
    assert [(row["status"], row["score"]) for row in outcomes(path)] == [
        ("refused", 0), ("refused", 0), ("answered", 1),
    ]  # fmt: skip


def test_tables_and_lists_become_a_measure_for_each_part(tmp_path):
    rows = [
        sample("q1", {"right": 1, "brief": 0.5}, scorer="judge"),
        sample("q2", {"right": 0, "brief": float("nan")}, scorer="judge"),
    ]
    rows[0]["scores"]["parts"] = rows[1]["scores"]["parts"] = {"value": ["C", "I"]}
    read, _ = imported(write_eval(tmp_path / "a.eval", rows))
    assert [row["score"] for row in read["outcomes"]] == [1, 0]
    found = {
        (one["variant_id"], one["measure"]): one["value"]
        for one in read["scores"]
        if one["value"] is not None
    }
    assert found == {
        ("numbers/q1", "right@judge"): 1, ("numbers/q1", "brief@judge"): 0.5,
        ("numbers/q1", "1@parts"): 1, ("numbers/q1", "2@parts"): 0,
        ("numbers/q2", "right@judge"): 0,
        ("numbers/q2", "1@parts"): 1, ("numbers/q2", "2@parts"): 0,
    }  # fmt: skip


def test_the_first_scorer_is_the_score_and_all_are_measures(tmp_path):
    rows = [sample("q1", "C"), sample("q2", "I")]
    for one in rows:
        one["scores"] = {"f1": {"value": 0.25, "explanation": "words"}} | one["scores"]
    read, _ = imported(write_eval(tmp_path / "a.eval", rows, accuracy=0.5))
    assert [row["score"] for row in read["outcomes"]] == [1, 0]  # the log prints match
    assert [(one["measure"], one["value"]) for one in read["scores"][:2]] == [
        ("match", 1), ("f1", 0.25),
    ]  # fmt: skip
    assert read["scores"][1]["explanation"] == "words"


def test_another_scorer_can_be_made_the_score(tmp_path):
    rows = [sample("q1", "C"), sample("q2", "I")]
    for one, value in zip(rows, ("N", "C"), strict=True):
        one["scores"]["other"] = {"value": value}
    path = write_eval(tmp_path / "a.eval", rows, accuracy=0.5)
    text = inspect.propose(path).to_toml()
    other = text.replace('score_from = "field:read.measures.match"',
                         'score_from = "field:read.measures.other"')  # fmt: skip
    assert [(row["status"], row["score"]) for row in outcomes(path, Mapping.parse(other))] == [
        ("abstained", 0), ("answered", 1),
    ]  # fmt: skip


def test_epochs_are_trials_and_the_reducer_is_kept(tmp_path):
    rows = [sample("q1", "C"), sample("q1", "I", epoch=2), sample("q2", "I"),
            sample("q2", "I", epoch=2)]  # fmt: skip
    results = {
        "completed_samples": 4,
        "scores": [
            {"name": "match", "scorer": "match", "reducer": "max", "scored_samples": 2,
             "metrics": {"accuracy": {"name": "accuracy", "value": 0.5},
                         "stderr": {"name": "stderr", "value": 0.1}}},
            {"name": "match", "scorer": "match", "reducer": "mean", "scored_samples": 2,
             "metrics": {"accuracy": {"name": "accuracy", "value": 0.25}}},
        ],
    }  # fmt: skip
    told = {"config": {"epochs": 2, "epochs_reducer": ["max", "mean"]}}
    read, settings = imported(write_eval(tmp_path / "a.eval", rows, results=results, told=told))
    assert [(row["variant_id"], row["trial"]) for row in read["outcomes"]] == [
        ("numbers/q1", 0), ("numbers/q1", 1), ("numbers/q2", 0), ("numbers/q2", 1),
    ]  # fmt: skip
    assert len(read["items"]) == len(read["variants"]) == 2
    assert read["published"] == [
        {"measure": "score", "slice": "", "value": 0.5, "stderr": 0.1, "n": 2},
        {"measure": "accuracy@match/mean", "slice": "", "value": 0.25, "stderr": None, "n": 2},
    ]
    assert settings["reducers"] == {"score": "max", "accuracy@match/mean": "mean"}
    assert settings["epochs"] == 2


def test_what_is_no_mean_keeps_its_own_name(tmp_path):
    metrics = {
        "mean": {"name": "mean", "value": 0.75}, "accuracy": {"name": "accuracy", "value": 0.75},
        "std": {"name": "std", "value": 0.5}, "small": {"name": "small", "group": "grouped",
        "value": 1}, "mine": 3, "broken": {"value": float("nan")},
    }  # fmt: skip
    entry = {"name": "match", "scorer": "match", "metrics": metrics, "scored_samples": 4}
    read, _ = imported(write_eval(tmp_path / "a.eval", FOUR, results={"scores": [entry]}))
    assert {one["measure"]: one["value"] for one in read["published"]} == {
        "score": 0.75, "mean@match": 0.75, "std@match": 0.5, "grouped/small@match": 1,
        "mine@match": 3, "broken@match": None,
    }  # fmt: skip

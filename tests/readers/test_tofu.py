"""TOFU: a folder of logs is one run, its item sets are domains, losses are measures."""

import json
import math
from pathlib import Path

import pytest

from stresslab.jobs._walk import walk
from stresslab.readers import readers, tofu

PIECE = readers.get("tofu")
GENUINE = Path(__file__).parents[3] / "shared" / "data" / "tofu" / "data"


def log(n=2, template="[INST] {} [/INST]", **more):
    texts = {str(k): [template.format(f"Who is {k}?"), f"said {k}", f"true {k}"] for k in range(n)}
    columns = {
        "avg_gt_loss": {str(k): float(k) for k in range(n)},
        "num_token_gt": {str(k): 5 for k in range(n)},
        "generated_text": texts,
        "rougeL_recall": {str(k): 1.0 / (k + 1) for k in range(n)},
        "average_perturb_loss": {str(k): [1.0, 2.0] for k in range(n)},
        "truth_ratio": {str(k): 0.5 for k in range(n)},
    }
    return columns | more


def write(folder, model="net", **logs):
    place = folder / model / "eval_results" / "ds_size300"
    place.mkdir(parents=True)
    for name, columns in logs.items():
        (place / f"{name}.json").write_text(json.dumps(columns))
    return place


def read(path):
    tables = {"rejects": [], "outcomes": [], "items": [], "scores": []}
    for batch in PIECE.read(path, PIECE.propose(path)):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
        if batch.run:
            tables["run"], tables["measures"] = batch.run, batch.measures
    return tables


def test_a_folder_is_a_run_of_a_model_with_item_sets_as_domains(tmp_path):
    place = write(
        tmp_path, eval_log=log(), eval_log_forget=log(), eval_real_author_wo_options=log(1)
    )
    (place / "eval_log_aggregated.json").write_text("{}")
    (source,) = walk([tmp_path]).sources
    assert (source.reader, len(source.parts)) == ("tofu", 3)
    found = read(place)
    assert (found["run"].model, found["run"].task) == ("net", "tofu")
    assert {(row["item_id"], row["domain"]) for row in found["items"]} == {
        ("tofu/retain/0", "retain"), ("tofu/retain/1", "retain"), ("tofu/forget/0", "forget"),
        ("tofu/forget/1", "forget"), ("tofu/real authors/0", "real authors"),
    }  # fmt: skip
    assert not found["rejects"]


def test_scores_and_measures(tmp_path):
    found = read(write(tmp_path, eval_log=log()))
    assert [(row["score"], row["output"]) for row in found["outcomes"]] == [(1, "said 0"), (0.5, "said 1")]  # fmt: skip
    second = {
        row["measure"]: row["value"] for row in found["scores"] if row["variant_id"].endswith("1")
    }
    assert second == {"avg_gt_loss": 1.0, "average_perturb_loss": 1.5, "truth_ratio": 0.5,
                      "probability": pytest.approx(math.exp(-1))}  # fmt: skip
    assert found["measures"]["avg_gt_loss"]["higher_is_better"] is False
    assert json.loads(found["items"][0]["reference"]) == "true 0"


def test_templates_of_models_do_not_change_the_question(tmp_path):
    ours = read(write(tmp_path, "a", eval_log=log()))["items"]
    theirs = read(write(tmp_path, "b", eval_log=log(template="Question: {}\nAnswer: ")))["items"]
    assert ours == theirs
    assert ours[0]["input"] == "Who is 0?"


def test_without_rouge_the_probability_is_the_score(tmp_path):
    columns = {name: one for name, one in log().items() if name in ("avg_gt_loss", "truth_ratio")}
    found = read(write(tmp_path, eval_log=columns))
    assert [row["score"] for row in found["outcomes"]] == [1, pytest.approx(math.exp(-1))]


def test_a_checkpoint_is_the_revision(tmp_path):
    place = tmp_path / "net" / "checkpoint-60" / "eval_results-60" / "ds_size300"
    place.mkdir(parents=True)
    (place / "eval_log.json").write_text(json.dumps(log()))
    run = read(place)["run"]
    assert (run.model, run.revision) == ("net", "checkpoint-60")


def test_values_of_other_types_cost_themselves(tmp_path):
    columns = log(3, truth_ratio={"0": "much", "1": 0.5, "2": float("nan")}, rouge1_recall=7)
    columns["generated_text"] |= {"1": None, "2": ["only asked"]}
    columns["rougeL_recall"] |= {"0": [1], "2": None}
    columns["avg_gt_loss"]["0"] = -math.inf
    found = read(write(tmp_path, eval_log=columns))
    assert [row["status"] for row in found["outcomes"]] == ["unscored", "answered", "unscored"]
    said = {(row["line"], row["field"]) for row in found["rejects"]}
    assert ("rouge1_recall", "") in said
    for name in ("rougeL_recall", "truth_ratio", "avg_gt_loss"):
        assert ("question 1", name) in {(line, field.removeprefix("read.")) for line, field in said}
    ratios = [row["value"] for row in found["scores"] if row["measure"] == "truth_ratio"]
    assert ratios == [0.5]


def test_a_log_cut_off_is_named_and_the_others_are_read(tmp_path):
    place = write(tmp_path, eval_log=log(), eval_log_forget=log())
    half = (place / "eval_log.json").read_text()[:300]
    (place / "eval_log.json").write_text(half)
    found = read(place)
    assert [row["variant_id"] for row in found["outcomes"]] == ["tofu/forget/0", "tofu/forget/1"]
    assert "not readable as JSON" in found["rejects"][0]["reason"]


@pytest.mark.parametrize("name", ["notes.json", "a.csv.gz"])
def test_a_folder_with_anything_else_is_walked(tmp_path, name):
    place = write(tmp_path, eval_log=log())
    (place / name).write_text("{}")
    assert PIECE.sniff(place) == 0
    assert [one.path.name for one in walk([tmp_path]).sources if one.reader == "tofu"] == ["eval_log.json"]  # fmt: skip


@pytest.mark.skipif(not GENUINE.is_dir(), reason="needs ../shared/data")
def test_genuine_models_saw_the_same_questions():
    hashes = []
    for folder in sorted(GENUINE.glob("*/eval_results/ds_size300")):
        found = read(folder)
        assert (len(found["outcomes"]), len(found["rejects"])) == (817, 0)
        hashes.append({row["item_id"]: row["input"] for row in found["items"]})
    assert len(hashes) == 4
    assert all(one == hashes[0] for one in hashes)


@pytest.mark.parametrize(
    "asked", ["Who?", " [INST] Who? [/INST] ", "Question: Who?\nAnswer: ", "[INST] Who?"]
)
def test_a_question_stands_without_its_template(asked):
    assert tofu._question(asked) == "Who?"


def test_a_question_of_blanks_takes_no_time():
    assert tofu._question("x" + " " * (1 << 20) + "y").endswith("y")

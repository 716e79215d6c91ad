"""Every Eval Ever: aggregates are published values, samples are rows."""

import json

import pytest

from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers
from stresslab.store.contents import contents
from stresslab.store.workspace import Workspace

EEE = readers.get("every_eval_ever")


def result(score=0.5, name="demo", **more):
    config = {"metric_id": "accuracy", "lower_is_better": False, "score_type": "binary"}
    made = {
        "evaluation_name": name,
        "source_data": {"dataset_name": "demo-set", "source_type": "hf_dataset", "hf_repo": "org/demo"},
        "metric_config": config | more.pop("config", {}),
        "score_details": {
            "score": score,
            "uncertainty": {"standard_error": {"value": 0.1, "method": "bootstrap"}, "num_samples": 2},
        },
        "generation_config": {"generation_args": {"temperature": 0}},
    }  # fmt: skip
    return made | more


def aggregate(*results, **more):
    return {
        "schema_version": "0.3.0", "evaluation_id": "demo/org_a/1", "retrieved_timestamp": "1",
        "source_metadata": {"source_type": "evaluation_run", "source_organization_name": "x",
                            "evaluator_relationship": "other"},
        "eval_library": {"name": "inspect_ai", "version": "1.2"},
        "model_info": {"name": "a", "id": "org/a"},
        "evaluation_results": list(results), **more,
    }  # fmt: skip


def sample(one="q1", score=1.0, **more):
    made = {
        "schema_version": "0.3.0", "evaluation_id": "demo/org_a/1", "model_id": "org/a",
        "evaluation_name": "demo", "sample_id": one, "sample_hash": f"h{one}",
        "interaction_type": "single_turn", "input": {"raw": f"{one}?", "reference": ["4"]},
        "output": {"raw": ["four"]},
        "answer_attribution": [
            {"turn_idx": 0, "source": "output.raw", "extracted_value": "draft",
             "extraction_method": "regex", "is_terminal": False},
            {"turn_idx": 0, "source": "output.raw", "extracted_value": "4",
             "extraction_method": "regex", "is_terminal": True}],
        "evaluation": {"score": score, "is_correct": score == 1},
        "token_usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
        "performance": {"latency_ms": 250}, "metadata": {},
    }  # fmt: skip
    return made | more


def write(folder, about, lines=None, name="0f8fad5b"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    if about is not None:
        path.write_text(about if isinstance(about, str) else json.dumps(about), encoding="utf-8")
    if lines is not None:
        text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)
        (folder / f"{name}_samples.jsonl").write_text(text, encoding="utf-8")
    return path if about is not None else folder / f"{name}_samples.jsonl"


def read(path):
    tables = {"rejects": []}
    for batch in EEE.read(path, EEE.propose(path)):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
        if batch.run is not None:
            tables.setdefault("runs", {})[batch.run] = dict(batch.settings)
    return tables


def test_an_aggregate_and_its_samples_are_one_source(tmp_path):
    folder = tmp_path / "data" / "demo" / "org" / "a"
    path = write(folder, aggregate(result()), [sample()])
    write(folder, aggregate(result()), name="other")
    found = walk([tmp_path])
    assert [one.path.name for one in found.sources] == ["0f8fad5b.json", "other.json"]
    assert [one.name for one in found.sources[0].parts] == [path.name, "0f8fad5b_samples.jsonl"]


def test_a_sample_is_an_outcome(tmp_path):
    found = read(write(tmp_path, aggregate(result()), [sample(), sample("q2", 0.0)]))
    [(key, settings)] = found["runs"].items()
    assert (key.model, key.task) == ("org/a", "demo")
    assert (settings["tool"], settings["version"]) == ("inspect_ai", "1.2")
    row = found["outcomes"][0]
    assert (row["variant_id"], row["output"], row["answer"]) == ("org/demo/q1", "four", "4")
    assert (row["score"], row["correct"], row["latency_s"]) == (1.0, 1, 0.25)
    assert (row["tokens_in"], row["tokens_out"]) == (3, 2)
    item = found["items"][0]
    assert (item["item_set"], item["input"], json.loads(item["reference"])) == (
        "org/demo",
        "q1?",
        "4",
    )
    assert json.loads(item["attributes"])["sample_hash"] == "hq1"


def test_what_the_aggregate_says_is_published_with_its_error_and_n(tmp_path):
    found = read(write(tmp_path, aggregate(result()), [sample(), sample("q2", 0.0)]))
    assert found["published"] == [
        {"measure": "score", "slice": "", "value": 0.5, "stderr": 0.1, "n": 2}
    ]


def test_tier_and_domain_come_from_metadata(tmp_path):
    lines = [
        sample("q1", metadata={"subject": "math", "tier": "1"}),
        sample("q2", metadata={"subject": "art", "tier": "2"}),
    ]
    found = read(write(tmp_path, aggregate(result()), lines))
    assert [row["tier"] for row in found["variants"]] == [1, 2]
    assert [row["domain"] for row in found["items"]] == ["math", "art"]


def test_an_aggregate_alone_is_a_run_of_published_values(tmp_path):
    path = write(tmp_path / "in", aggregate(result(), result(0.25, "other")))
    found = read(path)
    assert {key.task: len(found["published"]) for key in found["runs"]} == {"demo": 2, "other": 2}
    workspace = Workspace.create(tmp_path / "w")
    list(import_logs(workspace, [path]))
    assert {run.task: run.n_outcomes for run in workspace.runs()} == {"demo": 0, "other": 0}
    assert workspace.verify() == []
    contents(workspace)


def test_samples_alone_are_read(tmp_path):
    found = read(write(tmp_path, None, [sample()]))
    assert found["outcomes"][0]["variant_id"] == "demo/q1"
    assert "published" not in found


def test_a_further_metric_of_the_same_samples_is_a_measure(tmp_path):
    about = aggregate(
        result(1.0, evaluation_result_id="acc"),
        result(
            0.5, evaluation_result_id="f1", config={"metric_name": "F1", "score_type": "levels"}
        ),
    )
    lines = [sample("q1", 1.0, evaluation_result_id="acc"), sample("q2", 1.0, evaluation_result_id="acc"),
             sample("q2", 0.75, evaluation_result_id="f1"), sample("q1", 0.25, evaluation_result_id="f1")]  # fmt: skip
    found = read(write(tmp_path, about, lines))
    assert [row["score"] for row in found["outcomes"]] == [1.0, 1.0]
    assert [(row["measure"], row["value"]) for row in found["scores"]] == [
        ("F1", 0.25),
        ("F1", 0.75),
    ]
    assert [row["measure"] for row in found["published"]] == ["score", "F1"]
    assert found["rejects"] == []


def test_partial_credit_is_neither_right_nor_wrong(tmp_path):
    line = sample("q1", 0.5, evaluation={"score": 0.5, "is_correct": False})
    row = read(write(tmp_path, aggregate(result()), [line]))["outcomes"][0]
    assert (row["score"], row["correct"]) == (0.5, None)


def test_an_error_leaves_the_denominator(tmp_path):
    row = read(write(tmp_path, aggregate(result()), [sample(error="timeout")]))["outcomes"][0]
    assert (row["status"], row["score"]) == ("errored", None)


def test_the_last_turn_of_a_conversation_is_the_output(tmp_path):
    messages = [
        {"turn_idx": 0, "role": "user", "content": "q"},
        {"turn_idx": 1, "role": "assistant", "content": "thinking"},
        {"turn_idx": 2, "role": "assistant", "content": "done"},
        {"turn_idx": 3, "role": "tool", "content": "x"},
    ]
    line = sample(interaction_type="multi_turn", output=None, messages=messages)
    assert read(write(tmp_path, None, [line]))["outcomes"][0]["output"] == "done"


def test_a_percentage_keeps_its_own_name(tmp_path):
    about = aggregate(result(50.0, config={"metric_unit": "percent", "max_score": 100}))
    found = read(write(tmp_path, about, [sample(), sample("q2", 0.0)]))
    assert [row["measure"] for row in found["published"]] == ["accuracy (percent)"]


def test_a_lower_score_that_is_better_is_turned_round(tmp_path):
    about = aggregate(result(0.5, config={"lower_is_better": True, "score_type": "continuous"}))
    assert read(write(tmp_path, about, [sample(score=0.25)]))["outcomes"][0]["score"] == -0.25


def test_duplicates_half_lines_and_nan_cost_only_themselves(tmp_path):
    lines = [
        sample(),
        sample(),
        json.dumps(sample("q2")).replace('"score": 1.0', '"score": NaN'),
        "[1]",
        json.dumps(sample("q3"))[:80],
    ]
    found = read(write(tmp_path, aggregate(result()), lines))
    assert [(row["variant_id"], row["status"]) for row in found["outcomes"]] == [
        ("org/demo/q1", "answered"),
        ("org/demo/q2", "unscored"),
    ]
    assert sorted(row["line"] for row in found["rejects"]) == ["line 2", "line 4", "line 5"]


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, [1], True, float("nan")])
@pytest.mark.parametrize(
    "name",
    ["input", "output", "evaluation", "metadata", "answer_attribution", "token_usage",
     "performance", "messages", "sample_hash", "evaluation_result_id", "error"],
)  # fmt: skip
def test_any_value_of_another_type_costs_itself(tmp_path, name, junk):
    found = read(write(tmp_path, aggregate(result()), [sample("q1", **{name: junk}), sample("q2")]))
    assert len(found["outcomes"]) == 2


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, [1], True, float("nan")])
@pytest.mark.parametrize("name", [*aggregate()])
def test_an_aggregate_of_other_types_still_gives_its_samples(tmp_path, name, junk):
    path = write(tmp_path, aggregate(result()) | {name: junk}, [sample()])
    assert len(read(path)["outcomes"]) == 1


def test_a_half_written_aggregate_still_gives_its_samples(tmp_path):
    path = write(tmp_path, json.dumps(aggregate(result()))[:-30], [sample()])
    found = read(path)
    assert len(found["outcomes"]) == 1
    assert found["rejects"][0]["line"] == path.name

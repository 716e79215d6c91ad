"""lm-evaluation-harness: three generations of files, filters, likelihoods, printed numbers."""

import json
import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from stresslab.errors import ReadError
from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import _blocks, readers
from stresslab.readers._lm_eval_files import opened
from stresslab.readers._lm_eval_filters import _parsed, _typed
from stresslab.readers._lm_eval_task import task_of
from stresslab.store.workspace import Workspace
from tests.readers import lm_eval_files as files

LM_EVAL = readers.get("lm_eval")
GENUINE = Path(__file__).parents[3] / "shared" / "logs" / "lm_eval"


def read(path, mapping=None):
    tables = {"rejects": [], "published": [], "scores": [], "runs": {}}
    for batch in LM_EVAL.read(path, mapping or LM_EVAL.propose(path)):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
        if batch.run is not None:
            run = tables["runs"].setdefault(batch.run.task, {"model": batch.run.model})
            run["revision"] = batch.run.revision
            run["settings"] = dict(batch.settings)
            run["measures"] = dict(batch.measures) or run.get("measures", {})
    return tables


def parity(tmp_path, *paths):
    workspace = Workspace.create(tmp_path / "workspace")
    *_, done = import_logs(workspace, list(paths))
    return done.report["parity"]


def scores(found, measure):
    return {row["variant_id"]: row["value"] for row in found["scores"] if row["measure"] == measure}


def sums(tmp_path, n=4):
    rows = [files.choice(one, right=one % 3) for one in range(n)]
    told = files.results({"sums": files.means(rows, "acc", "acc_norm")})
    return files.write(tmp_path / "org__tiny", {"sums": rows}, told)


def filtered(n=3):
    """Return all docs behind one filter, then all behind the other, as the harness does."""
    strict = [
        files.text(one, cut="[invalid]" if one == 1 else "4", score=float(one != 1), name="strict")
        for one in range(n)
    ]
    return strict + [files.text(one, name="flexible") for one in range(n)]


@pytest.mark.skipif(not GENUINE.is_dir(), reason="no genuine logs beside the repository")
@pytest.mark.parametrize("model", ["tiny-a", "tiny-b"])
def test_genuine_logs_give_what_they_print(tmp_path, model):
    rows = parity(tmp_path, GENUINE / model)
    assert {(row["task"], row["measure"]) for row in rows} == {
        ("arith_tiers_gen", "score"),
        ("arith_tiers_mc", "score"),
        ("arith_tiers_mc", "acc_norm"),
    }
    assert {row["verdict"] for row in rows} == {"equal"}
    assert max(abs(row["difference"]) for row in rows) <= 1e-9


@pytest.mark.skipif(not GENUINE.is_dir(), reason="no genuine logs beside the repository")
def test_genuine_answers_are_those_the_harness_graded():
    path = next((GENUINE / "tiny-a").glob("samples_arith_tiers_mc*"))
    found = read(path)
    items = {row["item_id"]: row for row in found["items"]}
    of = {row["variant_id"]: row["item_id"] for row in found["variants"]}
    normal = {
        row["variant_id"]: row["explanation"]
        for row in found["scores"]
        if row["measure"] == "confidence_norm"
    }
    for row in found["outcomes"]:
        right = json.loads(items[of[row["variant_id"]]]["reference"])
        assert row["correct"] == (row["answer"] == right)
        assert scores(found, "acc_norm")[row["variant_id"]] == (normal[row["variant_id"]] == right)
        assert sum(row["probs"]) == pytest.approx(1, abs=1e-6)
    assert {row["perturbation"] for row in found["variants"]} == {None, "typo", "distractor"}
    assert len(items) == 20


def test_results_and_samples_of_one_date_are_one_source(tmp_path):
    main = sums(tmp_path)
    files.write(main.parent, {"sums": [files.choice(0)]}, date="2026-02-01T00-00-00.000001")
    found = walk([tmp_path]).sources
    assert [one.path.name for one in found] == [
        main.name, "samples_sums_2026-02-01T00-00-00.000001.jsonl",
    ]  # fmt: skip
    assert [one.name for one in found[0].parts] == [main.name, f"samples_sums_{files.DATE}.jsonl"]


def test_task_names_with_underscores_are_kept_whole(tmp_path):
    path = files.write(tmp_path, {"math_hard_full": [files.choice(0)]})
    assert list(read(path)["runs"]) == ["math_hard_full"]


def test_samples_alone_are_read_with_the_model_of_the_folder(tmp_path):
    path = files.write(tmp_path / "org__tiny", {"sums": [files.choice(0)]})
    found = read(path)
    assert found["runs"]["sums"]["model"] == "org/tiny"
    assert found["items"][0]["item_set"] == "sums"


@pytest.mark.parametrize(
    ("model_args", "name", "revision"),
    [
        ("pretrained=org/tiny,dtype=float", "org/tiny", None),
        ({"pretrained": "org/tiny", "revision": "step1000"}, "org/tiny", "step1000"),
        ({"pretrained": "./runs/tiny-a"}, "tiny-a", None),
        ({"pretrained": "org/tiny", "peft": "org/adapter"}, "org/tiny+org/adapter", None),
        ({"model": "gpt-x"}, "gpt-x", None),
    ],
)
def test_the_model_is_the_one_in_the_arguments(tmp_path, model_args, name, revision):
    rows = [files.choice(0)]
    told = files.results({"sums": files.means(rows, "acc")}, model_args=model_args)
    run = read(files.write(tmp_path / "x", {"sums": rows}, told))["runs"]["sums"]
    assert (run["model"], run["revision"]) == (name, revision)


def test_likelihoods_become_probabilities_confidence_and_answer(tmp_path):
    found = read(files.write(tmp_path, {"sums": [files.choice(7)]}))
    row = found["outcomes"][0]
    weights = [math.exp(-4.0), math.exp(-1.0), math.exp(-3.0)]
    assert row["probs"] == pytest.approx([one / sum(weights) for one in weights], abs=1e-7)
    assert row["confidence"] == pytest.approx(weights[1] / sum(weights), abs=1e-12)
    assert (row["answer"], row["correct"]) == ("four", 1)
    normal = [math.exp(-4.0), math.exp(-1.0 / 4), math.exp(-3.0)]
    assert scores(found, "confidence_norm")["sums/7"] == pytest.approx(max(normal) / sum(normal))
    item = found["items"][0]
    assert (item["input"], json.loads(item["choices"])) == (
        "What is 7 and 7?",
        ["3", "four", "5"],
    )
    assert json.loads(item["reference"]) == "four"


def test_accuracies_with_and_without_length_are_measures(tmp_path):
    rows = [files.choice(0, right=0, likes=(-2.0, -3.0, -4.0))]
    found = read(files.write(tmp_path, {"sums": rows}))
    assert scores(found, "acc") == {"sums/0": 1.0}
    assert scores(found, "acc_norm") == {"sums/0": 0.0}
    assert found["outcomes"][0]["score"] == 1.0


def test_a_target_may_be_a_place_or_one_of_the_texts(tmp_path):
    answers, likes = ("1", "2", "3"), (-3.0, -1.0, -2.0)
    rows = [
        files.choice(0, right=1, likes=likes, answers=answers),  # place 1, the text "2"
        files.choice(1, likes=likes, answers=answers) | {"target": "2", "acc": 1.0},
        files.choice(2, likes=likes, answers=answers) | {"target": "2", "acc": 0.0},
        files.choice(3) | {"target": "5"},
        files.choice(4) | {"target": "[0, 2]"},
    ]
    found = read(files.write(tmp_path, {"sums": rows}))
    said = [json.loads(row["reference"]) for row in found["items"]]
    assert said == ["2", "2", "3", "5", ["3", "5"]]


def test_requests_without_a_prompt_are_no_choices(tmp_path):
    row = files.choice(0)
    row["arguments"] |= {
        f"gen_args_{place + 3}": {"arg_0": "", "arg_1": f" {one}"}
        for place, one in enumerate("abc")
    }
    row["filtered_resps"] += [["-9.0", "False"]] * 3
    found = read(files.write(tmp_path, {"sums": [row]}))
    assert len(found["outcomes"][0]["probs"]) == 3


def test_choices_that_stand_in_the_prompts_are_found(tmp_path):
    row = files.choice(0, right=0, likes=(-1.0, -2.0), answers=("a", "b"))
    row["doc"] = {"sentence": "Sarah beat Mary because _ was strong."}
    row["arguments"] = {
        f"gen_args_{place}": {"arg_0": f"Sarah beat Mary because {name}", "arg_1": " was strong."}
        for place, name in enumerate(("Sarah", "Mary"))
    }
    found = read(files.write(tmp_path, {"who": [row]}))
    assert json.loads(found["items"][0]["choices"]) == ["Sarah", "Mary"]
    assert found["outcomes"][0]["answer"] == "Sarah"


def test_lines_of_other_filters_become_measures_and_no_rows(tmp_path):
    found = read(files.write(tmp_path, {"sums": filtered()}))
    assert len(found["outcomes"]) == 3
    assert [row["score"] for row in found["outcomes"]] == [1.0, 0.0, 1.0]
    assert found["outcomes"][1]["answer"] == "[invalid]"
    assert list(scores(found, "exact_match@strict").values()) == [1.0, 0.0, 1.0]
    assert list(scores(found, "exact_match@flexible").values()) == [1.0, 1.0, 1.0]


def test_filters_of_shuffled_lines_find_their_docs(tmp_path):
    rows = filtered()
    mixed = [rows[one] for one in (2, 4, 0, 5, 3, 1)]
    found = read(files.write(tmp_path, {"sums": mixed}))
    assert scores(found, "exact_match@strict") == {"sums/2": 1.0, "sums/0": 1.0, "sums/1": 0.0}
    assert set(scores(found, "exact_match@flexible").values()) == {1.0}


def test_a_doc_that_lost_its_first_line_keeps_the_others(tmp_path):
    found = read(files.write(tmp_path, {"sums": filtered()[1:]}))
    assert [(row["status"], row["score"]) for row in found["outcomes"]] == [
        ("answered", 0.0), ("answered", 1.0), ("unscored", None),
    ]  # fmt: skip
    assert scores(found, "exact_match@flexible")["sums/0"] == 1.0


def test_a_repeated_line_of_another_filter_is_listed(tmp_path):
    rows = filtered()
    found = read(files.write(tmp_path, {"sums": [*rows, rows[-1]]}))
    assert [row["line"] for row in found["rejects"]] == ["line 7"]
    assert "repeats an earlier line of doc 2" in found["rejects"][0]["reason"]


def test_numbers_of_filters_are_the_same_read_at_once_and_line_by_line(tmp_path):
    path = files.write(tmp_path, {"sums": filtered(7)})
    task, _ = task_of(opened(path), "sums")
    for quick, slow in zip(_typed(path, task), _parsed(path, task), strict=True):
        np.testing.assert_array_equal(quick, slow)
    path.write_text(path.read_text() + '{"doc_id": 1, "filt')
    with pytest.raises(ReadError):
        _typed(path, task)
    assert len(_parsed(path, task)[0]) == 14


def test_filters_are_named_by_the_results_where_lines_do_not(tmp_path):
    rows = [files.without(row, "filter", "metrics") for row in filtered()]
    said = {"exact_match,strict": 2 / 3, "exact_match,flexible": 1.0}
    listed = [{"name": "strict", "filter": []}, {"name": "flexible", "filter": []}]
    settings = files.config("sums", ("exact_match",), filter_list=listed)
    told = files.results({"sums": said}, {"sums": settings})
    path = files.write(tmp_path, {"sums": rows}, told)
    found = read(path)
    assert scores(found, "exact_match@strict") == {"org/sums/test/0": 1.0, "org/sums/test/1": 0.0,
                                                   "org/sums/test/2": 1.0}  # fmt: skip
    printed = {row["measure"]: row["value"] for row in found["published"]}
    assert printed == {"score": 2 / 3, "exact_match@flexible": 1.0}
    assert {row["verdict"] for row in parity(tmp_path, path)} == {"equal"}


def test_the_oldest_files_are_one_indented_array(tmp_path):
    rows = [files.old(files.choice(one)) for one in range(3)]
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "pretrained__org__tiny-1b,dtype__float_sums_easy.jsonl"
    path.write_text(json.dumps(rows, indent=4), encoding="utf-8")
    found = read(path)
    assert found["runs"]["sums_easy"]["model"] == "org/tiny-1b"
    assert len(found["outcomes"]) == 3
    assert found["outcomes"][0]["answer"] == "four"
    told = files.results({"sums_easy": files.means(rows, "acc", "acc_norm")})
    (folder / "results.json").write_text(json.dumps(told), encoding="utf-8")
    sources = walk([folder]).sources
    assert [one.path.name for one in sources] == ["results.json"]
    assert {row["verdict"] for row in parity(tmp_path, folder)} == {"equal"}


def test_the_middle_versions_have_hashes_and_no_filter(tmp_path):
    rows = [files.without(files.choice(one), "filter", "metrics") for one in range(3)]
    found = read(files.write(tmp_path, {"sums": rows}))
    assert len(found["outcomes"]) == 3
    assert set(found["runs"]["sums"]["measures"]) == {"score", "acc", "acc_norm", "confidence_norm"}


def test_samples_as_uploaded_to_a_tracker_are_read(tmp_path):
    path = tmp_path / "sums_eval_samples.json"
    path.write_text(json.dumps([files.old(files.choice(0))]), encoding="utf-8")
    assert LM_EVAL.sniff(path) == 0.9
    assert list(read(path)["runs"]) == ["sums"]


def test_written_answers_keep_text_and_cut(tmp_path):
    found = read(files.write(tmp_path, {"sums": [files.text(5)]}))
    row = found["outcomes"][0]
    assert (row["output"], row["answer"], row["score"]) == ("The answer is 4.", "4", 1.0)
    item = found["items"][0]
    assert item["input"] == "How much is 5 and four?"  # without the example before it
    assert json.loads(item["messages"])[0]["content"].startswith("Q: One?")
    assert found["runs"]["sums"]["measures"] == {"score": {"rate": True, "low": 0.0, "high": 1.0}}


def test_answers_asked_for_several_times_are_kept_as_a_list(tmp_path):
    rows = [files.text(0, resps=[["4", "5"]], cut="4")]
    assert json.loads(read(files.write(tmp_path, {"sums": rows}))["outcomes"][0]["output"]) == [
        "4", "5",
    ]  # fmt: skip


def test_a_likelihood_of_one_text_is_no_choice(tmp_path):
    row = files.choice(0)
    row |= {
        "arguments": {"gen_args_0": row["arguments"]["gen_args_0"]},
        "resps": [[["-2.5", "False"]]], "filtered_resps": [["-2.5", "False"]],
        "metrics": ["perplexity", "acc"], "perplexity": -2.5, "target": " 3",
    }  # fmt: skip
    settings = files.config("lambada", ("perplexity", "acc"))
    settings["metric_list"][0] |= {"aggregation": "perplexity", "higher_is_better": False}
    told = files.results(
        {"lambada": {"perplexity,none": 12.18, "acc,none": row["acc"]}}, {"lambada": settings}
    )
    path = files.write(tmp_path, {"lambada": [files.without(row, "acc_norm")]}, told)
    found = read(path)
    assert found["outcomes"][0]["probs"] is None
    assert scores(found, "loglikelihood") == {"org/sums/test/0": -2.5}
    assert {row["verdict"] for row in parity(tmp_path, path)} == {"equal", "not recomputed"}


def test_perplexity_rows_are_likelihoods_by_word_and_byte(tmp_path):
    rows = [files.rolling(0), files.rolling(1, -30.0, 5, 60)]
    settings = files.config("pages", ("word_perplexity", "byte_perplexity", "bits_per_byte"))
    for one in settings["metric_list"]:
        one |= {"aggregation": "weighted_perplexity", "higher_is_better": False}
    told = files.results(
        {"pages": {"word_perplexity,none": 258.4, "bits_per_byte,none": 0.72}}, {"pages": settings}
    )
    path = files.write(tmp_path, {"pages": rows}, told)
    found = read(path)
    assert [row["score"] for row in found["outcomes"]] == [-5.0, -6.0]
    assert scores(found, "loglikelihood_per_byte")["org/sums/test/0"] == -0.5
    assert "higher_is_better" not in found["runs"]["pages"]["measures"]["loglikelihood"]
    assert {row["verdict"] for row in parity(tmp_path, path)} == {"not recomputed"}


def test_a_measure_of_which_less_is_better_says_so_and_keeps_its_value(tmp_path):
    rows = [
        files.choice(one)
        | {"metrics": ["acc", "brier_score"], "brier_score": [1, [0.0, 0.75, 0.25]]}
        for one in range(3)
    ]
    rows = [files.without(row, "acc_norm") for row in rows]
    told = files.results(
        {"sums": {"acc,none": 1.0, "brier_score,none": 0.125}},
        {"sums": files.config("sums", ("acc", "brier_score"))},
        higher_is_better={"sums": {"acc": True, "brier_score": False}},
    )
    path = files.write(tmp_path, {"sums": rows}, told)
    found = read(path)
    assert set(scores(found, "brier_score").values()) == {0.125}
    assert found["runs"]["sums"]["measures"]["brier_score"] == {"higher_is_better": False}
    assert {row["verdict"] for row in parity(tmp_path, path)} == {"equal"}


def test_a_score_of_which_less_is_better_is_turned_round(tmp_path):
    rows = [files.text(one) | {"metrics": ["ter"], "ter": 0.25 + one} for one in range(2)]
    settings = files.config("sums", ("ter",))
    settings["metric_list"][0]["higher_is_better"] = False
    told = files.results({"sums": {"ter,none": 0.75}}, {"sums": settings})
    path = files.write(
        tmp_path, {"sums": [files.without(row, "exact_match") for row in rows]}, told
    )
    assert [row["score"] for row in read(path)["outcomes"]] == [-0.25, -1.25]
    assert [row["explanation"] for row in parity(tmp_path, path)] == ["smaller-is-better"]


def test_pairs_of_truth_and_answer_say_whether_they_match(tmp_path):
    rows = [
        files.without(files.choice(one) | {"metrics": ["mcc"], "mcc": [1, one]}, "acc", "acc_norm")
        for one in range(2)
    ]
    settings = files.config("cola", ("mcc",))
    settings["metric_list"][0]["aggregation"] = "matthews_corrcoef"
    told = files.results({"cola": {"mcc,none": 0.0}}, {"cola": settings})
    path = files.write(tmp_path, {"cola": rows}, told)
    assert [row["score"] for row in read(path)["outcomes"]] == [0.0, 1.0]
    assert [row["verdict"] for row in parity(tmp_path, path)] == ["not recomputed"]


def test_printed_numbers_have_error_and_count_and_groups_a_name_of_their_own(tmp_path):
    rows = [files.choice(0)]
    told = files.results(
        {
            "all": {"acc,none": 1.0, "acc_stderr,none": "N/A"},
            "sums": {"acc,none": 1.0, "acc_stderr,none": 0.25, "acc_norm,none": 1.0,
                     "acc_norm_stderr,none": "N/A"},
        },
        {"sums": files.config("sums")},
        groups={"all": {"acc,none": 1.0, "acc_stderr,none": "N/A", "sample_count": 4}},
        group_subtasks={"all": ["sums", "more"], "more": []},
    )  # fmt: skip
    told["n-samples"] = {"sums": {"original": 9, "effective": 1}}
    found = read(files.write(tmp_path, {"sums": rows}, told))
    assert found["published"] == [
        {"measure": "score", "slice": "", "value": 1.0, "stderr": 0.25, "n": 1},
        {"measure": "acc_norm", "slice": "", "value": 1.0, "stderr": None, "n": 1},
        {"measure": "acc (group all)", "slice": "", "value": 1.0, "stderr": None, "n": 4},
    ]
    assert list(found["runs"]) == ["sums"]


def test_results_without_samples_are_published_numbers(tmp_path):
    main = files.write(tmp_path, {}, files.results({"sums": {"acc,none": 0.5}}))
    found = read(main)
    assert [(row["measure"], row["value"]) for row in found["published"]] == [("acc", 0.5)]
    assert {row["verdict"] for row in parity(tmp_path, main)} == {"not recomputed"}


def test_settings_name_versions_prompts_and_limits(tmp_path):
    main = sums(tmp_path)
    kept = read(main)["runs"]["sums"]["settings"]
    assert kept["lm_eval_version"] == "0.4.8"
    assert kept["model_args"] == "pretrained=org/tiny,dtype=float"
    assert (kept["n_shot"], kept["dataset_path"], kept["task_version"]) == (0, "org/sums", 1.0)
    other = files.results({"sums": {}}, {"sums": files.config("sums", doc_to_text="Q: {{q}}")})
    path = files.write(tmp_path / "b", {"sums": [files.choice(0)]}, other)
    assert read(path)["runs"]["sums"]["settings"]["prompt_hash"] != kept["prompt_hash"]


@pytest.mark.parametrize(
    ("more", "item_set"),
    [
        ({}, "org/sums/test"),
        ({"dataset_name": "hard"}, "org/sums/hard/test"),
        ({"process_docs": "def process_docs(docs): ..."}, "sums"),
        ({"dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "a/b.jsonl"}}}, "b"),
        ({"dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "test.json"}}}, "sums"),
    ],
)
def test_items_are_named_by_their_dataset(tmp_path, more, item_set):
    told = files.results({"sums": {}}, {"sums": files.config("sums", **more)})
    found = read(files.write(tmp_path, {"sums": [files.choice(0)]}, told))
    assert found["items"][0]["item_set"] == item_set


def test_few_shot_examples_do_not_change_what_an_item_is(tmp_path):
    bare, shown = files.choice(0), files.choice(0)
    for one in shown["arguments"].values():
        one["arg_0"] = f"Question: What is 9 and 9?\nAnswer: four\n\n{one['arg_0']}"
    one, other = (
        read(files.write(tmp_path / name, {"sums": [row]}))["items"][0]
        for name, row in (("a", bare), ("b", shown))
    )
    assert one["content_hash"] == other["content_hash"] is not None


def test_several_fields_of_a_doc_make_the_input(tmp_path):
    row = files.choice(0)
    row["doc"] = {
        "premise": "It rains in the city.",
        "gold": "wet roads",
        "hypothesis": "Roads are wet.",
    }
    for one in row["arguments"].values():
        one["arg_0"] = f"{row['doc']['premise']}\nTrue? {row['doc']['hypothesis']}\nAnswer:"
    found = read(files.write(tmp_path, {"nli": [row]}))
    assert found["items"][0]["input"] == "It rains in the city.\nRoads are wet."


def test_tasks_named_after_a_kind_of_change_become_one(tmp_path):
    plain = [files.choice(one) for one in range(2)]
    changed = [files.choice(one, right=0) for one in range(2)]
    tasks = {"math_full": plain, "math_perturbed_full": changed}
    told = files.results(
        {name: files.means(rows, "acc") for name, rows in tasks.items()},
        {name: files.config(name) for name in tasks},
    )
    path = files.write(tmp_path / "m", tasks, told)
    found = read(path)
    assert list(found["runs"]) == ["math_full"]
    assert {row["perturbation"] for row in found["variants"]} == {None, "perturbed"}
    assert [row["slice"] for row in found["published"]] == [
        "tier = 0",
        'perturbation = "perturbed" and tier = 1',
    ]
    assert {row["verdict"] for row in parity(tmp_path, path)} == {"equal"}


def test_models_pair_on_the_doc(tmp_path):
    paths = []
    for model in ("a", "b"):
        told = files.results({"sums": {}}, model_args=f"pretrained=org/{model}")
        rows = [files.choice(one) for one in range(3 if model == "a" else 2)]
        paths.append(files.write(tmp_path / model, {"sums": rows[::-1]}, told))
    workspace = Workspace.create(tmp_path / "w")
    *_, done = import_logs(workspace, paths)
    pairing = done.report["pairing"][0]
    assert (pairing["n_models"], pairing["n_items"], pairing["n_common"]) == (2, 3, 2)
    assert pairing["unmatched"]["ids"] == ["org/sums/test/2"]
    assert pairing["edited"]["n"] == pairing["possible_matches"]["n"] == 0


def broken(tmp_path, *lines):
    path = tmp_path / "org__tiny" / f"samples_sums_{files.DATE}.jsonl"
    path.parent.mkdir()
    path.write_bytes(b"".join(lines))
    return path


def line(row):
    return json.dumps(row).encode() + b"\n"


def test_a_broken_and_a_half_written_line_cost_only_themselves(tmp_path):
    whole = [line(files.choice(one)) for one in range(4)]
    path = broken(
        tmp_path, whole[0], b"{'no': json}\n", whole[1], b"[1, 2]\n", b"\n", whole[3][:90]
    )
    found = read(path)
    assert len(found["outcomes"]) == 2
    assert [row["line"] for row in found["rejects"]] == ["line 2", "line 4", "line 6"]
    assert "cut off" in found["rejects"][2]["reason"]
    assert found["rejects"][2]["file"] == path.name


@pytest.mark.parametrize("place", [0, 5, 19])
def test_a_damaged_name_of_a_filter_costs_its_line_and_no_name_of_a_measure(tmp_path, place):
    rows = [files.choice(one) for one in range(20)]
    told = files.results({"sums": files.means(rows, "acc")})
    whole = read(files.write(tmp_path / "a", {"sums": rows}, told))
    rows[place]["filter"] = "nome"
    found = read(files.write(tmp_path / "b", {"sums": rows}, told))
    assert found["published"] == whole["published"]
    assert found["scores"] == [
        row for row in whole["scores"] if row["variant_id"].rpartition("/")[2] != str(place)
    ]
    assert [row["line"] for row in found["rejects"]] == [f"line {place + 1}"]


def test_an_array_that_has_no_end_keeps_what_is_whole(tmp_path):
    rows = json.dumps([files.old(files.choice(one)) for one in range(3)], indent=1)
    found = read(broken(tmp_path, rows[:-200].encode()))
    assert len(found["outcomes"]) == 2
    assert len(found["rejects"]) >= 1


def test_nan_is_not_scored_and_no_zero(tmp_path):
    path = broken(tmp_path, line(files.choice(0) | {"acc": math.nan}), line(files.choice(1)))
    found = read(path)
    assert [(row["status"], row["score"]) for row in found["outcomes"]] == [
        ("unscored", None), ("answered", 1.0),
    ]  # fmt: skip
    odd = files.choice(0)
    odd["filtered_resps"] = [["-inf", "False"]] * 3
    found = read(files.write(tmp_path / "inf", {"sums": [odd]}))
    assert found["outcomes"][0]["probs"] is None


def test_wrong_bytes_are_kept_and_noted(tmp_path):
    whole = line(files.text(0, output="caf\xe9 4", cut="4"))
    path = broken(tmp_path, whole.replace(b"\\u00e9", b"\xe9"), line(files.text(1, cut="a\x00b")))
    found = read(path)
    assert [row["output"] for row in found["outcomes"]] == ["caf� 4", "The answer is 4."]
    assert found["outcomes"][1]["answer"] == "a�b"
    assert {row["field"] for row in found["rejects"]} == {"resps", "filtered_resps"}


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_deep_nesting_costs_a_field_or_the_line(tmp_path, depth):
    deep = b"[" * depth + b"]" * depth
    whole = line(files.choice(0))
    path = broken(tmp_path, whole.replace(b'"key": 1', b'"key": ' + deep), line(files.choice(1)))
    found = read(path)
    assert "sums/1" in {row["variant_id"] for row in found["outcomes"]}
    assert any("nested too deeply" in row["reason"] for row in found["rejects"])


def test_docs_of_any_type_do_no_harm(tmp_path):
    rows = [
        files.choice(0),
        files.choice(1) | {"doc": None, "arguments": 7, "filtered_resps": "x", "metrics": "acc"},
        {"doc_id": "seven", "doc": [], "filter": 3, "acc": "N/A", "target": None},
        {"doc": {}},
    ]
    found = read(files.write(tmp_path, {"sums": rows}))
    assert len(found["outcomes"]) == 3
    assert found["rejects"][0]["line"] == "line 4"


def test_an_empty_file_is_refused_by_name(tmp_path):
    path = broken(tmp_path, b"")
    assert LM_EVAL.sniff(path) == 0.5
    assert "outcomes" not in read(path)
    main = tmp_path / f"results_{files.DATE}.json"
    main.write_bytes(b"")
    with pytest.raises(ReadError, match="nothing of it can be read"):
        LM_EVAL.propose(main)


def test_a_doc_told_twice_is_listed(tmp_path):
    row = files.choice(0)
    found = read(files.write(tmp_path, {"sums": [row, files.choice(1), row]}))
    assert len(found["outcomes"]) == 2
    assert "repeats line 1" in found["rejects"][0]["reason"]


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK", 1 << 17)
    peaks = []
    for n in (500, 2_000):
        path = files.write(tmp_path / str(n), {"sums": [files.choice(one) for one in range(n)]})
        mapping = LM_EVAL.propose(path)
        tracemalloc.start()
        rows = sum(
            batch.rows.num_rows
            for batch in LM_EVAL.read(path, mapping)
            if batch.table == "outcomes"
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows == n
    assert peaks[1] < 1.5 * peaks[0]

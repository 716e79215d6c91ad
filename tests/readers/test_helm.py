"""HELM run folders: copies are variants, statistics are measures, aggregates are slices."""

import json
import random
import tracemalloc

import pytest

from stresslab.errors import ReadError
from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers
from stresslab.store.contents import resolve
from stresslab.store.query import cells
from stresslab.store.workspace import Workspace
from tests.readers import helm_files as helm

HELM = readers.get("helm")


def read(folder):
    tables = {"rejects": []}
    for batch in HELM.read(folder, HELM.propose(folder)):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
        if batch.run is not None:
            tables["run"] = batch.run
            tables["settings"] = dict(batch.settings)
            tables["measures"] = dict(batch.measures) or tables.get("measures", {})
    return tables


def outcomes(found):
    return {row["variant_id"]: row for row in found["outcomes"]}


def test_a_run_folder_is_one_source_and_a_suite_is_walked(tmp_path):
    helm.joint(tmp_path)
    helm.joint(tmp_path, model="org_b")
    (tmp_path / "runs.json").write_text("[]")
    found = walk([tmp_path])
    assert [one.reader for one in found.sources] == ["helm", "helm"]
    assert [one.name for one in found.unclaimed] == ["runs.json"]
    assert {one.name for one in found.sources[0].parts} == {
        "run_spec.json", "scenario.json", "scenario_state.json", "stats.json",
        "per_instance_stats.json",
    }  # fmt: skip


def test_the_task_is_the_run_without_its_model(tmp_path):
    found = read(helm.joint(tmp_path))
    assert (found["run"].model, found["run"].task) == (
        "org/a",
        "mmlu:subject=algebra,method=multiple_choice_joint",
    )
    assert found["items"][0]["item_id"] == "mmlu:subject=algebra/id1"
    assert found["items"][0]["domain"] == "algebra"


def test_copies_are_variants_with_tiers_by_strength_within_a_kind(tmp_path):
    found = read(helm.joint(tmp_path, right=(1,)))
    kinds = [
        (row["perturbation"], row["tier"], row["strength"], row["unit"], row["input"])
        for row in found["variants"]
    ]
    assert kinds == [
        (None, 0, None, None, None),
        ("typos", 1, 0.1, "probability", "WHAT IS 1+1?0"),
        ("typos", 2, 0.3, "probability", "WHAT IS 1+1?1"),
        ("dialect SAE>AAVE", 1, 1.0, "probability", "WHAT IS 1+1?2"),
    ]
    assert len(found["items"]) == 1
    assert found["items"][0]["input"] == "What is 1+1?"


def test_a_kind_of_one_strength_stands_at_tier_one(tmp_path):
    found = read(helm.joint(tmp_path, kinds=(helm.typos(0.4),)))
    assert {row["tier"] for row in found["variants"]} == {0, 1}
    assert "tier" not in HELM.propose(next(tmp_path.iterdir())).sources


def test_other_models_of_the_suite_have_a_say_in_the_tiers(tmp_path):
    small = helm.joint(tmp_path, kinds=(helm.typos(0.3),))
    helm.joint(tmp_path, model="org_b", kinds=(helm.typos(0.1), helm.typos(0.3)))
    assert {row["tier"] for row in read(small)["variants"]} == {0, 2}


def test_an_outcome_has_answer_confidence_and_tokens(tmp_path):
    found = read(helm.joint(tmp_path))
    row = outcomes(found)["mmlu:subject=algebra/id1"]
    assert (row["output"], row["answer"], row["score"], row["correct"]) == (" A", "4", 1.0, 1)
    assert (row["confidence"], row["tokens_in"], row["tokens_out"]) == (0.75, 12, 1)
    assert row["latency_s"] == 0.25
    item = found["items"][0]
    assert (json.loads(item["reference"]), json.loads(item["choices"])) == ("4", ["4", "5"])


def test_statistics_are_measures_and_bookkeeping_is_not(tmp_path):
    found = read(helm.joint(tmp_path))
    assert {row["measure"] for row in found["scores"]} == {"f1_score"}
    assert found["measures"]["score"]["rate"]


def test_the_first_declared_metric_is_the_score(tmp_path):
    run = helm.joint(tmp_path)
    spec = json.loads((run / "run_spec.json").read_text())
    spec["metric_specs"][0]["args"]["names"] = ["f1_score", "exact_match"]
    (run / "run_spec.json").write_text(json.dumps(spec))
    assert HELM.propose(run).sources["score"].fields == ("stats.f1_score",)
    assert [row["score"] for row in read(run)["outcomes"]][:1] == [1.0]
    assert read(run)["outcomes"][0]["correct"] is None


def test_published_values_have_slices_where_ours_can_say_them(tmp_path):
    found = read(helm.joint(tmp_path))
    said = {(row["measure"], row["slice"]): (row["value"], row["n"]) for row in found["published"]}
    assert said == {
        ("score", "tier = 0"): (2 / 3, 3),
        ("ece_10_bin (test)", ""): (0.125, 3),
        ("score", 'perturbation = "typos" and tier = 1'): (2 / 3, 3),
        ("score", 'perturbation = "typos" and tier = 2'): (0.0, 3),
        ("score", 'perturbation = "dialect SAE>AAVE" and tier = 1'): (2 / 3, 3),
        ("score", 'perturbation = "dialect SAE>AAVE" and tier = 0'): (2 / 3, None),
        ("exact_match (original typos @ 0.1 test)", ""): (2 / 3, None),
        ("exact_match (original typos @ 0.3 test)", ""): (2 / 3, None),
        ("exact_match (worst typos @ 0.1 test)", ""): (0.25, None),
        ("exact_match (worst typos @ 0.3 test)", ""): (0.25, None),
        ("exact_match (worst dialect SAE>AAVE @ 1 test)", ""): (0.25, None),
        ("exact_match (worst robustness test)", ""): (0.2, None),
    }


def test_what_a_slice_says_is_what_helm_published(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    list(import_logs(workspace, [helm.joint(tmp_path / "suite")]))
    published = [
        row for row in read(next((tmp_path / "suite").iterdir()))["published"]
        if row["measure"] == "score"
    ]  # fmt: skip
    assert len(published) == 5
    for row in published:
        table = cells(workspace, resolve(workspace, where=row["slice"]))
        assert table["total"].iloc[0] / table["n"].iloc[0] == pytest.approx(row["value"], abs=1e-9)


def test_a_run_without_copies_publishes_over_all_rows(tmp_path):
    found = read(helm.joint(tmp_path, kinds=()))
    assert ("score", "") in {(row["measure"], row["slice"]) for row in found["published"]}


def test_seeds_are_part_of_the_variant_and_of_the_slice(tmp_path):
    found = read(helm.joint(tmp_path, kinds=(helm.typos(0.1, 0), helm.typos(0.1, 1))))
    assert "mmlu:subject=algebra/id1#typos:1:1" in outcomes(found)
    slices = {row["slice"] for row in found["published"]}
    assert 'perturbation = "typos" and tier = 1 and variant.seed = 1' in slices


def test_two_kinds_of_one_name_are_two_perturbations(tmp_path):
    gender = {"name": "gender", "fairness": True, "prob": 1.0, "mode": "terms"}
    found = read(helm.joint(tmp_path, kinds=(gender, gender | {"mode": "pronouns"})))
    assert {row["perturbation"] for row in found["variants"]} == {
        None,
        "gender terms",
        "gender pronouns",
    }


@pytest.mark.parametrize(
    ("calibrated", "told", "answer"), [(False, False, "5"), (True, False, "4"), (False, True, "4")]
)
def test_one_request_per_reference_makes_one_outcome(tmp_path, calibrated, told, answer):
    found = read(helm.separate(tmp_path, calibrated, told))
    assert [(row["answer"], row["score"]) for row in found["outcomes"]] == [(answer, 1.0)]
    assert found["settings"]["calibration_requests_dropped"] == (2 if calibrated else 0)


def test_train_trials_are_trials(tmp_path):
    one = helm.instance("id1", "2+2?")
    run = helm.write(
        tmp_path / "gsm:model=m",
        run_spec=helm.spec("gsm:model=m"),
        states=[helm.request(one, "4", trial) for trial in (0, 1)],
        each=[helm.entry("id1", {"exact_match": trial}, trial=trial) for trial in (0, 1)],
    )
    assert [(row["trial"], row["score"]) for row in read(run)["outcomes"]] == [(0, 0.0), (1, 1.0)]


def test_shuffled_files_give_the_same_outcomes(tmp_path):
    run = helm.joint(tmp_path)
    before = outcomes(read(run))
    for name in ("per_instance_stats.json", "scenario_state.json"):
        content = json.loads((run / name).read_text())
        random.Random(4).shuffle(
            content if isinstance(content, list) else content["request_states"]
        )
        (run / name).write_text(json.dumps(content))
    assert outcomes(read(run)) == before
    assert read(run)["items"][0]["content_hash"]


@pytest.mark.parametrize("missing", [*helm.FILES])
def test_a_run_without_one_of_its_files_gives_the_rest(tmp_path, missing):
    run = helm.joint(tmp_path)
    (run / missing).unlink()
    assert HELM.sniff(run) == 0.9
    found = read(run)
    assert len(found["outcomes"]) == 12
    assert found["settings"]["missing_files"] == missing
    scores = [row["score"] for row in found["outcomes"]]
    assert (None in scores) == (missing == "per_instance_stats.json")


def test_statistics_alone_are_a_run_of_published_values(tmp_path):
    run = helm.joint(tmp_path)
    for name in ("per_instance_stats.json", "scenario_state.json"):
        (run / name).unlink()
    found = read(run)
    assert "outcomes" not in found
    assert (found["run"].model, len(found["published"])) == ("org/a", 12)


def test_display_files_stand_in_for_the_requests(tmp_path):
    copy = helm.instance("id1", "2 + 2?", perturbation=helm.typos(0.1), untouched="2+2?")
    shown = [
        {"instance_id": "id1", "train_trial_index": 0, "predicted_text": " A", "mapped_output": "4",
         "stats": {"exact_match": 1.0}},
        {"instance_id": "id1", "train_trial_index": 0, "predicted_text": " B", "mapped_output": "5",
         "perturbation": helm.typos(0.1), "stats": {"exact_match": 0.0}},
    ]  # fmt: skip
    run = helm.write(
        tmp_path / "a",
        run_spec=helm.spec("mmlu:model=org_a"),
        **{"instances.json": [copy, helm.instance("id1", "2+2?")]},
        **{"display_predictions.json": shown},
    )
    found = read(run)
    assert [(row["answer"], row["score"]) for row in found["outcomes"]] == [("4", 1.0), ("5", 0.0)]
    assert (found["items"][0]["input"], found["variants"][1]["input"]) == ("2+2?", "2 + 2?")


@pytest.mark.parametrize("name", ["scenario_state.json", "per_instance_stats.json", "stats.json"])
def test_a_half_written_file_costs_what_is_missing(tmp_path, name):
    run = helm.joint(tmp_path)
    whole = read(run)
    text = (run / name).read_text()
    (run / name).write_text(text[: len(text) // 2])
    found = read(run)
    assert any(name in row["line"] for row in found["rejects"])
    assert len(found["outcomes"]) == len(whole["outcomes"])
    same = [one for one in found["outcomes"] if one in whole["outcomes"]]
    assert len(same) >= (12 if name == "stats.json" else 4)


def test_nan_and_wrong_types_cost_the_value_alone(tmp_path):
    each = [
        helm.entry("id1", {"exact_match": 1.0}),
        {"instance_id": "id2", "train_trial_index": 0, "stats": [{"name": {"name": "exact_match"}, "mean": None}, 7, {"name": "x"}]},
        "no object",
        {"train_trial_index": 0, "stats": []},
    ]  # fmt: skip
    states = [helm.request(helm.instance(f"id{n}", "q"), "a") for n in (1, 2)]
    run = helm.write(
        tmp_path / "a",
        run_spec=helm.spec("gsm:model=m"),
        states=[*states, {"instance": 3}, helm.request({"input": {"text": "q"}}, "a")],
        each=json.dumps(each).replace('"mean": null', '"mean": NaN'),
    )
    found = read(run)
    assert [(row["status"], row["score"]) for row in found["outcomes"]] == [
        ("answered", 1.0),
        ("unscored", None),
    ]
    assert {row["field"] for row in found["rejects"]} == {
        "",
        "instance_id",
        "instance",
        "instance.id",
    }


def test_a_repeated_request_is_left_out_and_named(tmp_path):
    states = [helm.request(helm.instance(one, "q"), "a") for one in ("id1", "id2", "id1")]
    run = helm.write(tmp_path / "a", run_spec=helm.spec("gsm:model=m"), states=states, each=[])
    found = read(run)
    assert len(found["outcomes"]) == 2
    assert "repeats entry 1" in found["rejects"][0]["reason"]


def test_a_failed_request_is_errored(tmp_path):
    state = helm.request(helm.instance("id1", "q"), "")
    state["result"] = {"success": False, "error": "timeout", "completions": []}
    run = helm.write(tmp_path / "a", run_spec=helm.spec("gsm:model=m"), states=[state], each=[])
    row = read(run)["outcomes"][0]
    assert (row["status"], row["error"], row["score"]) == ("errored", "timeout", None)


def test_a_certainty_just_above_one_is_one(tmp_path):
    run = helm.write(
        tmp_path / "a",
        run_spec=helm.spec("gsm:model=m"),
        states=[helm.request(helm.instance("id1", "q"), "a")],
        each=[helm.entry("id1", {"exact_match": 1.0, "max_prob": 1.00000002})],
    )
    assert read(run)["outcomes"][0]["confidence"] == 1.0


def test_texts_that_cannot_be_stored_are_repaired_and_noted(tmp_path):
    run = helm.write(
        tmp_path / "a",
        run_spec=helm.spec("gsm:model=m"),
        states=[helm.request(helm.instance("id1", "q\x00"), "a\ud800")],
        each=[helm.entry("id1", {"exact_match": 1.0})],
    )
    found = read(run)
    assert (found["items"][0]["input"], found["outcomes"][0]["output"]) == ("q�", "a�")
    assert "UTF-8" in found["rejects"][0]["reason"]


def test_messages_and_media_become_text(tmp_path):
    chat = {"messages": [{"role": "user", "content": "hi"}]}
    media = {"media_objects": [{"content_type": "image/png"}, {"text": "what?"}]}
    first, second = helm.instance("id1", ""), helm.instance("id2", "")
    first["input"], second["input"] = chat, {"text": "", "multimedia_content": media}
    run = helm.write(
        tmp_path / "a",
        run_spec=helm.spec("gsm:model=m"),
        states=[helm.request(first, "a"), helm.request(second, "a")],
    )
    inputs = [row["input"] for row in read(run)["items"]]
    assert inputs == ["user: hi", "(image/png)\nwhat?"]


def test_metadata_of_instances_becomes_attributes_and_tier(tmp_path):
    some = [helm.instance(f"id{n}", "q") | {"extra_data": {"tier": n, "book": "x"}} for n in (1, 2)]
    states = [helm.request(one, "a") for one in some]
    run = helm.write(tmp_path / "a", run_spec=helm.spec("gsm:model=m"), states=states)
    found = read(run)
    assert [row["tier"] for row in found["variants"]] == [1, 2]
    assert json.loads(found["items"][0]["attributes"])["book"] == "x"


def test_a_folder_of_other_json_is_no_run(tmp_path):
    (tmp_path / "stats.json").write_text("[]")
    assert HELM.sniff(tmp_path) == 0
    (tmp_path / "stats.json").unlink()
    with pytest.raises(ReadError, match=r"scenario_state\.json"):
        HELM.propose(tmp_path)


JUNK = (None, 7, -1.5, True, "x", [], {}, [1], {"a": 1}, 10**30, float("nan"))


def _places(value, above=()):
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in inside:
        yield (*above, name)
        yield from _places(one, (*above, name)) if isinstance(one, dict | list) else ()


@pytest.mark.parametrize("seed", range(40))
def test_any_value_of_another_type_does_no_more_than_cost_itself(tmp_path, seed):
    run, random_ = helm.joint(tmp_path, right=(1, 0)), random.Random(seed)
    for name in ("run_spec.json", "scenario_state.json", "per_instance_stats.json", "stats.json"):
        content = json.loads((run / name).read_text())
        for place in random_.sample(list(_places(content)), 2):
            try:
                target = content
                for step in place[:-1]:
                    target = target[step]
                target[place[-1]] = random_.choice(JUNK)
            except (TypeError, KeyError, IndexError):
                continue
        (run / name).write_text(json.dumps(content))
    found = read(run)
    assert found["rejects"] or found.get("outcomes") or found.get("published")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_texts(tmp_path):
    def peak(n):
        states = [helm.request(helm.instance(f"id{k}", "q" * 8_000), "a") for k in range(n)]
        each = [helm.entry(f"id{k}", {"exact_match": 1.0}) for k in range(n)]
        run = helm.write(
            tmp_path / f"r{n}", run_spec=helm.spec("gsm:model=m"), states=states, each=each
        )
        mapping = HELM.propose(run)
        del states, each
        tracemalloc.start()
        for _ in HELM.read(run, mapping):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(4_500) - peak(1_500) < 3_000 * 3_000  # keys; the texts are 24 MB

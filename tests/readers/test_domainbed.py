"""DomainBed: steps are traces, a run is named by what it was not trained on."""

import json

import pytest

from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers
from stresslab.store.workspace import Workspace

READER = readers.get("domainbed")


def step(number, *accuracies, held_out=(0,), **more):
    """Return a record with (in, out) accuracies of each environment."""
    args = {
        "algorithm": "ERM", "dataset": "PACS", "test_envs": list(held_out), "seed": 3,
        "trial_seed": 1, "hparams_seed": 2, "holdout_fraction": 0.2, "data_dir": "/somewhere",
    }  # fmt: skip
    found = {
        "args": args,
        "hparams": {"lr": 5e-05},
        "step": number,
        "epoch": number / 40,
        "loss": 0.5,
    }
    for n, (inside, outside) in enumerate(accuracies):
        found |= {f"env{n}_in_acc": inside, f"env{n}_out_acc": outside}
    return found | more


def write(folder, *steps, end=""):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.jsonl"
    path.write_text("".join(json.dumps(one, sort_keys=True) + "\n" for one in steps) + end)
    return path


def read(path):
    tables = {"rejects": [], "traces": [], "published": []}
    for batch in READER.read(path, READER.propose(path)):
        tables[batch.table] += batch.rows.to_pylist()
        if batch.run:
            tables["run"], tables["about"] = batch.run, (batch.settings, batch.model_info)
    return tables


STEPS = (
    step(0, (0.2, 0.2), (0.3, 0.3), (0.1, 0.3)),
    step(300, (0.6, 0.5), (0.99, 0.9), (0.98, 0.8)),
    step(600, (0.7, 0.6), (1.0, 0.8), (1.0, 0.8)),
)


def test_every_number_of_a_step_is_a_trace_of_its_environment(tmp_path):
    found = read(write(tmp_path, *STEPS))
    assert {"unit": "A", "step": 300.0, "name": "in_acc", "value": 0.6} in found["traces"]
    assert {"unit": None, "step": 600.0, "name": "loss", "value": 0.5} in found["traces"]
    assert len(found["traces"]) == 3 * (6 + 2)


def test_the_checkpoint_is_chosen_by_held_out_parts_of_training_environments(tmp_path):
    printed = {
        (row["measure"], row["slice"]): row["value"]
        for row in read(write(tmp_path, *STEPS))["published"]
    }
    assert printed["score", 'domain = "A"'] == 0.6  # not the best there: nobody may look at it
    assert printed["score", 'domain = "C"'] == 0.9
    assert printed["score at the last step", 'domain = "A"'] == 0.7


def test_a_run_says_where_it_was_trained_and_tested(tmp_path):
    found = read(write(tmp_path, *STEPS))
    settings, info = found["about"]
    assert (found["run"].model, found["run"].task) == ("ERM without A", "PACS")
    assert found["run"].revision == "seed 3, trial seed 1, hparams seed 2"
    assert settings["trained_on"] == info["in_domains"] == ["C", "P"]
    assert (settings["tested_on"], settings["chosen_step"]) == (["A"], 300.0)
    assert settings["is_complete"] is False
    assert "data_dir" not in settings


def test_a_run_without_held_out_environments_is_named_by_its_algorithm(tmp_path):
    assert read(write(tmp_path, step(0, (0.2, 0.3), held_out=())))["run"].model == "ERM"


def test_environments_of_another_data_set_keep_their_numbers(tmp_path):
    args = STEPS[0]["args"] | {"dataset": "Mine"}
    found = read(write(tmp_path, STEPS[0] | {"args": args}))
    assert {row["unit"] for row in found["traces"]} == {None, "env0", "env1", "env2"}


def test_the_file_done_is_part_of_the_source(tmp_path):
    write(tmp_path / "x", *STEPS)
    (tmp_path / "x" / "done").touch()
    [source] = walk([tmp_path]).sources
    assert [one.name for one in source.parts] == ["results.jsonl", "done"]
    assert read(source.path)["about"][0]["is_complete"] is True


@pytest.mark.parametrize(
    ("odd", "field"),
    [({"step": "x"}, "step"), ({"args": 3}, "args"), ({"loss": "low"}, "loss"), (STEPS[0], "step")],
)
def test_an_odd_step_is_told_and_costs_no_other(tmp_path, odd, field):
    found = read(write(tmp_path, STEPS[0], STEPS[1] | odd, STEPS[2], end='{"args'))
    told = {(row["line"], row["field"]) for row in found["rejects"]}
    assert told == {("line 2", field), ("line 4", "")}
    assert {row["step"] for row in found["traces"]} >= {0.0, 600.0}


def test_a_loss_that_is_no_number_is_not_known(tmp_path):
    found = read(write(tmp_path, STEPS[0] | {"loss": float("nan")}))
    assert [row["value"] for row in found["traces"] if row["name"] == "loss"] == [None]
    assert not found["rejects"]


def test_runs_of_a_sweep_are_sealed(tmp_path):
    write(tmp_path / "logs" / "a", *STEPS)
    write(tmp_path / "logs" / "b", step(0, (0.2, 0.3), (0.4, 0.5), held_out=(1,)))
    workspace = Workspace.create(tmp_path / "workspace")
    *_, done = import_logs(workspace, [tmp_path / "logs"])
    assert {run.model for run in workspace.runs()} == {"ERM without A", "ERM without C"}
    assert {row["verdict"] for row in done.report["parity"]} == {"not recomputed"}

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stresslab.jobs._events import Done, Progress
from stresslab.jobs.run_plan import run_plan
from stresslab.store.workspace import Workspace
from tests.jobs.slow_plan import LABELS, TEXTS, plan

SCRIPT = Path(__file__).with_name("slow_plan.py")
ROOT = Path(__file__).parents[2]
N_VARIANTS = len(TEXTS) * 4


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "films")


def outcomes(workspace):
    (run,) = workspace.runs()
    return pq.read_table(run.path / "outcomes.parquet").to_pylist()


def start(workspace, log):
    return subprocess.Popen(
        [sys.executable, SCRIPT, workspace.path, log], cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def n_durable(workspace):
    return len(list(workspace.path.glob("runs/.partial-*/part-*.outcomes.*.parquet")))


def kill_once_durable(process, workspace, more_than):
    until = time.monotonic() + 120
    while n_durable(workspace) <= more_than and process.poll() is None:
        assert time.monotonic() < until, "the plan did not get going"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_plan_answers_every_variant_once(workspace):
    events = list(run_plan(workspace, plan()))
    rows = outcomes(workspace)
    assert len({row["variant_id"] for row in rows}) == len(rows) == N_VARIANTS
    assert all(row["status"] == "answered" for row in rows)
    assert events[-1] == Done("slow on films", {"outcomes": N_VARIANTS})


def test_progress_grows_to_the_total(workspace):
    seen = [event for event in run_plan(workspace, plan()) if isinstance(event, Progress)]
    assert [event.done for event in seen] == sorted(event.done for event in seen)
    assert seen[-1].done == seen[-1].total == N_VARIANTS


def test_rows_are_graded_against_the_reference(workspace):
    list(run_plan(workspace, plan()))
    for row in outcomes(workspace):
        item = row["variant_id"].partition("#")[0]
        assert row["correct"] == int(row["answer"] == LABELS[item]) == row["score"]


def test_the_same_plan_again_loads_no_model_and_adds_nothing(workspace):
    list(run_plan(workspace, plan()))
    again = dataclasses.replace(plan(), load=lambda: pytest.fail("the model was loaded"))
    assert list(run_plan(workspace, again)) == [
        Done("slow on films is there already", {"outcomes": 0})
    ]
    assert len(workspace.runs()) == 1


def test_another_setting_is_another_run(workspace):
    list(run_plan(workspace, plan()))
    list(run_plan(workspace, dataclasses.replace(plan(), settings={"seed": 1})))
    assert len(workspace.runs()) == 2


def test_a_note_is_kept_and_changes_no_identity():
    noted = dataclasses.replace(plan(), notes={"texts": {"excerpt": 40}})
    assert noted.identity == plan().identity


def test_a_model_that_fails_leaves_what_was_durable(workspace):
    def load():
        asked = []

        def predict(batch):
            asked.extend(batch)
            if len(asked) > 20:
                raise RuntimeError("out of memory")
            return real(batch)

        return predict

    real = plan().load()
    with pytest.raises(RuntimeError, match="out of memory"):
        list(run_plan(workspace, dataclasses.replace(plan(), load=load), seconds_a_part=0.0))
    assert not workspace.runs()
    first = next(iter(run_plan(workspace, plan())))
    assert first.done == 20


@pytest.mark.slow
def test_a_killed_plan_goes_on_without_repeating_or_losing_a_row(workspace, tmp_path):
    log = tmp_path / "asked.txt"
    for _ in range(3):
        kill_once_durable(start(workspace, log), workspace, more_than=n_durable(workspace) + 2)
        assert not workspace.runs(), "the plan must be killed before its end"
    assert start(workspace, log).wait() == 0
    rows = outcomes(workspace)
    assert len({row["variant_id"] for row in rows}) == len(rows) == N_VARIANTS
    n_asked = len(log.read_text().splitlines())
    assert n_asked <= N_VARIANTS + 3 * 4, "at most the batch in hand is asked again per kill"

    undisturbed = Workspace.create(tmp_path / "undisturbed")
    list(run_plan(undisturbed, plan()))
    key = lambda row: row["variant_id"]  # noqa: E731
    assert sorted(rows, key=key) == sorted(outcomes(undisturbed), key=key)

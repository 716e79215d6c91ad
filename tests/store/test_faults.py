"""Stop the process before and after every write, fsync and rename, and look what is left."""

import multiprocessing
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import fault_jobs

from stresslab.store import index
from stresslab.store.workspace import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fault_jobs", "pyarrow.parquet", "duckdb", "narwhals"])
    return context


def end_of(processes, *args):
    child = processes.Process(target=fault_jobs.stop_at, args=args)
    child.start()
    child.join(60)
    assert child.exitcode in (0, 7), f"exit code {child.exitcode} at point {args[0]}"
    return child.exitcode


def outcomes(workspace):
    [run] = workspace.runs()
    return pq.read_table(run.path / "outcomes.parquet")["variant_id"].to_pylist()


def test_no_half_run_is_seen_and_nothing_is_lost_wherever_sealing_stops(tmp_path, processes):
    for point in range(1, 500):
        path = tmp_path / f"w{point}"
        fault_jobs.write_run(Workspace.create(path).path, "before", rows=3)
        stopped = end_of(processes, point, fault_jobs.write_run, path) == 7
        workspace = Workspace.open(path)
        assert "before" in {run.model for run in workspace.runs()}
        assert workspace.runs(include=("damaged",)) == []
        fault_jobs.write_run(path)
        [run] = [run for run in workspace.runs() if run.model == "m"]
        found = pq.read_table(run.path / "outcomes.parquet")["variant_id"].to_pylist()
        assert sorted(found) == sorted(f"s/{i}" for i in range(fault_jobs.ROWS))
        assert workspace.clean() in ([], [f".partial-{run.manifest['identity'][:16]}"])
        assert workspace.verify() == []
        if not stopped:
            break
    assert point > 30, "the points of writing, syncing and renaming were visited"


def test_the_index_is_whole_or_absent_wherever_its_building_stops(tmp_path, processes):
    path = Workspace.create(tmp_path / "w").path
    for point in range(1, 200):
        fault_jobs.write_run(path, f"m{point}", rows=3)
        stopped = end_of(processes, point, fault_jobs.build_index, path) == 7
        workspace = Workspace.open(path)
        generation = index.ensure(workspace)
        with index.connect(generation) as con:
            n = con.execute("SELECT count(*) FROM facts").fetchone()[0]
        assert n == 3 * point
        if not stopped:
            break
    assert point > 5, "the points of syncing and renaming were visited"


def test_no_half_space_is_seen_wherever_its_sealing_stops(tmp_path, processes):
    for point in range(1, 200):
        path = Workspace.create(tmp_path / f"w{point}").path
        stopped = end_of(processes, point, fault_jobs.write_space, path) == 7
        workspace = Workspace.open(path)
        assert [one.manifest["n_vectors"] for one in workspace.spaces()] in ([], [3])
        fault_jobs.write_space(path)
        assert [one.manifest["n_vectors"] for one in workspace.spaces()] == [3]
        workspace.clean()
        assert workspace.verify() == []
        if not stopped:
            break
    assert point > 10, "the points of writing, syncing and renaming were visited"


def test_a_run_is_there_or_gone_wherever_house_keeping_stops(tmp_path, processes):
    for point in range(1, 200):
        path = Workspace.create(tmp_path / f"w{point}").path
        for model in ("a", "b"):
            fault_jobs.write_run(path, model, rows=3)
        stopped = end_of(processes, point, fault_jobs.keep_house, path) == 7
        workspace = Workspace.open(path)
        runs = workspace.runs(include=("live", "retired", "damaged"))
        assert {run.model for run in runs} <= {"a", "b"}
        assert all(run.n_outcomes == 3 for run in runs)
        for model in ("a", "b"):
            fault_jobs.write_run(path, model, rows=3)
        workspace.verify()
        for run in workspace.runs(include=("retired", "damaged")):
            workspace.restore(run.run_id)
            fault_jobs.write_run(path, run.model, rows=3)
        workspace.clean()
        assert {run.model for run in workspace.runs()} == {"a", "b"}
        assert workspace.verify() == []
        if not stopped:
            break
    assert point > 30, "the points of writing, syncing and renaming were visited"

"""Random kill -9 while writing, and many processes at once."""

import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import fault_jobs

from stresslab.store import index
from stresslab.store.workspace import Workspace

pytestmark = pytest.mark.slow
KILLS = 50


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fault_jobs", "pyarrow.parquet", "duckdb", "narwhals"])
    return context


def n_parts(path):
    try:
        return len(list((path / "runs").glob(".partial-*/part-*")))
    except FileNotFoundError:  # sealed, that is renamed, between the look and the listing
        return n_parts(path)


def test_fifty_kills_lose_nothing_and_show_no_half_run(tmp_path, processes):
    rng = random.Random(0)
    path = Workspace.create(tmp_path / "w").path
    kills = while_writing = runs = 0
    while kills < KILLS:
        model = f"m{runs}"
        child = processes.Process(
            target=fault_jobs.write_run, args=(path, model), kwargs={"rows": 60, "pause": 0.004}
        )
        child.start()
        start, before = time.monotonic(), n_parts(path)
        wait = rng.uniform(0.0, 0.15)
        while child.is_alive() and (n_parts(path) == before or time.monotonic() - start < wait):
            time.sleep(0.002)
        if child.is_alive():
            while_writing += n_parts(path) > 0
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
        child.join()
        workspace = Workspace.open(path)
        assert workspace.runs(include=("damaged",)) == []
        assert all(run.n_outcomes == 60 for run in workspace.runs())
        if model in {run.model for run in workspace.runs()}:
            runs += 1
    fault_jobs.write_run(path, f"m{runs}", rows=60)
    workspace = Workspace.open(path)
    for run in workspace.runs():
        ids = pq.read_table(run.path / "outcomes.parquet")["variant_id"].to_pylist()
        assert sorted(ids) == sorted(f"s/{i}" for i in range(60))
    assert len(workspace.runs()) == runs + 1
    assert while_writing >= 40
    workspace.clean()
    assert workspace.verify() == []


def test_two_processes_write_while_a_third_reads(tmp_path, processes):
    path = Workspace.create(tmp_path / "w").path
    writers = [
        processes.Process(target=fault_jobs.write_several, args=(path, name))
        for name in ("left", "right")
    ]
    for one in writers:
        one.start()
    seen = [0]
    while any(one.is_alive() for one in writers):
        with index.connect(index.ensure(Workspace.open(path))) as con:
            seen.append(con.execute("SELECT count(*) FROM facts").fetchone()[0])
    for one in writers:
        one.join()
        assert one.exitcode == 0
    with index.connect(index.ensure(Workspace.open(path))) as con:
        seen.append(con.execute("SELECT count(*) FROM facts").fetchone()[0])
    assert seen == sorted(seen)
    assert seen[-1] == 2 * 4 * 20

"""An import that is killed anywhere, its files cut anywhere, gives the tables of one that is not."""

import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stresslab import Workspace
from stresslab.store.index import connect, ensure

sys.path.insert(0, str(Path(__file__).parent))

import import_child

pytestmark = pytest.mark.slow

SECONDS, PATIENCE = 20, 240
"""At least so long, and at most on a machine so busy that few rounds fit."""
ROUNDS = 40
N_ITEMS = 300


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["import_child"])
    return context


@pytest.fixture
def table(tmp_path):
    """Return a table of two models, some rows of which are broken, repeated or of no id."""
    lines = ["id,model,perturbation,tier,text,score"]
    for n in range(N_ITEMS):
        for model in "AB":
            kind = ("", "typos")[n % 2]
            lines.append(f"q{n // 2},{model},{kind},{n % 2},text {n},{n * 7 % 3 % 2}")
    for at in range(40, len(lines), 90):
        lines[at : at + 1] = [lines[at], lines[at - 1], "q1,A"]
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(lines))
    return path


def tables_of(workspace):
    """Return every row of every table of every live run, by model."""
    return {
        (run.model, file.name): sorted(map(repr, pq.read_table(file).to_pylist()))
        for run in workspace.runs()
        for file in run.path.glob("*.parquet")
    }


def indexed(workspace):
    with connect(ensure(workspace)) as con:
        query = """SELECT m.name, v.variant_id, f.trial, f.score, f.status, f.tier FROM facts f
            JOIN variants v USING (task, variant) JOIN models m ON m.code = f.model
            WHERE latest ORDER BY ALL"""
        return con.execute(query).fetchall()


def cut_something(workspace, rng):
    """Cut one file that was being written, or was just sealed, at a random byte."""
    runs = workspace / "runs"
    partial = [one for one in runs.glob(".partial-*/**/*") if one.is_file()]
    last = sorted((one for one in partial if "part-" in one.name), key=lambda one: one.name)[-2:]
    sealed = [one for one in runs.glob("[!.]*/*") if one.is_file()]
    said = [one for one in partial if "part-" not in one.name]
    kinds = [files for files in (last, said, sealed) if files]
    if not kinds:
        return None
    path = rng.choice(sorted(rng.choice(kinds)))
    os.truncate(path, rng.randrange(path.stat().st_size + 1))
    return path.name


def parts_of(folder):
    return {path.name for path in folder.glob("runs/.partial-*/part-*")}


def wait_for_part(process, folder):
    """Wait until a process wrote a part, or ended."""
    before = parts_of(folder)
    while process.is_alive() and parts_of(folder) <= before:
        time.sleep(0.002)


def test_an_import_that_is_killed_and_cut_anywhere_loses_and_doubles_nothing(
    tmp_path, table, processes
):
    rng, begun = random.Random(0), time.monotonic()

    def start(folder):
        process = processes.Process(target=import_child.import_table, args=(table, folder))
        process.start()
        return process

    start(tmp_path / "warm").join()
    begin = time.monotonic()
    start(tmp_path / "whole").join()
    takes = time.monotonic() - begin
    whole = Workspace.open(tmp_path / "whole")
    expected, facts = tables_of(whole), indexed(whole)
    assert {name for _, name in expected} >= {"outcomes.parquet", "rejects.parquet"}
    kills, cuts = [], []
    for round_ in range(ROUNDS):
        folder = tmp_path / f"w{round_}"
        for _ in range(rng.randrange(1, 4)):
            process = start(folder)
            waited = rng.random() < 0.7
            if waited:
                wait_for_part(process, folder)
            # parts follow each other, and the seal them, in a small part of the whole
            process.join(rng.uniform(0, (0.05 if waited else 0.5) * takes))
            if process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
                kills.append(len(parts_of(folder)))
            process.join()
            if rng.random() < 0.8 and (folder / "runs").exists():
                cuts.append(cut_something(folder, rng))
        last = start(folder)
        last.join()
        told = f"round {round_}, after {len(kills)} kills and {len(cuts)} cuts: {cuts[-3:]}"
        assert last.exitcode == 0, told
        workspace = Workspace.open(folder)
        assert tables_of(workspace) == expected, told
        assert indexed(workspace) == facts, told
        workspace.clean()
        assert workspace.verify() == [], told
        assert not list(folder.glob("runs/.partial-*")), told
        took, between = time.monotonic() - begun, sum(n > 0 for n in kills)
        if took > PATIENCE or (took > SECONDS and between >= 2 and any(cuts)):
            break
    print(f"{round_ + 1} rounds, {len(kills)} kills, {len(cuts)} cuts, {takes:.2f} s an import")
    assert sum(n > 0 for n in kills) >= 2, "some kills fell between two parts"
    assert any(cuts), "some files were cut"

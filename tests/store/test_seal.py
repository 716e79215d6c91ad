import json
import re
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from stresslab.errors import DamagedFileError, RowError, WorkspaceError
from stresslab.store import durable, seal
from stresslab.store.workspace import Workspace

SOURCE = {"format": "x", "path": "f", "sha256": "a", "version": "1"}


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "w")


def outcome(variant="s/1", **more):
    return {"variant_id": variant, "status": "answered", "score": 1.0, **more}


def add(workspace, model="m", source=SOURCE, **more):
    with workspace.add_run(model=model, task="t", source=source, **more) as run:
        run.write("items", [{"item_id": "s/1"}])
        run.write("variants", [{"variant_id": "s/1", "item_id": "s/1"}])
        run.write("outcomes", [outcome()])
    return run


def file_of(workspace, run, table="outcomes"):
    return workspace.path / "runs" / run.run_id / f"{table}.parquet"


def test_an_item_written_twice_alike_is_kept_once_in_the_first_place(workspace):
    with workspace.add_run(model="m", task="t", part_rows=2) as run:
        for one in ("s/1", "s/2", "s/1", "s/3", "s/2", "s/1"):
            run.write("items", [{"item_id": one, "attributes": {"n": 1}}])
    found = pq.read_table(file_of(workspace, run, "items"))["item_id"].to_pylist()
    assert found == ["s/1", "s/2", "s/3"]
    assert workspace.runs()[0].manifest["counts"]["items"] == 3


def test_an_item_written_twice_with_another_domain_is_refused(workspace):
    with (
        pytest.raises(RowError, match=r"'s/1' stands there twice with another domain"),
        workspace.add_run(model="m", task="t") as run,
    ):
        run.write("items", [{"item_id": "s/1", "domain": "a"}, {"item_id": "s/1", "domain": "b"}])


@pytest.mark.parametrize("table", ["items", "variants", "outcomes"])
def test_many_rows_are_searched_for_repetitions_on_disk_alike(workspace, monkeypatch, table):
    monkeypatch.setattr(seal, "ROWS_IN_MEMORY", 1)
    rows = {
        "items": {"item_id": "s/1", "domain": "a"},
        "variants": {"variant_id": "s/1", "item_id": "s/1"},
        "outcomes": outcome(),
    }
    again = rows[table] | ({"domain": "b"} if table == "items" else {"item_id": "s/2"})
    again = outcome() if table == "outcomes" else again
    with (
        pytest.raises(RowError, match=r"'s/1'.* stands there"),
        workspace.add_run(model="m", task="t") as run,
    ):
        run.write(table, [rows[table], again])


def test_two_trials_of_one_variant_are_two_rows(workspace):
    with workspace.add_run(model="m", task="t") as run:
        run.write("outcomes", [outcome(trial=0), outcome(trial=1)])
    assert workspace.runs()[0].n_outcomes == 2


def test_many_small_parts_become_few_row_groups(workspace):
    with workspace.add_run(model="m", task="t", part_rows=100) as run:
        for number in range(40):
            run.write("outcomes", [outcome(f"s/{number}"), outcome(f"t/{number}")])
            run.flush()
    assert pq.ParquetFile(file_of(workspace, run)).num_row_groups == 1


def test_long_rows_become_parts_by_their_bytes(workspace, monkeypatch):
    monkeypatch.setattr(seal, "PART_BYTES", 10_000)
    with workspace.add_run(model="m", task="t") as run:
        for number in range(10):
            run.write("outcomes", [outcome(f"s/{number}", output="x" * 4000)])
        assert len(list((workspace.path / "runs").glob(".partial-*/part-*"))) == 3
    assert workspace.runs()[0].n_outcomes == 10


def test_tables_of_all_kinds_are_sealed_with_their_counts(workspace):
    tables = {
        "scores": [{"variant_id": "s/1", "measure": "f1", "value": 0.5}],
        "published": [{"measure": "f1", "value": 0.5, "n": 1}],
        "traces": [{"unit": "u", "step": 1, "name": "loss", "value": 0.5}],
        "ratings": [{"rater": "r", "item_id": "s/1", "preference": 1}],
        "rejects": [{"n": 1, "file": "f", "reason": "why"}],
    }
    with workspace.add_run(model="m", task="t") as run:
        for table, rows in tables.items():
            run.write(table, rows)
    [found] = workspace.runs()
    assert found.manifest["counts"] == dict.fromkeys(tables, 1)
    assert set(found.manifest["files"]) == {f"{table}.parquet" for table in tables}


def test_a_manifest_says_where_the_rows_come_from(workspace):
    run = add(
        workspace, mapping="a = 1", settings={"x": 1}, reader="table/1", revision="v2",
        measures={"f1": {"rate": False}}, model_info={"family": "bert"},
    )  # fmt: skip
    [found] = workspace.runs()
    assert (found.source, found.settings, found.revision) == (SOURCE, {"x": 1}, "v2")
    assert set(found.measures) == {"score", "f1"}
    assert found.model_info == {"family": "bert"}
    assert found.manifest["reader"] == "table/1"
    assert (found.path / "mapping.toml").read_text() == "a = 1"
    assert re.fullmatch(r"t-m-[0-9a-f]{8}", run.run_id)


def test_what_is_no_json_is_refused_before_the_first_row(workspace):
    with pytest.raises(WorkspaceError, match="must be JSON"):
        workspace.add_run(model="m", task="t", settings={"x": {1, 2}})


def test_a_score_that_is_better_when_smaller_is_refused(workspace):
    with pytest.raises(WorkspaceError, match="larger for better"):
        workspace.add_run(model="m", task="t", measures={"score": {"higher_is_better": False}})


def test_two_revisions_of_one_model_in_one_source_both_count(workspace):
    add(workspace, revision="1")
    add(workspace, revision="2")
    assert {run.revision for run in workspace.runs()} == {"1", "2"}


def test_rows_outside_the_block_are_refused(workspace):
    run = workspace.add_run(model="m", task="t")
    with pytest.raises(WorkspaceError, match="inside `with"):
        run.write("outcomes", [outcome()])


def test_a_block_that_fails_before_the_first_row_leaves_nothing(workspace):
    with pytest.raises(RuntimeError), workspace.add_run(model="m", task="t"):
        raise RuntimeError
    assert list((workspace.path / "runs").iterdir()) == []


def test_a_part_that_changed_on_the_disk_is_named_and_not_left_out(workspace):
    run = workspace.add_run(model="m", task="t", source=SOURCE).__enter__()
    run.write("outcomes", [outcome()])
    run.flush()
    [part] = (workspace.path / "runs").glob(".partial-*/part-*")
    part.write_bytes(b"PAR1 something else PAR1")
    with pytest.raises(DamagedFileError, match=r"part-00001\.outcomes"):
        run.__exit__(None, None, None)
    with workspace.add_run(model="m", task="t", source=SOURCE) as run:
        assert run.done() == set()
        run.write("outcomes", [outcome()])
    assert run.state == "sealed"


def test_what_is_done_is_known_of_a_sealed_run_too(workspace):
    add(workspace)
    with workspace.add_run(model="m", task="t", source=SOURCE) as run:
        assert run.state == "identical"
        assert (run.done(), run.done("items")) == ({("s/1", 0)}, {"s/1"})


def test_importing_a_damaged_run_again_repairs_it(workspace):
    run = add(workspace)
    file_of(workspace, run).unlink()
    assert [one.state for one in workspace.runs(include=("live", "damaged"))] == ["damaged"]
    assert add(workspace).state == "sealed"
    assert [one.state for one in workspace.runs(include=("live", "damaged"))] == ["live"]
    [removed] = workspace.clean()
    assert removed.startswith(".replaced-t-m-")
    assert workspace.verify() == []


def test_a_run_that_verify_found_damaged_counts_again_when_repaired(workspace):
    run = add(workspace)
    file, version = file_of(workspace, run), workspace.data_version
    whole = file.read_bytes()
    file.write_bytes(whole[:8] + bytes(8) + whole[16:])
    assert len(workspace.runs()) == 1
    [problem] = workspace.verify()
    assert workspace.runs() == []
    [damaged] = workspace.runs(include=("damaged",))
    assert str(file) in damaged.reason
    assert "purge" in problem.next_step
    file.write_bytes(whole)
    assert workspace.verify() == []
    assert workspace.data_version == version


def test_a_copied_run_is_not_counted_twice(workspace):
    import shutil

    run = add(workspace)
    folder = file_of(workspace, run).parent
    shutil.copytree(folder, folder.with_name("copy"))
    assert [one.run_id for one in workspace.runs()] == [run.run_id]
    [copy] = workspace.runs(include=("damaged",))
    assert "copied or renamed" in copy.reason


@pytest.mark.parametrize(
    "change",
    [
        {"files": []}, {"model": 3}, {"counts": None}, {"format": 99}, {"identity": None},
        {"files": {"../../workspace.toml": {"bytes": 1}}}, {"files": {"items.parquet": {}}},
    ],
)  # fmt: skip
def test_a_manifest_of_the_wrong_shape_is_damage_not_a_crash(workspace, change):
    run, good = add(workspace), add(workspace, model="n")
    manifest = file_of(workspace, run).with_name("manifest.json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    assert [one.run_id for one in workspace.runs()] == [good.run_id]
    [damaged] = workspace.runs(include=("damaged",))
    assert str(manifest) in damaged.reason
    assert [problem.path for problem in workspace.verify()] == [manifest]


def test_a_file_between_the_runs_is_no_run(workspace):
    (workspace.path / "runs" / "notes.txt").write_text("x")
    assert workspace.runs(include=("live", "damaged")) == []


@pytest.mark.parametrize("step", ["sync", "replace", "sha256_of"])
def test_a_disk_that_fails_while_writing_is_named_and_the_next_try_goes_on(
    workspace, monkeypatch, step
):
    def fail(*_):
        raise OSError(28, "No space left on device")

    with workspace.add_run(model="m", task="t", source=SOURCE) as run:
        run.write("outcomes", [outcome("s/1")])
        run.flush()
        run.write("outcomes", [outcome("s/2")])
        monkeypatch.setattr(durable, step, fail)
        with pytest.raises(WorkspaceError, match=r"runs/\.partial-.*No space left"):
            run.flush()
        monkeypatch.undo()
    assert workspace.runs()[0].n_outcomes == 2


MEMORY = """
import sys
import pyarrow as pa
from stresslab.store.workspace import Workspace
n = int(sys.argv[2])
with Workspace.create(sys.argv[1]).add_run(model="m", task="t", part_rows=5_000) as run:
    for start in range(0, n, 1_000):
        ids = [f"s/{i}" for i in range(start, start + 1_000)]
        texts = [f"{i} " * 100 for i in range(start, start + 1_000)]
        rows = {"variant_id": ids, "status": ["answered"] * 1_000, "score": [1.0] * 1_000}
        run.write("outcomes", pa.table(rows | {"output": texts}))
print(pa.default_memory_pool().max_memory())
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_run(tmp_path):
    peaks = []
    for n in (20_000, 120_000):
        command = [sys.executable, "-c", MEMORY, str(tmp_path / str(n)), str(n)]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks.append(int(said.stdout))
    assert peaks[1] < 1.5 * peaks[0] + 10_000_000

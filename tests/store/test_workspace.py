import json

import pytest

from stresslab.errors import BusyError, RowError, SealedError, WorkspaceError
from stresslab.store import durable
from stresslab.store.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "w")


def outcome(variant="s/1", score=1.0, **more):
    return {"variant_id": variant, "status": "answered", "score": score, **more}


def add(workspace, rows=None, *, model="m", sha256="a", **more):
    source = {"format": "x", "path": "f", "sha256": sha256, "version": "1"}
    with workspace.add_run(model=model, task="t", source=source, **more) as run:
        run.write("items", [{"item_id": "s/1"}])
        run.write("variants", [{"variant_id": "s/1", "item_id": "s/1"}])
        run.write("outcomes", rows or [outcome()])
    return run


def read(workspace, run_id, table):
    import pyarrow.parquet as pq

    return pq.read_table(workspace.path / "runs" / run_id / f"{table}.parquet").to_pylist()


def test_a_sealed_run_is_live_and_counted(workspace):
    run = add(workspace)
    assert run.state == "sealed"
    assert workspace.info()["n_outcomes"] == 1
    assert [one.state for one in workspace.runs()] == ["live"]
    assert workspace.verify() == []


def test_the_same_import_again_adds_nothing(workspace):
    add(workspace)
    version = workspace.data_version
    assert add(workspace).state == "identical"
    assert workspace.data_version == version
    assert len(workspace.runs()) == 1


def test_another_mapping_supersedes_the_older_run(workspace):
    old = add(workspace, mapping="a = 1").run_id
    new = add(workspace, mapping="a = 2").run_id
    states = {run.run_id: run.state for run in workspace.runs(include=("live", "superseded"))}
    assert states == {old: "superseded", new: "live"}


def test_retiring_the_newer_reading_brings_the_older_back(workspace):
    old = add(workspace, mapping="a = 1").run_id
    new = add(workspace, mapping="a = 2").run_id
    workspace.retire(new)
    assert [run.run_id for run in workspace.runs()] == [old]
    workspace.restore(new)
    assert [run.run_id for run in workspace.runs()] == [new]


def test_purge_deletes_and_the_version_goes_back(workspace):
    add(workspace)
    version = workspace.data_version
    gone = add(workspace, model="n").run_id
    assert workspace.data_version != version
    workspace.purge(gone)
    assert workspace.data_version == version
    assert not (workspace.path / "runs" / gone).exists()


def test_an_unknown_run_is_named_with_near_ones(workspace):
    run_id = add(workspace).run_id
    with pytest.raises(WorkspaceError, match=run_id):
        workspace.retire(run_id[:-1])


def test_two_workspaces_with_the_same_runs_have_versions_of_their_manifests(workspace):
    add(workspace)
    version = workspace.data_version
    workspace.set_config("models", "m", {"family": "bert"})
    assert workspace.data_version != version
    workspace.set_config("models", "m", None)
    workspace.set_config("slices", "hard", "tier > 3")
    assert workspace.config.slices == {"hard": "tier > 3"}


def test_an_exception_keeps_a_partial_that_the_next_try_takes_up(workspace):
    source = {"sha256": "a"}
    with (
        pytest.raises(RuntimeError),
        workspace.add_run(model="m", task="t", source=source) as run,
    ):
        run.write("outcomes", [outcome("s/1")])
        raise RuntimeError
    assert workspace.runs() == []
    assert [run.state for run in workspace.runs(include=("partial",))] == ["partial"]
    with workspace.add_run(model="m", task="t", source=source) as run:
        assert run.resumed
        assert run.done() == {("s/1", 0)}
        run.write("outcomes", [outcome("s/2")])
    assert [row["variant_id"] for row in read(workspace, run.run_id, "outcomes")] == ["s/1", "s/2"]


def test_parts_are_written_as_rows_come_and_joined_in_order(workspace):
    with workspace.add_run(model="m", task="t", part_rows=10) as run:
        for index in range(35):
            run.write("outcomes", [outcome(f"s/{index}", index / 35)])
        assert len(list((workspace.path / "runs").glob(".partial-*/part-*"))) == 3
    rows = read(workspace, run.run_id, "outcomes")
    assert [row["variant_id"] for row in rows] == [f"s/{index}" for index in range(35)]


def test_a_second_writer_of_the_same_run_is_told_who_writes(workspace):
    source = {"sha256": "a"}
    with workspace.add_run(model="m", task="t", source=source) as run:
        run.write("outcomes", [outcome()])
        with (
            pytest.raises(BusyError, match="pid"),
            workspace.add_run(model="m", task="t", source=source),
        ):
            pass
        assert workspace.clean() == []
    assert run.state == "sealed"


def test_clean_removes_what_nobody_writes(workspace):
    with pytest.raises(RuntimeError), workspace.add_run(model="m", task="t") as run:
        run.write("outcomes", [outcome()])
        raise RuntimeError
    assert len(workspace.clean()) == 1
    assert workspace.runs(include=("partial",)) == []


def test_a_sealed_writer_refuses_rows(workspace):
    run = add(workspace)
    with pytest.raises(SealedError, match="sealed"):
        run.write("outcomes", [outcome()])


def test_an_abstention_earns_nothing_and_is_not_wrong(workspace):
    run = add(workspace, [outcome(score=None) | {"status": "abstained"}])
    [row] = read(workspace, run.run_id, "outcomes")
    assert (row["score"], row["correct"], row["trial"]) == (0.0, None, 0)


def test_a_tier_without_a_name_is_stress(workspace):
    with workspace.add_run(model="m", task="t") as run:
        run.write("variants", [{"variant_id": "s/1#stress:2", "item_id": "s/1", "tier": 2}])
        run.write("outcomes", [outcome("s/1#stress:2")])
    [row] = read(workspace, run.run_id, "variants")
    assert (row["perturbation"], row["axis"]) == ("stress", "paired")


@pytest.mark.parametrize(
    ("table", "row", "message"),
    [
        ("outcomes", outcome(status="fine"), "status is one of"),
        ("outcomes", outcome(score=None), "an answered row has a score"),
        ("outcomes", outcome(score=float("nan")), "finite"),
        ("outcomes", outcome(score=0.0, status="errored"), "has no score"),
        ("outcomes", outcome(score=1.0, status="refused"), "score 0"),
        ("outcomes", outcome(correct=2), "correct is 0, 1 or null"),
        ("outcomes", outcome(variant=None), "never empty"),
        ("outcomes", outcome(points=3), "got points"),
        ("outcomes", outcome(score="much"), "must be double"),
        ("variants", {"variant_id": "v", "item_id": "i", "tier": -1}, "whole number from 0"),
        ("variants", {"variant_id": "v", "item_id": "i", "perturbation": "p"}, "has a tier"),
        ("variants", {"variant_id": "v", "item_id": "i", "perturbation": "p", "tier": 0}, "tier 0"),
        ("variants", {"variant_id": "v", "item_id": "i", "tier": 1, "axis": "x"}, "axis"),
        ("variants", {"variant_id": "v"}, "must name an item"),
        ("things", {}, "tables items"),
    ],
)
def test_rows_that_break_a_rule_are_refused_with_the_rule(workspace, table, row, message):
    with (
        pytest.raises(RowError, match=message),
        workspace.add_run(model="m", task="t") as run,
    ):
        run.write(table, [row])


def test_the_same_key_twice_in_a_run_is_refused_and_nothing_is_lost(workspace):
    with pytest.raises(RowError, match="'s/1', 0 stands there 2 times"):
        add(workspace, [outcome(), outcome()])
    assert len(workspace.runs(include=("partial",))) == 1


@pytest.mark.parametrize("harm", ["truncate", "swap", "remove", "manifest"])
def test_a_damaged_run_is_named_and_the_others_stay_open(workspace, harm):
    bad, good = add(workspace).run_id, add(workspace, model="n", sha256="b").run_id
    file = workspace.path / "runs" / bad / "outcomes.parquet"
    if harm == "truncate":
        file.write_bytes(file.read_bytes()[:-20])
    elif harm == "swap":
        file.write_bytes((workspace.path / "runs" / good / "items.parquet").read_bytes())
    elif harm == "remove":
        file.unlink()
    else:
        file = file.with_name("manifest.json")
        file.write_text("{")
    damaged = workspace.runs(include=("damaged",))
    assert [run.run_id for run in damaged] == [bad]
    assert str(file) in damaged[0].reason
    assert [run.run_id for run in workspace.runs()] == [good]
    assert str(file) in [str(problem.path) for problem in workspace.verify()]


def test_verify_finds_one_flipped_byte_and_a_wrong_checksum(workspace):
    run_id = add(workspace).run_id
    file = workspace.path / "runs" / run_id / "outcomes.parquet"
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    file.write_bytes(bytes(content))
    [problem] = workspace.verify()
    assert problem.path == file
    content[10] ^= 1
    file.write_bytes(bytes(content))
    manifest = file.with_name("manifest.json")
    said = json.loads(manifest.read_text())
    said["files"]["items.parquet"]["sha256"] = "0" * 64
    manifest.write_text(json.dumps(said))
    assert [one.path.name for one in workspace.verify()] == ["items.parquet"]


def test_a_folder_that_is_no_workspace_says_how_to_make_one(tmp_path):
    with pytest.raises(WorkspaceError, match="stresslab import"):
        Workspace.open(tmp_path)


def test_a_disk_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(30, "Read-only file system")

    workspace = Workspace.create(tmp_path / "w")
    monkeypatch.setattr(durable, "write_bytes", refuse)
    with pytest.raises(WorkspaceError, match=r"workspace\.toml must be writable: Read-only"):
        workspace.set_config("models", "m", {"family": "x"})


def test_the_index_of_a_read_only_workspace_lies_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))
    workspace = Workspace.create(tmp_path / "w")
    assert workspace.index_folder == tmp_path / "w" / ".index"
    workspace.set_config("", "provenance", "shipped")
    assert (tmp_path / "cache") in workspace.index_folder.parents


def test_a_newer_format_is_refused(tmp_path):
    workspace = Workspace.create(tmp_path / "w")
    (workspace.path / "workspace.toml").write_text('name = "w"\nformat = 99\n')
    with pytest.raises(WorkspaceError, match="format 99"):
        Workspace.open(workspace.path)

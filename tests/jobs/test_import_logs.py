"""An import adds runs once, resumes, and keeps what could be read."""

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stresslab import Workspace
from stresslab.errors import ReadError, WorkspaceError
from stresslab.jobs import _import_source, _walk
from stresslab.jobs._events import Done, Progress
from stresslab.jobs.import_logs import import_logs, preview, reader_of


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))


def write(folder: Path, name: str, n_items: int = 3, models: str = "AB", broken: str = "") -> Path:
    lines = [f"{n},{model},x{n},{n % 2}" for n in range(n_items) for model in models]
    path = folder / name
    path.write_text("\n".join(["id,model,text,score", *lines]) + f"\n{broken}")
    return path


def done(*arguments, **settings) -> Done:
    return list(import_logs(*arguments, **settings))[-1]


def outcomes(workspace: Path) -> int:
    return sum(run.n_outcomes for run in Workspace.open(workspace).runs())


def test_a_missing_workspace_is_made(tmp_path):
    ended = done(tmp_path / "w", [write(tmp_path, "a.csv")])
    assert ended.counts["runs"] == 2
    assert ended.message == "Added 2 runs with 6 outcomes."
    assert outcomes(tmp_path / "w") == 6


def test_a_folder_of_other_files_is_not_made_a_workspace(tmp_path):
    with pytest.raises(WorkspaceError, match="holds other files"):
        done(tmp_path, [write(tmp_path, "a.csv")])


def test_progress_ends_where_the_file_ends(tmp_path):
    path = write(tmp_path, "a.csv")
    events = list(import_logs(tmp_path / "w", [path]))
    seen = [one for one in events if isinstance(one, Progress) and one.message == "Reading a.csv"]
    assert seen[-1].done == seen[-1].total == path.stat().st_size


def test_the_same_again_adds_nothing_and_says_so(tmp_path):
    path = write(tmp_path, "a.csv")
    done(tmp_path / "w", [path])
    before = Workspace.open(tmp_path / "w").data_version
    ended = done(tmp_path / "w", [path])
    assert ended.message == "Nothing new: 2 runs of this import were there already."
    assert Workspace.open(tmp_path / "w").data_version == before


def test_another_mapping_supersedes_the_earlier_import(tmp_path):
    path = write(tmp_path, "a.csv", models="A")
    done(tmp_path / "w", [path])
    mapping = tmp_path / "m.toml"
    mapping.write_text(preview([path])[str(path)] + '[variant_attributes]\nt = "field:text"\n')
    done(tmp_path / "w", [path], mapping=mapping)
    states = [one.state for one in Workspace.open(tmp_path / "w").runs(("live", "superseded"))]
    assert sorted(states) == ["live", "superseded"]


def test_the_mapping_is_kept_beside_the_run_and_reads_the_same(tmp_path):
    path = write(tmp_path, "a.csv", models="A")
    done(tmp_path / "w", [path])
    kept = next((tmp_path / "w").glob("runs/*/mapping.toml"))
    assert kept.read_text() == preview([path])[str(path)]
    assert done(tmp_path / "w", [path], mapping=kept).counts["identical"] == 1


def test_what_could_not_be_read_is_kept_as_rejects(tmp_path):
    path = write(tmp_path, "a.csv", models="A", broken="7,A,half\n8,A,whole,many\n")
    ended = done(tmp_path / "w", [path])
    assert ended.counts["rejects"] == 2
    rows = pq.read_table(next((tmp_path / "w").glob("runs/*/rejects.parquet"))).to_pylist()
    assert [(row["line"], row["field"]) for row in rows] == [("line 6", "score"), ("line 5", "")]
    assert outcomes(tmp_path / "w") == 4


def test_a_file_nothing_can_be_read_of_is_refused_with_reasons(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,model,score\n,A,1\n,B,1\n")
    with pytest.raises(ReadError, match=r"line 2: id the item is missing"):
        done(tmp_path / "w", [path])


def test_a_folder_stands_for_the_files_in_it(tmp_path):
    (tmp_path / "logs").mkdir()
    write(tmp_path / "logs", "a.csv", models="A")
    write(tmp_path / "logs", "b.csv", models="B")
    (tmp_path / "logs" / "notes.txt").write_text("no table")
    assert done(tmp_path / "w", [tmp_path / "logs"]).counts["files"] == 2


def test_an_import_that_was_stopped_goes_on_and_ends_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("stresslab.store.scan_rows.CHUNK_ROWS", 50)
    monkeypatch.setattr(_import_source, "ROWS_A_FLUSH", 50)
    path = write(tmp_path, "a.csv", n_items=300)
    halfway = import_logs(tmp_path / "w", [path])
    for _ in range(40):
        next(halfway)
    with pytest.raises(KeyboardInterrupt):
        halfway.throw(KeyboardInterrupt)
    assert outcomes(tmp_path / "w") == 0
    ended = done(tmp_path / "w", [path])
    assert ended.counts["outcomes"] == 600
    assert 0 < ended.counts["kept"] < 600
    done(tmp_path / "whole", [path])
    for one, other in zip(*(_rows(tmp_path / name) for name in ("w", "whole")), strict=True):
        assert one == other


def _rows(workspace):
    runs = sorted(Workspace.open(workspace).runs(), key=lambda run: run.model)
    return [
        sorted(map(str, pq.read_table(Path(run.path) / f"{table}.parquet").to_pylist()))
        for run in runs
        for table in ("items", "variants", "outcomes")
    ]


def _import(workspace, path):
    list(import_logs(workspace, [path]))


def test_a_source_that_somebody_else_is_importing_is_named_and_the_others_come_in(
    tmp_path, monkeypatch
):
    from stresslab.errors import BusyError
    from stresslab.jobs import import_logs as job

    for name in ("a", "b"):
        write(tmp_path, f"{name}.csv")
    real = job.SourceImport.run

    def run(self, course):
        if self.found.path.stem == "a":
            raise BusyError("Process 1 is writing this run.")
        yield from real(self, course)

    monkeypatch.setattr(job.SourceImport, "run", run)
    done = list(import_logs(tmp_path / "w", [tmp_path / "a.csv", tmp_path / "b.csv"]))[-1]
    assert "a.csv" in done.message
    assert "Process 1 is writing" in done.message
    assert Workspace.open(tmp_path / "w").runs()


@pytest.mark.slow
def test_two_processes_import_into_one_new_workspace(tmp_path):
    paths = [write(tmp_path, name, n_items=500, models=name[0]) for name in ("a.csv", "b.csv")]
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_import, args=(tmp_path / "w", path)) for path in paths]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert [one.exitcode for one in both] == [0, 0]
    assert outcomes(tmp_path / "w") == 1000


def test_a_file_no_reader_knows_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(ReadError, match="No reader knows"):
        reader_of(tmp_path / "a.txt")


def test_two_equally_sure_readers_are_an_error(tmp_path, monkeypatch):
    piece = _walk.readers.get("table")
    monkeypatch.setattr(
        type(_walk.readers), "__iter__", lambda _: iter([("one", piece), ("two", piece)])
    )
    with pytest.raises(ReadError, match="could be two or one"):
        reader_of(write(tmp_path, "a.csv"))


def test_what_is_not_read_is_counted_and_named_at_the_end(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    write(logs, "a.csv", models="A")
    (logs / "notes.txt").write_text("no table")
    (logs / "weights.pt").write_bytes(b"\x80\x04.")
    (logs / "broken.csv").write_text("id,model,score\n,A,1\n")
    ended = done(tmp_path / "w", [logs])
    counts = ended.counts
    assert [counts[name] for name in ("runs", "files", "failed", "refused", "unclaimed")] == [1] * 5
    assert "1 file refused" in ended.message
    assert "notes.txt" in ended.message
    assert list(ended.report["files_failed"]) == [str(logs / "broken.csv")]
    assert "pickle" in ended.report["files_refused"][str(logs / "weights.pt")]


def test_a_program_is_told_which_runs_came_in_and_which_were_superseded(tmp_path):
    path = write(tmp_path, "a.csv", models="A", broken="7,A,half\n8,A,whole,many\n")
    first = done(tmp_path / "w", [path]).report
    assert list(first["rejects_by_reason"].values()) == [1, 1]
    mapping = tmp_path / "m.toml"
    mapping.write_text(preview([path])[str(path)] + '[variant_attributes]\nt = "field:text"\n')
    again = done(tmp_path / "w", [path], mapping=mapping).report
    assert again["runs_superseded"] == first["runs_added"]
    assert (
        done(tmp_path / "w", [path], mapping=mapping).report["runs_identical"]
        == (again["runs_added"])
    )


def test_the_hash_of_a_source_is_over_all_its_parts(tmp_path, monkeypatch):
    get = type(_walk.readers).get
    both = replace(
        _walk.readers.get("table"), parts=lambda path: (path, path.with_suffix(".extra"))
    )
    monkeypatch.setattr(
        type(_walk.readers),
        "get",
        lambda self, name: both if name == "table" else get(self, name),
    )
    path = write(tmp_path, "a.csv", models="A")
    path.with_suffix(".extra").write_text("one")
    events = list(import_logs(tmp_path / "w", [path]))
    assert events[0].total == path.stat().st_size + 3
    assert done(tmp_path / "w", [path]).counts["identical"] == 1
    source = Workspace.open(tmp_path / "w").runs()[0].source
    assert [part["name"] for part in source["parts"]] == ["a.csv", "a.extra"]
    path.with_suffix(".extra").write_text("two")
    assert done(tmp_path / "w", [path]).counts["runs"] == 1


def test_printed_numbers_are_compared_after_the_import(tmp_path, monkeypatch, capsys):
    from stresslab.cli import main
    from stresslab.nouns import arrow_schema
    from stresslab.readers import Batch, RunKey

    piece, get = _walk.readers.get("table"), type(_walk.readers).get

    def read(path, mapping):
        yield from piece.read(path, mapping)
        rows = [{"measure": "score", "slice": "", "value": value} for value in (1 / 3, 0.3)]
        table = pa.Table.from_pylist(rows, schema=arrow_schema("published"))
        yield Batch(RunKey("A", "a"), "published", table)

    loud = replace(piece, read=read)
    monkeypatch.setattr(
        type(_walk.readers), "get", lambda self, name: loud if name == "table" else get(self, name)
    )
    path = write(tmp_path, "a.csv", models="A")
    assert main(["import", str(path), "-w", str(tmp_path / "w")]) == 0
    text = capsys.readouterr().out
    assert "Of 2 printed numbers that were recomputed 1 are equal, 1 DIFFER." in text
    assert "differs: model A" in text
    verdicts = [row["verdict"] for row in done(tmp_path / "w", [path]).report["parity"]]
    assert verdicts == ["equal", "differs"]

"""A full disk, a stop at any point, a locked folder and huge fields cost nothing that was readable."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stresslab import Workspace
from stresslab.errors import StresslabError
from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers
from stresslab.store import durable
from tests.readers import inspect_files
from tests.readers.zips import write_zip

NOBODY = 65534
MIB = 1 << 20


@pytest.fixture(autouse=True)
def _no_hook_stays():
    yield
    durable.set_hook(None)


def table(path, n=40):
    lines = [f"t{n},bert,typos,{n % 3},text {n},{n % 2}" for n in range(n)]
    path.write_text("\n".join(["id,model,perturbation,tier,text,correct", *lines, "t1,bert", ""]))
    return path


def rows_of(workspace):
    """Return every row of every table of every run, without what names the run."""
    return {
        file.name: sorted(map(repr, pq.read_table(file).to_pylist()))
        for run in workspace.runs()
        for file in sorted(run.path.glob("*.parquet"))
    }


def stop_at(point, error):
    """Raise an error at the `point`-th write, sync or rename from now on; return what was passed."""
    passed = []

    def hook(label):
        passed.append(label)
        if len(passed) == point:
            raise error

    durable.set_hook(hook)
    return passed


def stopped_and_resumed(tmp_path, point, error):
    """Import with an error at one point, then again; return the rows and whether it was stopped."""
    workspace = Workspace.create(tmp_path / f"w{point}")
    source, was_stopped = tmp_path / "answers.csv", False
    passed = stop_at(point, error)
    try:
        list(import_logs(workspace, [source]))
    except (OSError, StresslabError, KeyboardInterrupt):
        was_stopped = True
    durable.set_hook(None)
    assert workspace.runs(include=("damaged",)) == []
    list(import_logs(workspace, [source]))
    assert workspace.verify() == []
    return rows_of(workspace), was_stopped or len(passed) >= point


def full():
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def whole(tmp_path):
    clean = Workspace.create(tmp_path / "clean")
    list(import_logs(clean, [table(tmp_path / "answers.csv")]))
    return rows_of(clean)


@pytest.mark.slow
@pytest.mark.parametrize("make", [full, KeyboardInterrupt])
def test_wherever_an_import_stops_the_next_gives_equal_tables(tmp_path, make):
    expected = whole(tmp_path)
    for point in range(1 if make is full else 4, 400, 8):
        rows, was_stopped = stopped_and_resumed(tmp_path, point, make())
        assert rows == expected, f"stopped at point {point}"
        shutil.rmtree(tmp_path / f"w{point}")
        if not was_stopped:
            break
    assert {"outcomes.parquet", "rejects.parquet"} <= expected.keys()
    assert point > 15, "the points of writing, syncing and renaming were visited"


def as_nobody(job):
    """Return what a job says in a process whose rights are those of nobody: root may open all."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            said = job()
        except BaseException:
            said = traceback.format_exc()
        os.write(theirs, json.dumps(said).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as file:
        text = file.read()
    os.waitpid(child, 0)
    return json.loads(text)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_locked_folder_and_file_are_named_and_the_rest_is_found():
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        for name in ("locked", "open"):
            (folder / name).mkdir()
            table(folder / name / "a.csv")
        table(folder / "secret.csv").chmod(0)
        (folder / "locked").chmod(0)
        os.chmod(folder / "open", stat.S_IRWXU | stat.S_IROTH | stat.S_IXOTH)
        readers.get("table").sniff(folder / "open" / "a.csv")  # what is imported late, now

        def job():
            found = walk([folder])
            return [
                [one.path.name for one in found.sources if one.path.parent.name == "open"],
                {path.name: reason for path, reason in found.refused.items()},
            ]

        walk([folder])
        told = as_nobody(job)
    finally:
        shutil.rmtree(folder)
    assert isinstance(told, list), told
    sources, refused = told
    assert sources == ["a.csv"]
    assert "ermission" in refused["locked"]


def huge_lines(path):
    rows = [{"id": f"q{n}", "model": "m", "output": "x", "score": 1} for n in range(3)]
    rows[1]["output"] = "long " * (10 * MIB)
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def huge_log(path):
    rows = [inspect_files.sample(f"q{n}", "C") for n in range(3)]
    rows[1]["input"] = "long " * (10 * MIB)
    return inspect_files.write_eval(path, rows)


READ = """
import sys
from pathlib import Path
from stresslab.readers import readers
reader, path = readers.get(sys.argv[1]), Path(sys.argv[2])
batches = list(reader.read(path, reader.propose(path)))
counts = [sum(b.rows.num_rows for b in batches if b.table == t) for t in ("outcomes", "rejects")]
status = Path("/proc/self/status").read_text().split()
print([*counts, int(status[status.index("VmHWM:") + 1]) >> 10])
"""
"""In a process of its own: the peak of one that is forked begins with that of its parent."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "write"), [("a.jsonl", huge_lines), ("a.eval", huge_log)])
def test_a_field_of_fifty_mebibytes_costs_no_row_and_little_memory(tmp_path, name, write):
    path = write(tmp_path / name)
    [source] = walk([path]).sources
    command = [sys.executable, "-c", READ, source.reader, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    n, rejects, peak = json.loads(said)
    assert n == 3 or (n == 2 and rejects == 1)
    assert peak < 1024


def test_an_archive_within_a_log_is_not_opened(tmp_path):
    inner = write_zip(tmp_path / "inner.zip", {"samples/q9_epoch_1.json": b"{}"}).read_bytes()
    extra = {"samples/q8_epoch_1.json": inner, "more.zip": inner}
    rows = [inspect_files.sample("q1", "C")]
    path = inspect_files.write_eval(tmp_path / "a.eval", rows, extra=extra)
    found, _ = inspect_files.imported(path)
    assert [row["variant_id"] for row in found["outcomes"]] == ["numbers/q1"]
    assert [row["line"] for row in found["rejects"]] == ["entry samples/q8_epoch_1.json"]

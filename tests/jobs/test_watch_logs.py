"""New logs are imported as they appear, each once, when they rest."""

import json
import signal
import subprocess
import sys
import time

import pytest

from stresslab import Workspace
from stresslab.cli import main
from stresslab.errors import ReadError
from stresslab.jobs._events import Done, Progress
from stresslab.jobs.watch_logs import watch_logs


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def logs(tmp_path):
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def put(folder, name, *rows):
    (folder / name).write_text("\n".join(["id,model,score", *rows]) + "\n")


def look(events):
    """Return what was done until the watcher has looked once."""
    done = []
    for event in events:
        if isinstance(event, Done):
            done.append(event)
        elif isinstance(event, Progress) and event.unit == "looks":
            return done
    raise AssertionError("a watcher never ends by itself")


def test_what_appears_is_imported_when_it_rests(tmp_path, logs):
    events = watch_logs(tmp_path / "w", logs, every=0.01)
    assert look(events) == []
    put(logs, "a.csv", "1,A,1")
    assert look(events) == []
    put(logs, "a.csv", "1,A,1", "2,A,0")
    assert look(events) == []
    (done,) = look(events)
    assert (done.counts["runs"], done.counts["outcomes"]) == (1, 2)
    assert look(events) == []
    put(logs, "b.csv", "1,B,1")
    look(events)
    assert len(look(events)) == 1
    assert {run.model for run in Workspace.open(tmp_path / "w").runs()} == {"A", "B"}


def test_what_cannot_be_read_is_told_once_and_watching_goes_on(tmp_path, logs):
    put(logs, "bad.csv", ",A,1")
    events = watch_logs(tmp_path / "w", logs, every=0.01)
    look(events)
    (done,) = look(events)
    assert "bad.csv could not be read" in done.message
    assert look(events) == []


def test_a_folder_must_be_there(tmp_path):
    with pytest.raises(ReadError, match="folder to watch"):
        next(watch_logs(tmp_path / "w", tmp_path / "nowhere"))


def test_one_folder_is_watched_and_not_also_looked_at(tmp_path, logs, capsys):
    for words in (
        [],
        ["--watch"],
        [str(logs), "--watch", str(logs)],
        ["--watch", str(logs), "--dry-run"],
    ):
        assert main(["import", *words, "-w", str(tmp_path / "w")]) == 2
        assert "--watch" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", ["{logs} --watch -w {w}", "--watch {logs} -w {w}", "-w {w} {logs} --watch"]
)
def test_the_folder_may_stand_before_or_behind_the_switch(tmp_path, logs, monkeypatch, words):
    seen = []

    def watched(workspace, folder, *, mapping=None):
        seen.append((workspace, folder))
        return iter(())

    monkeypatch.setattr("stresslab.jobs.watch_logs.watch_logs", watched)
    assert main(["import", *words.format(logs=logs, w=tmp_path / "w").split()]) == 0
    assert seen == [(tmp_path / "w", logs)]


def heed_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_an_interrupt_ends_the_command_without_an_error(tmp_path, logs):
    put(logs, "a.csv", "1,A,1")
    words = [sys.executable, "-c", "import sys; from stresslab.cli import main; sys.exit(main())"]
    words += ["import", "--watch", str(logs), "--json"]
    words += ["-w", str(tmp_path / "w")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # A shell lets what runs in its background ignore the interrupt: this one shall not.
    with subprocess.Popen(words, **pipes, preexec_fn=heed_interrupts) as process:
        try:
            line = process.stdout.readline()
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert json.loads(line)["runs"] == 1
    assert (process.returncode, errors) == (0, b"")

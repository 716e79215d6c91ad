"""A job beside the page goes on by itself, is started once, and says how it ended."""

import threading

import pytest

from stresslab.errors import ReadError
from stresslab.jobs import background
from stresslab.jobs._events import Done, Progress


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    monkeypatch.setattr(background, "_works", {})


def ended(name):
    work = background.find(name)
    work.wait(10)
    return work


def test_a_job_runs_to_its_end_and_is_remembered():
    background.start("a", "Counting", lambda: iter([Progress(1, 2, "rows", rows=5), Done("Two.")]))
    work = ended("a")
    assert (work.done.message, work.share, work.error) == ("Two.", 0.5, "")
    assert work.rows_a_second > 0


def test_a_job_at_work_is_not_started_again():
    gate, begun = threading.Event(), []

    def events():
        begun.append(1)
        gate.wait(10)
        yield Done("Once.")

    first = background.start("a", "Waiting", events)
    assert background.start("a", "Waiting", events) is first
    background.forget("a")
    assert background.find("a") is first, "what runs is not forgotten"
    gate.set()
    assert ended("a").done
    background.forget("a")
    assert background.find("a") is None
    assert begun == [1]


def test_stopping_closes_the_job_so_that_it_can_keep_what_it_has():
    gate, closed = threading.Event(), []

    def events():
        try:
            yield Progress(0, 2, "rows")
            gate.wait(10)
            yield Progress(1, 2, "rows")
        finally:
            closed.append(1)

    work = background.start("a", "Reading", events)
    work.stop()
    gate.set()
    assert ended("a").done is None
    assert closed == [1]


@pytest.mark.parametrize(
    ("error", "said"), [(ReadError("No."), "No."), (KeyError("x"), "KeyError")]
)
def test_what_goes_wrong_is_a_sentence(error, said):
    def events():
        raise error
        yield

    background.start("a", "Failing", events)
    assert said in ended("a").error

"""Uploads are kept by content; their names are never paths."""

import io
import os

import pytest

from stresslab.errors import ReadError
from stresslab.jobs import inbox


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))


def keep(**files):
    return inbox.keep((name, io.BytesIO(text)) for name, text in files.items())


def test_the_same_files_again_are_the_same_upload():
    name = keep(**{"a.csv": b"x\n1\n"})
    assert keep(**{"a.csv": b"x\n1\n"}) == name != keep(**{"a.csv": b"x\n2\n"})
    folder = inbox.folder_of(name)
    assert [(one.name, one.read_bytes()) for one in folder.iterdir()] == [("a.csv", b"x\n1\n")]
    assert inbox.holds(folder / "a.csv")
    assert inbox.name_of(folder / "a.csv") == name
    assert inbox.name_of(folder / "b.csv") is None
    assert not inbox.holds(folder / ".." / ".." / "other")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\x\\a.csv", "a.csv"), ("..", "file"), ("", "file"),
        (".hidden", "hidden"), ("a\0b\n.csv", "a_b_.csv"), ("samples_t_2026-01-02T03-04-05.1.jsonl",) * 2,
        ("<script>.csv", "_script_.csv"), ("größe.csv",) * 2, ("字" * 99 + ".csv", "字" * 48 + ".csv"), ("x" * 300 + ".csv.gz", "x" * 143 + ".csv.gz"),
    ],
)  # fmt: skip
def test_nothing_of_a_name_means_a_place(name, plain):
    assert inbox.plain_name(name) == plain


def test_files_of_one_name_stand_beside_each_other():
    name = inbox.keep([("a/x.csv", io.BytesIO(b"1")), ("b/x.csv", io.BytesIO(b"2"))])
    assert sorted(one.name for one in inbox.folder_of(name).iterdir()) == ["2_x.csv", "x.csv"]


@pytest.mark.parametrize("name", ["", "..", "../..", "a" * 32, "/etc", "A" * 32])
def test_an_unknown_name_is_no_folder(name):
    assert inbox.folder_of(name) is None


def test_an_upload_of_nothing_is_refused():
    with pytest.raises(ReadError, match="must hold a file"):
        inbox.keep([])


def test_uploads_are_removed_after_a_month():
    old = inbox.folder_of(keep(**{"a.csv": b"1"}))
    os.utime(old, (0, 0))
    keep(**{"b.csv": b"2"})
    assert not old.exists()


def test_mappings_are_kept_by_their_content():
    name = inbox.keep_mappings({"a.csv": 'task_from = "const:x"', ".": ""})
    assert inbox.mappings_of(name) == {"a.csv": 'task_from = "const:x"', ".": ""}
    assert inbox.keep_mappings({"a.csv": "other"}) != name
    assert inbox.mappings_of("../uploads") == inbox.mappings_of("0" * 32) == {}

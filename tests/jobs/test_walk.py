"""Paths become sources: parts go with their main file, and what is not read is named."""

import os

import numpy as np
import pytest

from stresslab.errors import ReadError
from stresslab.jobs import _walk
from stresslab.jobs._walk import walk
from stresslab.readers import Reader
from stresslab.readers._mapping import Mapping


class Readers(dict):
    """Stands for the catalog."""

    def __iter__(self):
        return iter(self.items())

    def names(self):
        return list(self.keys())


def reader(sniff, **fields):
    return Reader(
        "toy", sniff, lambda path: Mapping(), lambda path, mapping: iter(()), "1", **fields
    )


def beside(path):
    return (path, *sorted(path.parent.glob(f"{path.stem}_part*")))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty folder, walked by three toy readers."""
    toys = Readers(
        main=reader(lambda path: 0.9 * (path.suffix == ".main"), parts=beside),
        box=reader(lambda path: 0.9 * (path.is_dir() and path.name.startswith("box"))),
        any=reader(lambda path: 0.1 * (path.suffix == ".txt")),
    )
    monkeypatch.setattr(_walk, "readers", toys)
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def put(path, content="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def names(walked):
    return [
        (one.path.name, one.reader, [part.name for part in one.parts]) for one in walked.sources
    ]


def test_a_file_that_is_part_of_a_source_is_none_of_its_own(folder):
    put(folder / "a.main")
    put(folder / "a_part1.txt")
    put(folder / "other.txt")
    assert names(walk([folder])) == [
        ("a.main", "main", ["a.main", "a_part1.txt"]),
        ("other.txt", "any", ["other.txt"]),
    ]


def test_a_folder_that_a_reader_claims_is_one_source(folder):
    put(folder / "deep" / "box1" / "b.main")
    put(folder / "deep" / "box1" / "c.bin")
    put(folder / "a.main")
    assert names(walk([folder])) == [
        ("a.main", "main", ["a.main"]),
        ("box1", "box", ["b.main", "c.bin"]),
    ]


def test_the_same_file_named_twice_is_read_once(folder):
    path = put(folder / "a.main")
    assert len(walk([folder, path, path]).sources) == 1


def test_hidden_files_and_links_are_left_out(folder, tmp_path):
    put(folder / "a.txt")
    put(folder / ".hidden.txt")
    put(folder / ".git" / "b.txt")
    (folder / "outside.txt").symlink_to(put(tmp_path / "secret.txt"))
    (folder / "loop").symlink_to(folder)
    found = walk([folder])
    assert names(found) == [("a.txt", "any", ["a.txt"])]
    assert sorted(path.name for path in found.refused) == ["loop", "outside.txt"]


@pytest.mark.parametrize("name", ["w.pkl", "w.pickle", "w.PTH", "w.pt", "w.pkl.gz", "w.joblib"])
def test_pickles_are_refused_by_name_and_never_opened(folder, monkeypatch, name):
    put(folder / "a.txt")
    put(folder / name)
    asked = []
    monkeypatch.setitem(_walk.readers, "spy", reader(lambda path: bool(asked.append(path.name))))
    found = walk([folder])
    assert [path.name for path in found.refused] == [name]
    assert "pickle" in found.refused[folder / name]
    assert name not in asked
    with pytest.raises(ReadError, match="pickle can run code"):
        walk([folder / name])


def test_arrays_of_objects_are_refused_and_others_are_not(folder):
    put(folder / "a.txt")
    np.save(folder / "objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)
    np.save(folder / "numbers.npy", np.arange(3))
    found = walk([folder])
    assert [path.name for path in found.refused] == ["objects.npy"]
    assert [path.name for path in found.unclaimed] == ["numbers.npy"]


def test_a_workspace_inside_a_folder_is_not_read(folder):
    put(folder / "a.txt")
    put(folder / "w" / "workspace.toml")
    put(folder / "w" / "runs" / "b.txt")
    found = walk([folder])
    assert names(found) == [("a.txt", "any", ["a.txt"])]
    assert found.refused == {folder / "w": "a workspace of stresslab"}


def test_files_no_reader_knows_are_listed(folder):
    put(folder / "a.txt")
    put(folder / "photo.png")
    assert [path.name for path in walk([folder]).unclaimed] == ["photo.png"]
    with pytest.raises(ReadError, match=r"No reader knows .*photo\.png"):
        walk([folder / "photo.png"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_folder_without_permission_is_named_and_the_rest_is_read(folder):
    put(folder / "a.txt")
    put(folder / "locked" / "b.txt")
    (folder / "locked").chmod(0)
    try:
        found = walk([folder])
    finally:
        (folder / "locked").chmod(0o700)
    assert names(found) == [("a.txt", "any", ["a.txt"])]
    assert "ermission" in found.refused[folder / "locked"]


def test_a_folder_that_cannot_be_listed_is_named(folder, monkeypatch):
    put(folder / "a.txt")
    put(folder / "locked" / "b.txt")
    scandir = os.scandir

    def closed(path):
        if path == folder / "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert walk([folder]).refused == {folder / "locked": "cannot be opened: Permission denied"}


def test_two_equally_sure_readers_are_an_error_that_names_both(folder, monkeypatch):
    monkeypatch.setitem(_walk.readers, "twin", reader(lambda path: 0.9 * (path.suffix == ".main")))
    put(folder / "a.main")
    with pytest.raises(ReadError, match=r"a\.main could be twin or main"):
        walk([folder])


def test_a_reader_that_is_asked_for_takes_a_file_named_by_its_own_path(folder):
    put(folder / "a.main")
    put(folder / "b.txt")
    assert names(walk([folder], "any")) == [("b.txt", "any", ["b.txt"])]
    assert names(walk([folder / "a.main"], "any")) == [("a.main", "any", ["a.main"])]


def test_of_two_that_claim_each_other_the_first_is_the_source(folder, monkeypatch):
    def both(path):
        return (path, *(one for one in sorted(path.parent.glob("*.txt")) if one != path))

    monkeypatch.setitem(_walk.readers, "any", reader(lambda path: 0.1 * path.is_file(), parts=both))
    put(folder / "a.txt")
    put(folder / "b.txt")
    assert names(walk([folder])) == [("a.txt", "any", ["a.txt", "b.txt"])]


@pytest.mark.parametrize("name", ["logs.zip", "LOGS.ZIP", "logs.tar.gz", "logs.tgz"])
def test_an_archive_no_reader_knows_is_named_with_what_to_do(folder, name):
    put(folder / "a.main")
    put(folder / name)
    walked = walk([folder])
    assert walked.refused == {folder / name: _walk.PACKED}
    assert not walked.unclaimed
    with pytest.raises(ReadError, match="unpack it"):
        walk([folder / name])

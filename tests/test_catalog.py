import importlib.metadata
import sys
from dataclasses import dataclass

import pytest

from stresslab import catalog
from stresslab.catalog import Catalog
from stresslab.errors import UnknownPieceError


@dataclass(frozen=True)
class Toy:
    size: int


HEAD = "from tests.test_catalog import Toy\n"


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """Return the catalog of a package made for one test."""
    folder = tmp_path / "toy_pieces"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "inner" / "__init__.py").touch()
    (folder / "ball.py").write_text(f"{HEAD}PIECE = Toy(1)")
    (folder / "inner" / "doll.py").write_text(f"{HEAD}PIECE = Toy(2)")
    (folder / "_kind.py").write_text("raise ImportError('private')")
    (folder / "none.py").write_text("")
    (folder / "kite.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    catalog._outside.cache_clear()
    yield Catalog("toy_pieces", Toy)
    catalog._outside.cache_clear()
    for name in [one for one in sys.modules if one.split(".")[0] == "toy_pieces"]:
        del sys.modules[name]


def test_names_are_the_files_and_nothing_is_imported(toys):
    assert toys.names() == ["ball", "inner.doll", "kite", "none"]
    assert "toy_pieces.ball" not in sys.modules


def test_a_piece_is_found_by_the_name_of_its_file(toys):
    assert toys.get("ball").size == 1
    assert toys.get("inner.doll").size == 2


def test_an_unknown_name_is_answered_with_near_ones(toys):
    with pytest.raises(UnknownPieceError, match=r"No toy is called 'bal'\. Did you mean: ball"):
        toys.get("bal")


def test_a_name_like_no_other_is_answered_with_all(toys):
    with pytest.raises(UnknownPieceError, match=r"ball, inner\.doll, kite, none"):
        toys.get("zzzzzz")


def test_a_file_without_a_piece_is_a_fault_of_ours(toys):
    with pytest.raises(TypeError, match=r"toy_pieces\.none must define PIECE, a Toy"):
        toys.get("none")


def test_another_package_can_add_a_piece(toys, monkeypatch):
    point = importlib.metadata.EntryPoint("guest", "toy_pieces.ball", "toy_pieces")
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda group: [point] if group == "toy_pieces" else []
    )
    assert "guest" in toys.names()
    assert toys.get("guest").size == 1


def test_own_pieces_win_over_those_of_others(toys, monkeypatch):
    point = importlib.metadata.EntryPoint("ball", "toy_pieces.inner.doll", "toy_pieces")
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point])
    assert toys.get("ball").size == 1


def test_walking_a_catalog_gives_names_and_pieces(toys, tmp_path):
    for name in ("none.py", "kite.py"):
        (tmp_path / "toy_pieces" / name).unlink()
    assert [(name, piece.size) for name, piece in toys] == [("ball", 1), ("inner.doll", 2)]

"""What holds for every piece of every kind, present and future."""

import ast
import dataclasses
import importlib
import inspect

import pytest

from stresslab.commands.ask import KINDS, catalog, description
from stresslab.errors import UnknownPieceError

PIECES = [(kind, name) for kind in KINDS for name in catalog(kind).names()]


def module_of(kind, name):
    return importlib.import_module(f"stresslab.{kind}.{name}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_pieces(kind):
    assert catalog(kind).names()


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_name_brings_the_near_ones(kind):
    name = catalog(kind).names()[0]
    with pytest.raises(UnknownPieceError, match=name.replace(".", r"\.")):
        catalog(kind).get(f"{name}x")


@pytest.mark.parametrize(("kind", "name"), PIECES)
def test_a_piece_is_frozen_and_has_a_title(kind, name):
    piece = catalog(kind).get(name)
    assert piece.title.strip() == piece.title != ""
    with pytest.raises(dataclasses.FrozenInstanceError):
        piece.title = "other"


@pytest.mark.parametrize(("kind", "name"), PIECES)
def test_a_piece_is_the_last_statement_of_a_documented_file(kind, name):
    module = module_of(kind, name)
    assert module.__doc__.splitlines()[0].rstrip().endswith((".", "?"))
    last = ast.parse(inspect.getsource(module)).body[-1]
    assert "PIECE" in ast.unparse(last).split("=")[0]


@pytest.mark.parametrize(("kind", "name"), PIECES)
def test_a_piece_imports_no_other_piece_of_its_kind(kind, name):
    tree = ast.parse(inspect.getsource(module_of(kind, name)))
    others = {f"stresslab.{kind}.{other}" for other in catalog(kind).names()} - {
        f"stresslab.{kind}.{name}"
    }
    used = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not used & others


@pytest.mark.parametrize(("kind", "name"), PIECES)
def test_a_piece_can_be_described_as_json(kind, name):
    import json

    found = json.loads(json.dumps(description(kind, name), default=str, allow_nan=True))
    assert found["text"]

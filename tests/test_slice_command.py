"""`stresslab slice`: keep, list, share."""

import json

import pytest

from stresslab.cli import main
from stresslab.errors import ReadError
from stresslab.store.slice_file import from_toml, to_toml
from tests.factory import toy_workspace


@pytest.fixture
def own(tmp_path):
    return str(toy_workspace(tmp_path / "own", n_items=4).path)


def test_slices_are_kept_listed_shared_and_forgotten(own, tmp_path, capsys):
    assert main(["slice", "save", "late ones", "tier >= 2", "-w", own]) == 0
    file = str(tmp_path / "slices.toml")
    main(["slice", "export", file, "-w", own])
    main(["slice", "remove", "late ones", "-w", own])
    capsys.readouterr()
    main(["slice", "list", "-w", own, "--json"])
    assert json.loads(capsys.readouterr().out) == {}
    main(["slice", "import", file, "-w", own])
    capsys.readouterr()
    main(["slice", "list", "-w", own, "--json"])
    assert json.loads(capsys.readouterr().out) == {"late ones": "tier >= 2"}


def test_a_condition_that_cannot_be_read_is_not_kept(own, capsys):
    assert main(["slice", "save", "bad", "tier >=", "-w", own]) == 2
    assert "bad" in capsys.readouterr().err


def test_an_unknown_slice_is_named(own, capsys):
    assert main(["slice", "remove", "nothing", "-w", own]) == 2
    assert "nothing" in capsys.readouterr().err


def test_text_and_slices_go_round():
    saved = {"a b": 'domain in ("x", "y")', "c": 'tier > 1 and not status = "refused"'}
    assert from_toml(to_toml(saved)) == saved


@pytest.mark.parametrize(
    "text", ["[slices", "a = 1", "[slices]\na = 1", '[slices]\na = ""', '[slices]\na = "tier >"']
)
def test_a_file_that_holds_no_slices_says_what_is_wrong(text):
    with pytest.raises(ReadError):
        from_toml(text)


def test_a_slice_may_name_another_and_numbers_are_those_of_both(own, capsys):
    main(["slice", "save", "late", "tier >= 2", "-w", own])
    main(["slice", "save", "last", 'slice("late") and tier > 2', "-w", own])
    capsys.readouterr()

    def n_of(where):
        main(["analyze", "overview", "-w", own, "--set", f"where={where}", "--json"])
        found = json.loads(capsys.readouterr().out)
        return [row["n"] for row in found["tables"]["overview"]], found["params"]["where"]

    assert n_of('slice("last")') == (n_of("tier >= 2 and tier > 2")[0], "tier >= 2 and tier > 2")
    assert n_of('not slice("last")')[0] == n_of("tier <= 2")[0]


def test_a_slice_that_names_itself_or_nothing_is_not_kept(own, capsys):
    main(["slice", "save", "a", "tier >= 2", "-w", own])
    main(["slice", "save", "b", 'slice("a")', "-w", own])
    assert main(["slice", "save", "a", 'slice("b")', "-w", own]) == 2
    assert "a -> b -> a" in capsys.readouterr().err
    assert main(["slice", "save", "c", 'slice("aa")', "-w", own]) == 2
    assert "'aa'" in capsys.readouterr().err
    assert main(["slice", "remove", "a", "-w", own]) == 2
    assert "part of b" in capsys.readouterr().err
    assert main(["analyze", "slices", "-w", own]) == 0

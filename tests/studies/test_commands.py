"""`stresslab study`: list, run, show, check."""

import json

import pytest

from stresslab.cli import main


@pytest.fixture(autouse=True)
def _cache(study_cache, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(study_cache))


def test_a_study_that_was_not_built_says_how(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path))
    assert main(["study", "show", "blind_rating"]) == 2
    assert "stresslab study run blind_rating" in capsys.readouterr().err


def test_run_and_show_print_the_same_json(capsys):
    main(["study", "run", "blind_rating", "--scale", "small", "--json"])
    first = json.loads(capsys.readouterr().out)
    main(["study", "show", "blind_rating", "--scale", "small", "--json"])
    assert json.loads(capsys.readouterr().out) == first
    assert all(one["holds"] for one in first["known_answers"])


def test_check_prints_every_known_answer(capsys):
    assert main(["study", "check", "blind_rating"]) == 0
    assert capsys.readouterr().out.count("yes") >= 6


def test_list_names_every_study(capsys):
    from stresslab import studies

    main(["study", "list", "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in listed} == set(studies.names())


def test_an_unknown_study_brings_the_near_ones(capsys):
    assert main(["study", "run", "blind_ratin"]) == 2
    assert "blind_rating" in capsys.readouterr().err

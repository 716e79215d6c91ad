"""What holds for every study, present and future."""

import json

import pytest

from stresslab import Workspace, analyses, studies
from stresslab.figures import figures
from stresslab.jobs.build_study import build_study
from stresslab.result import Result
from stresslab.studies._kept import folder_of, kept
from stresslab.studies._kind import FAMILIES, SCALES

NAMES = studies.names()
ANSWERS = [(name, n) for name in NAMES for n in range(len(studies.get(name).known_answers))]


@pytest.mark.parametrize(("name", "number"), ANSWERS)
def test_a_known_answer_holds(name, number):
    answer = studies.get(name).known_answers[number]
    found = answer.found()
    assert answer.holds(found), f"{answer.says}: expected {answer.expected}, found {found}"


@pytest.mark.parametrize("name", NAMES)
def test_a_study_says_what_it_is(name):
    study = studies.get(name)
    assert study.family in FAMILIES
    assert study.question.endswith("?")
    assert 1 <= study.number <= 55
    assert study.paper
    assert study.verdicts
    assert study.known_answers
    assert study.pictures


def test_no_two_studies_have_one_number():
    numbers = [studies.get(name).number for name in NAMES]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("name", NAMES)
def test_the_small_form_finds_something_and_says_it(built, name):
    study, found = studies.get(name), built(name)
    assert found.verdict in study.verdicts
    assert found.n_holding == len(study.known_answers)
    said = found.result.tables["headlines"]["text"].tolist()
    assert said
    assert all(not one[0].islower() and one.endswith(".") for one in said)
    assert not any("nan" in one.split() for one in said)
    assert len(found.result.table)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_picture_of_a_study_draws_its_table(built, name, mode):
    found = built(name)
    for picture in studies.get(name).pictures:
        table = found.result.tables[picture.table]
        if picture.choose:
            table = table[table[picture.choose] == table[picture.choose].iloc[-1]]
        piece = figures.get(picture.figure)
        assert set(piece.columns) <= {*table.columns, "low", "high", "n"}, picture.figure
        drawn = piece.draw(table, mode=mode, **picture.settings)
        assert drawn.data, picture.alt


@pytest.mark.parametrize("name", NAMES)
def test_the_analyses_of_a_study_run_on_its_workspace(built, name):
    workspace = Workspace.open(built(name).folder)
    for look in studies.get(name).looks:
        piece = analyses.get(look.analysis)
        found = piece.run(workspace, piece.params.parse(dict(look.settings)))
        assert len(found.table), look


@pytest.mark.parametrize("name", NAMES)
def test_what_was_found_saves_and_reloads_equal(built, name, tmp_path):
    found = built(name).result
    found.save(tmp_path / "found.json")
    assert Result.load(tmp_path / "found.json") == found
    assert json.loads(found.to_json())["params"]["study"] == name


@pytest.mark.parametrize("name", NAMES)
def test_a_study_is_built_once_and_apart_from_the_users_workspaces(built, name, study_cache):
    found = built(name)
    assert study_cache in found.folder.parents
    runs = [run.run_id for run in Workspace.open(found.folder).runs()]
    [event] = list(build_study(name, "small"))
    assert "there already" in event.message
    assert [run.run_id for run in Workspace.open(found.folder).runs()] == runs


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_build_that_was_stopped_goes_on_and_finds_the_same(built, name, tmp_path, monkeypatch):
    whole = built(name).result
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path))
    events = build_study(name, "small")
    next(events)
    events.close()
    assert kept(name, "small") is None
    list(build_study(name, "small"))
    again = kept(name, "small").result
    assert {
        n: t.to_dict() for n, t in again.tables.items() if n != "_"
    }.keys() == whole.tables.keys()
    assert json.loads(again.to_json())["tables"] == json.loads(whole.to_json())["tables"]


def test_another_text_of_its_code_is_another_folder(monkeypatch):
    from stresslab.studies import _kept

    before = folder_of(NAMES[0], SCALES[0])
    monkeypatch.setattr(_kept, "digest_of", lambda name: "00000000")
    assert folder_of(NAMES[0], SCALES[0]) != before


def test_the_mark_of_a_study_covers_the_modules_it_is_made_of(tmp_path, monkeypatch):
    import importlib
    import shutil
    from pathlib import Path

    from stresslab.studies import _kept

    name = "crafted_validation"
    module = importlib.import_module(f"stresslab.studies.{name}")
    before = _kept.digest_of(name)
    for one in Path(module.__file__).parent.glob("*.py"):
        shutil.copy(one, tmp_path / one.name)
    monkeypatch.setattr(module, "__file__", str(tmp_path / f"{name}.py"))
    assert _kept.digest_of(name) == before
    for changed in ("_crafted_edges.py", "_crafted_models.py"):  # one imports the other
        old = _kept.digest_of(name)
        with (tmp_path / changed).open("a") as file:
            file.write("# changed\n")
        assert _kept.digest_of(name) != old
    with (tmp_path / "_scylla_tasks.py").open("a") as file:
        file.write("# another study's\n")
    assert _kept.digest_of("scylla") != before

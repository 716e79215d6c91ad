"""The Studies page: a gallery, and one study built and looked at."""

import pytest

from stresslab.jobs.build_study import build_study

PAGE = "pages/410_studies.py"


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path))


def test_the_gallery_shows_every_study(opened, toy):
    from stresslab import studies

    app = opened(PAGE, toy)
    assert not app.exception
    said = " ".join(one.value for one in app.markdown)
    assert all(piece.title in said for _, piece in studies.studies)


def test_a_study_that_is_not_built_offers_to_build_it(opened, toy):
    app = opened(PAGE, toy, study="blind_rating")
    assert not app.exception
    assert [one.label for one in app.button if one.key == "build"] == ["Build this study"]


def test_a_built_study_opens_on_its_answer(opened, toy):
    list(build_study("blind_rating"))
    app = opened(PAGE, toy, study="blind_rating")
    assert not app.exception
    assert any("With 18 prompts" in one.value for one in app.markdown)
    assert any("As computed" in one.label for one in app.expander)


def test_an_unknown_study_shows_the_gallery(opened, toy):
    app = opened(PAGE, toy, study="nothing")
    assert not app.exception
    assert app.title[0].value == "What did the papers show?"

import pytest

from stresslab.jobs.build_study import build_study
from stresslab.studies._kept import kept


@pytest.fixture(scope="session")
def study_cache(tmp_path_factory):
    """A cache folder in which the small form of every study is built once."""
    return tmp_path_factory.mktemp("studies")


@pytest.fixture
def built(study_cache, monkeypatch):
    """Build the small form of a study, once per session, and return what it found."""
    monkeypatch.setenv("STRESSLAB_CACHE", str(study_cache))

    def build(name):
        list(build_study(name, "small"))
        return kept(name, "small")

    return build

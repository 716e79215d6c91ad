"""A reader that makes other tables of the same files has another version."""

from dataclasses import replace

import pytest

from stresslab.readers import readers
from tests.readers import versions

NOTE = "then note what it makes now: python -m tests.readers.versions"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return versions.by_reader(tmp_path_factory.mktemp("versions"))


def check(name, version, digest):
    """Fail with what to do where a reader is not the one that was noted."""
    before, was = versions.noted().get(name, ("", ""))
    if digest != was and version == before:
        pytest.fail(
            f"The reader {name} makes other tables of its fixtures, and its version is still "
            f"{version!r}: raise `version` in its PIECE (not where only a fixture changed), {NOTE}"
        )
    if (version, digest) != (before, was):
        pytest.fail(f"The reader {name} is new or has a new version, {version!r}: {NOTE}")


@pytest.mark.parametrize("name", readers.names())
def test_other_tables_have_another_version(sources, name):
    check(name, readers.get(name).version, versions.digest(sources[name]))


def test_a_changed_table_without_a_new_version_is_seen(sources, monkeypatch):
    digest = versions.digest(sources["bbq"])
    with pytest.raises(pytest.fail.Exception, match=r"raise `version` in its PIECE"):
        check("bbq", versions.noted()["bbq"][0], digest[::-1])
    with pytest.raises(pytest.fail.Exception, match="new version"):
        check("bbq", "another", digest[::-1])
    piece = readers.get("bbq")

    def without_outcomes(*args):
        return (one for one in piece.read(*args) if one.table != "outcomes")

    monkeypatch.setattr(versions.readers, "get", lambda _: replace(piece, read=without_outcomes))
    assert versions.digest(sources["bbq"]) != digest

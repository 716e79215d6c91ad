"""Write zip files with any method, which Python's own zipfile cannot."""

import struct
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa


def write_zip(path: Path, entries: dict[str, bytes], methods: dict | None = None) -> Path:
    """Write entries packed with method 0, 8 or 93; ``[93, n]`` makes frames of n bytes."""
    out, directory = bytearray(), bytearray()
    for name, content in entries.items():
        asked = (methods or {}).get(name, 8)
        method, size = asked if isinstance(asked, list) else (asked, len(content) or 1)
        packed = _packed(content, method, size)
        encoded, crc = name.encode(), zlib.crc32(content)
        fields = struct.pack("<HHHHHIII", 20, 0x800, method, 0, 33, crc, len(packed), len(content))
        tail = struct.pack("<HH", len(encoded), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + fields + tail
        directory += struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(out)) + encoded
        out += b"PK\x03\x04" + fields + tail + encoded + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), len(out), 0)
    path.write_bytes(bytes(out + directory) + b"PK\x05\x06" + end)
    assert zipfile.is_zipfile(path)
    return path


def _packed(content: bytes, method: int, size: int) -> bytes:
    if method == 0:
        return content
    if method == 8:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(content) + packer.flush()
    codec = pa.Codec("zstd")
    parts = [content[at : at + size] for at in range(0, len(content), size)] or [b""]
    return b"".join(codec.compress(part, asbytes=True) for part in parts)

"""Read the records of a JSON file that is one list of them, or holds one; entry by entry."""

import zlib
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import Path
from typing import Any, BinaryIO

from stresslab import lenient
from stresslab.errors import ReadError
from stresslab.store.scan_formats import Look, unpacked
from stresslab.store.scan_rows import (
    BROKEN,
    EXCERPT,
    Chunk,
    Numbered,
    Reject,
    cleaned,
    in_chunks,
    repaired,
)


def json_rows(path: Path, look: Look) -> Iterator[Chunk]:
    """Yield the records of a list, each with its place in it; memory is that of one chunk.

    Raises
    ------
    ReadError
        If nothing of a packed file can be read.
    """
    with path.open("rb") as raw:
        inside = unpacked(raw, look.packing)
        yield from in_chunks(_records(inside, look.member, path), inside.tell, raw.tell, "entry")


def _records(file: BinaryIO, member: str, path: Path) -> Iterator[Numbered | Reject]:
    number = 0
    try:
        for name, value in lenient.walk(file, (member,)):
            if name != member:
                yield _reject("file", name, f"stands beside the list {member!r}; left out", value)
                continue
            number += 1
            place = f"entry {number}"
            if isinstance(value, lenient.Broken):
                excerpt = lenient.clean(value.excerpt)[:EXCERPT]
                yield Reject(place, "", value.reason, excerpt)
            elif isinstance(value, dict):
                yield from repaired(number, value, "entry")
            else:
                yield _reject(place, "", "must be a JSON object", value)
    except (EOFError, zlib.error, LZMAError, OSError) as error:
        if not number:
            raise ReadError(f"{path} must be a whole file; reading it failed: {error}.") from error
        yield Reject(f"after entry {number}", "", f"{BROKEN}: {error}", "")


def _reject(place: str, field: str, reason: str, value: Any) -> Reject:
    if isinstance(value, lenient.Broken):
        reason, value = value.reason, value.excerpt
    return Reject(place, cleaned(field), reason, cleaned(repr(value)[:EXCERPT]))

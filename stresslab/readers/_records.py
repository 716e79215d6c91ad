"""Hand record rows of a log to a `LongTable` in chunks, made storable on the way."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from stresslab import lenient
from stresslab.store.scan import EXCERPT, Chunk, Numbered, Reject, uncollected

Made = TypeVar("Made")

ROWS = 1_000
"""Rows of a chunk: those of a log hold whole texts."""

NOT_UTF8 = "holds bytes that are not UTF-8 text; kept with � in their place"
HEAD = 1 << 16
MAX_DEPTH = 200
"""Levels a value is kept with; nothing that is nested deeper is part of a record."""

SMALL = 64 << 20
"""Files that are read as a whole must be smaller."""


def batches_of(chunks: Iterator[Chunk], add: Callable[[Chunk], Iterable[Made]]) -> Iterator[Made]:
    """Yield what is made of every chunk; each is dropped before the first of it is handed out."""
    while True:
        with uncollected():
            chunk = next(chunks, None)
            if chunk is None:
                return
            made = list(add(chunk))
            del chunk
        yield from made


def in_chunks(
    found: Iterable[Numbered | Reject], bytes_done: Callable[[], int], unit: str
) -> Iterator[Chunk]:
    """Yield rows and rejects in chunks; texts that cannot be stored are repaired and noted.

    Parameters
    ----------
    found : iterable of (int, dict) or Reject
        Record rows with their number.
    bytes_done : callable
        Tells how far the source was read.
    unit : str
        What the numbers count.
    """
    chunk = Chunk(unit=unit)
    for one in found:
        if isinstance(one, Reject):
            chunk.rejects.append(one)
        else:
            number, row = one
            chunk.rejects += tidied(row, f"{unit} {number}")
            chunk.rows.append((number, row))
        if len(chunk.rows) + len(chunk.rejects) >= ROWS:
            chunk.bytes_done = bytes_done()
            full, chunk = [chunk], Chunk(unit=unit)
            yield full.pop()  # what is handed out is not held here
    chunk.bytes_done = bytes_done()
    yield chunk


def tidied(row: dict[str, Any], place: str) -> list[Reject]:
    """Make the members of a row storable; return a note of each that is not as it was."""
    if _is_storable(row):
        return []
    notes = []
    for name, value in list(row.items()):
        try:
            whole = tidy(value)
        except lenient.JsonProblem as problem:
            del row[name]
            notes.append(Reject(place, lenient.clean(name), f"{problem}; left out", ""))
            continue
        if whole is not value:
            row[name] = whole
            excerpt = whole[:EXCERPT] if isinstance(whole, str) else ""
            notes.append(Reject(place, lenient.clean(name), NOT_UTF8, excerpt))
    return notes


def _is_storable(row: dict[str, Any]) -> bool:
    """Return whether a row is known, without a walk through it, to need no repair."""
    import orjson

    try:
        written = orjson.dumps(row)  # takes no text that is not UTF-8
    except TypeError:
        return False
    is_flat = written.count(b"[") + written.count(b"{") <= MAX_DEPTH
    return is_flat and b"\\u0000" not in written


def tidy(value: Any, levels: int = MAX_DEPTH) -> Any:
    """Return a JSON value without characters that cannot be stored; itself if it has none.

    Raises
    ------
    JsonProblem
        If it is nested deeper than so many levels.
    """
    if isinstance(value, str):
        plain = value.isascii() and "\x00" not in value
        return value if plain or not lenient.UNWRITABLE.search(value) else lenient.clean(value)
    if levels < 0:
        raise lenient.JsonProblem("nested too deeply")
    if isinstance(value, list):
        made = [tidy(one, levels - 1) for one in value]
        return value if all(a is b for a, b in zip(made, value, strict=True)) else made
    if isinstance(value, dict):
        texts = [(tidy(name), tidy(one, levels - 1)) for name, one in value.items()]
        same = all(
            a is name and b is one for (a, b), (name, one) in zip(texts, value.items(), strict=True)
        )
        return value if same else dict(texts)
    return value


def broken(place: str, what: lenient.Broken, field: str = "") -> Reject:
    """Return the reject a value is that could not be read."""
    return Reject(
        lenient.clean(place),
        lenient.clean(field),
        what.reason,
        lenient.clean(what.excerpt)[:EXCERPT],
    )


def head_of(path: Path, size: int = HEAD) -> bytes:
    """Return how a file begins; nothing where it cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""


def has_line(head: bytes, words: Iterable[bytes]) -> bool:
    """Return whether one of the first two lines holds all words: the first may be damaged."""
    return any(all(word in line for word in words) for line in head.split(b"\n", 2)[:2])


def small_object(path: Path) -> tuple[dict[str, Any], list[Reject]]:
    """Return the JSON object in a small file, or an empty one and why."""
    try:
        if path.stat().st_size > SMALL:
            return {}, [Reject(path.name, "", f"larger than {SMALL >> 20} MiB", "")]
        found = lenient.loads(path.read_bytes())
    except lenient.JsonProblem as problem:
        text = lenient.clean(head_of(path, EXCERPT).decode("utf-8", "replace"))
        return {}, [Reject(path.name, "", f"not readable as JSON: {problem}", text)]
    except OSError as error:
        return {}, [Reject(path.name, "", f"cannot be opened: {error.strerror or error}", "")]
    if not isinstance(found, dict):
        return {}, [Reject(path.name, "", "must be a JSON object", "")]
    notes = tidied(found, path.name)
    return {lenient.clean(name): one for name, one in found.items()}, notes

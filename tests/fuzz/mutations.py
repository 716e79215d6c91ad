"""Ways in which a file goes wrong: every one is a list of edits, so it is known what was touched."""

import random
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.units import FREE, HEADER, Units

STRUCTURE = (
    b'"', b"'", b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\n", b"\r", b";", b"\t", b"null", b"\\u0000", b"\\ud800",
)  # fmt: skip
ODD_BYTES = (b"\xff", b"\x00", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8")
NUMBERS = (
    b"1e400",
    b"-1e400",
    b"NaN",
    b"-Infinity",
    b"9" * 25,
    b"9" * 5000,
    b"-0",
    b"1e-400",
    b"1_000",
    b"0x10",
    b"",
)
LONG = 1 << 18

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_DEPTH = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}

Edit = tuple[int, int, bytes]
"""Begin and end of what is replaced, and by what."""


@dataclass(frozen=True)
class Mutated:
    """A mutated file.

    Parameters
    ----------
    content : bytes
        The file.
    touched : frozenset of int
        Units of which a byte, or the separator before them, was changed.
    header : bool
        Whether the part all units depend on was changed.
    lost : bool
        Whether elements of an array stand behind one whose quotes or brackets do not close.
    how : str
        Names of the mutations.
    new : bytes
        What now stands where touched units stood, and all that was put in.
    """

    content: bytes
    touched: frozenset[int]
    header: bool
    lost: bool
    how: str
    new: bytes


def mutate(units: Units, rng: random.Random) -> Mutated:
    """Return the file after one to three mutations at random places."""
    ways = _ZIP_WAYS | _WAYS if units.kind == "zip" else _WAYS
    names, edits = [], list[Edit]()
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        name = rng.choice(sorted(ways))
        names.append(name)
        edits += ways[name](units, rng)
    return applied(units, edits, ", ".join(names))


def applied(units: Units, edits: list[Edit], how: str) -> Mutated:
    """Return the file after some edits; of two that overlap the first holds."""
    kept: list[Edit] = []
    for one in sorted(edits, key=lambda edit: edit[:2]):
        if not kept or one[0] >= kept[-1][1]:
            kept.append((one[0], min(one[1], len(units.content)), one[2]))
    touched = {unit for edit in kept for unit in _touched(units, edit)}
    pieces, at, new = [], 0, []
    for begin, end, text in kept:
        pieces += [units.content[at:begin], text]
        new += [units.content[max(0, begin - 40) : begin] + text + units.content[end : end + 40]]
        at = end
    content = b"".join([*pieces, units.content[at:]])
    lost = _out_of_step(units, content, kept, touched) if units.kind == "array" else set()
    is_header = HEADER in touched
    touched = (touched | lost) - {HEADER, FREE}
    return Mutated(content, frozenset(touched), is_header, bool(lost), how, b"\n".join(new))


def _touched(units: Units, edit: Edit) -> set[int]:
    """Return the units an edit changes: those it reaches into, and one behind a changed end."""
    begin, end, text = edit
    found, is_open = set(), False
    for start, stop, unit in units.spans:
        is_put = begin == end and (start <= begin < stop or begin == stop == len(units.content))
        if (start < end and begin < stop) or is_put or is_open:
            found.add(unit)
        tail = units.tails.get(unit, stop - 1)
        reaches = begin < stop and (end > tail or (begin == end and tail <= begin < stop - 1))
        is_open = units.kind != "zip" and reaches and unit in found
        is_open = is_open and not (units.kind == "lines" and text.endswith(b"\n"))
    return found


def _out_of_step(units: Units, content: bytes, edits: list[Edit], touched: set[int]) -> set[int]:
    """Return elements of an array behind one whose brackets or quotes do not close."""
    if touched and min(touched - {HEADER, FREE}, default=0) > 0 and HEADER not in touched:
        return set()  # by then it is known how an element begins
    behind = [one for one in units.spans if one[2] >= 0 and one[2] > min(touched, default=0)]
    first = next((start for start, _, unit in units.spans if unit in touched), 0)
    depth, lost, is_lost, at = 0, set(), False, first
    for start, _, unit in behind:
        moved = start + sum(len(text) - (end - begin) for begin, end, text in edits if end <= start)
        if unit in touched:
            continue
        for found in _TOKEN.finditer(content, at, moved):
            depth += _DEPTH.get(found.group(), 0)
            is_lost = is_lost or depth < 0 or found.end() > moved
        is_open = content.count(b'"', at, moved) % 2 == 1  # an escaped one only adds caution
        at = moved
        is_lost = is_lost or depth != 0 or is_open
        if is_lost:
            lost.add(unit)
    return lost


def _place(units: Units, rng: random.Random) -> int:
    return rng.randrange(len(units.content))


def _flip(units: Units, rng: random.Random) -> list[Edit]:
    at = _place(units, rng)
    return [(at, at + 1, bytes([units.content[at] ^ 1 << rng.randrange(8)]))]


def _any_byte(units: Units, rng: random.Random) -> list[Edit]:
    at = _place(units, rng)
    return [(at, at + 1, bytes([rng.randrange(256)]))]


def _delete(units: Units, rng: random.Random) -> list[Edit]:
    at = _place(units, rng)
    return [(at, at + rng.choice((1, 1, 2, 7, 60)), b"")]


def _insert(units: Units, rng: random.Random) -> list[Edit]:
    at = _place(units, rng)
    return [(at, at, rng.randbytes(rng.choice((1, 3, 40))))]


def _structure(units: Units, rng: random.Random) -> list[Edit]:
    at = _place(units, rng)
    return [(at, at, rng.choice(STRUCTURE) * rng.choice((1, 1, 1, 3)))]


def _odd_bytes(units: Units, rng: random.Random) -> list[Edit]:
    at = _place(units, rng)
    return [(at, at, rng.choice(ODD_BYTES))]


def _duplicate(units: Units, rng: random.Random) -> list[Edit]:
    at, size = _place(units, rng), rng.choice((1, 5, 50, 500))
    return [(at, at, units.content[at : at + size])]


def _truncate(units: Units, rng: random.Random) -> list[Edit]:
    return [(_place(units, rng), len(units.content), b"")]


def _splice(units: Units, rng: random.Random) -> list[Edit]:
    at, other, size = _place(units, rng), _place(units, rng), rng.choice((4, 30, 200))
    return [(at, at + size, units.content[other : other + size])]


def _number(units: Units, rng: random.Random) -> list[Edit]:
    found = list(re.finditer(rb"\d+(\.\d+)?", units.content))
    if not found:
        return _any_byte(units, rng)
    one = rng.choice(found)
    return [(one.start(), one.end(), rng.choice(NUMBERS))]


def _nest(units: Units, rng: random.Random) -> list[Edit]:
    """Put a deeply nested value where a number stands."""
    found = list(re.finditer(rb"(?<=: )\d+", units.content)) or list(
        re.finditer(rb"\d+", units.content)
    )
    at, depth = rng.choice(found).span() if found else (0, 0), rng.choice((10, 150, 1000, 100_000))
    opened, closed = rng.choice(((b"[", b"]"), (b'{"a": ', b"}"), (b"[", b"")))
    return [(*at, opened * depth + b"1" + closed * depth)]


def _long(units: Units, rng: random.Random) -> list[Edit]:
    at = _place(units, rng)
    return [(at, at, rng.choice((b"a", b"\\", b'"', b"1", b",", b" ")) * LONG)]


def _swap(units: Units, rng: random.Random) -> list[Edit]:
    """Change the places of two units."""
    spans = [one for one in units.spans if one[2] >= 0]
    if len(spans) < 2 or units.kind == "zip":
        return _splice(units, rng)
    (a, b, _), (c, d, _) = sorted(rng.sample(spans, 2))
    return [(a, b, units.content[c:d]), (c, d, units.content[a:b])]


def _again(units: Units, rng: random.Random) -> list[Edit]:
    """Put a unit in a second time, before itself or elsewhere."""
    spans = [one for one in units.spans if one[2] >= 0]
    if not spans or units.kind == "zip":
        return _duplicate(units, rng)
    begin, end, _ = rng.choice(spans)
    at = rng.choice(spans)[0]
    return [(at, at, units.content[begin:end])]


def _types(units: Units, rng: random.Random) -> list[Edit]:
    """Put a value of another type in the place of a text, a number or a word."""
    found = list(re.finditer(rb'(?<=: )("[^"\n]{0,60}"|[\d.]+|true|false|null)', units.content))
    if not found:
        return _number(units, rng)
    one = rng.choice(found)
    values = (
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'""',
        b"-1",
        b'{"a": [1, null]}',
        b'["x", 1]',
        b'"NaN"',
        b"1e999",
    )
    return [(one.start(), one.end(), rng.choice(values))]


def _name(units: Units, rng: random.Random) -> list[Edit]:
    """Give a member the name of another."""
    found = list(re.finditer(rb'"(\w+)"(?=:)', units.content))
    if len(found) < 2:
        return _any_byte(units, rng)
    one, other = rng.sample(found, 2)
    return [(one.start(), one.end(), other.group())]


_WAYS: dict[str, Callable[[Units, random.Random], list[Edit]]] = {
    "flip": _flip, "byte": _any_byte, "delete": _delete, "insert": _insert, "structure": _structure,
    "odd bytes": _odd_bytes, "duplicate": _duplicate, "truncate": _truncate, "splice": _splice,
    "number": _number, "nest": _nest, "long": _long, "swap": _swap, "again": _again,
    "types": _types, "name": _name,
}  # fmt: skip


def _listed(units: Units) -> list[int]:
    """Return where the lines of the directory of a zip file begin."""
    return [one.start() for one in re.finditer(rb"PK\x01\x02", units.content)]


def _field(offset: int, size: int) -> Callable[[Units, random.Random], list[Edit]]:
    """Return a mutation of one field of a line of the directory."""

    def change(units: Units, rng: random.Random) -> list[Edit]:
        at = rng.choice(_listed(units)) + offset
        small, large = rng.randrange(1 << 8 * size), (1 << 8 * size) - 1
        return [(at, at + size, rng.choice((small, large, 0, 1)).to_bytes(size, "little"))]

    return change


def _entry_name(units: Units, rng: random.Random) -> list[Edit]:
    """Give an entry a name that points outside, of the same length."""
    at = rng.choice(_listed(units))
    size = struct.unpack_from("<H", units.content, at + 28)[0]
    name = rng.choice(
        (b"../../../etc/x", b"/etc/passwd", b"C:/x", b"a\x00b", b"\xff\xfe", b"header.json")
    )
    return [(at + 46, at + 46 + size, (name + b"x" * size)[:size])]


def _end(units: Units, rng: random.Random) -> list[Edit]:
    """Change a byte of the end of the directory."""
    at = len(units.content) - rng.randrange(1, 23)
    return [(at, at + 1, bytes([rng.randrange(256)]))]


_ZIP_WAYS = {
    "zip flags": _field(8, 2), "zip method": _field(10, 2), "zip checksum": _field(16, 4),
    "zip packed size": _field(20, 4), "zip size": _field(24, 4), "zip name size": _field(28, 2),
    "zip extra size": _field(30, 2), "zip mode": _field(38, 4), "zip place": _field(42, 4),
    "zip name": _entry_name, "zip end": _end,
}  # fmt: skip

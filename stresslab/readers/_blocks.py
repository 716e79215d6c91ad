"""Lines of a file in blocks: where they begin and end, and which have a shape that is known.

Of a block the quotes are found; lines with as many quotes as one that was read whole (`_shape`) are
held against it byte by byte, and those that differ only in their values are `Lines` of one shape.
A line with bytes that are no UTF-8, a control character or an unknown escape belongs to none.
"""

from collections.abc import Iterator
from pathlib import Path as File
from typing import TYPE_CHECKING

import numpy as np

from stresslab.readers._json_lines import MAX_LINE, usual
from stresslab.readers._regular import Lines
from stresslab.readers._shape import Cuts, Flags, Places, Shape, shape_of

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 1 << 22
"""Bytes of lines that are looked at at once."""
LONG = 1 << 20
FEW = 32
"""Lines of one shape that are not worth looking for the shape of."""
MOST_SHAPES = 500
NEW_SHAPES = 6
"""Shapes that are looked for among the lines of a block with as many quotes."""

QUOTE, ESCAPE, SLASH, LINE_END, RETURN, FIRST_SHOWN = b'"\\/\n\r '
LOWER, CODE = 32, len(r"\u00e4")
ESCAPED = np.zeros(256, bool)
ESCAPED[list(b'"\\/bfnrtu')] = True
HEX = np.zeros(256, bool)
HEX[list(b"0123456789abcdefABCDEF")] = True


class Shapes:
    """Shapes of lines that were met in a file, by their number of quotes."""

    def __init__(self) -> None:
        self.known: dict[int, list[Shape]] = {}
        self.n = 0

    def learn(self, line: bytes) -> Shape | None:
        """Return the shape of a line, and remember it."""
        if self.n >= MOST_SHAPES:
            return None
        value = usual(line)
        found = shape_of(line, value) if value is not None else None
        if found is not None:
            self.n += 1
            self.known.setdefault(found.n_quotes, []).insert(0, found)
        return found


class Block:
    """Lines of a file and what can be told of them at a glance.

    Parameters
    ----------
    number : int
        Of the first line.
    data : bytes
        Whole lines.
    scratch : ndarray of bool
        As long as that at least; overwritten.
    """

    def __init__(self, number: int, data: bytes, scratch: Flags) -> None:
        import pyarrow as pa

        self.number, self.data = number, data
        self.bytes = np.frombuffer(data, np.uint8)
        self._flags = scratch[: len(data)]
        ends = np.flatnonzero(np.equal(self.bytes, LINE_END, out=self._flags))
        self.ends = ends if data.endswith(b"\n") else np.append(ends, len(data))
        self.starts = np.concatenate([[0], self.ends[:-1] + 1])
        self.odd = np.zeros(len(self.ends), bool)
        self.odd |= self.ends - self.starts > LONG
        self.buffer = pa.py_buffer(data)
        self.escapes: Places = np.zeros(0, np.int64)
        self.has_codes = False
        self.quotes = self._quotes()
        self._look_closer()

    def line(self, at: int) -> bytes:
        """Return a line without its end."""
        return self.data[self.starts[at] : self.ends[at]]

    def lines(self, places: Places) -> list[tuple[int, bytes]]:
        """Return some lines with their ends, by their numbers."""
        found = zip(places.tolist(), self.starts[places].tolist(), self.ends[places].tolist(),
                    strict=True)  # fmt: skip
        return [(self.number + at, self.data[start : end + 1]) for at, start, end in found]

    def groups(self, shapes: Shapes) -> Iterator["Lines"]:
        """Yield the lines of every shape."""
        bounds = np.searchsorted(self.quotes, self.starts)
        counts = np.diff(bounds, append=len(self.quotes))
        counts[self.odd] = 0
        for n_quotes in np.unique(counts[counts > 0]).tolist():
            rest = np.flatnonzero(counts == n_quotes)
            known, n_new = list(shapes.known.get(n_quotes, ())), 0
            while len(rest) >= FEW or (len(rest) and known):
                shape = known.pop(0) if known else None
                if shape is None and n_new < NEW_SHAPES:
                    n_new += 1
                    shape = shapes.learn(self.line(rest[len(rest) // 2]))
                if shape is None or shape.n_quotes != n_quotes:
                    break
                if len(rest) == len(counts):
                    quotes = self.quotes.reshape(len(rest), n_quotes)
                else:
                    quotes = self.quotes[bounds[rest][:, None] + np.arange(n_quotes)]
                found = self._of(shape, rest, quotes)
                if found.n:
                    yield found
                rest = np.setdiff1d(rest, found.rows, assume_unique=True)

    def _of(self, shape: Shape, rows: Places, quotes: Places) -> "Lines":
        """Return those of some lines that have a shape."""
        fits, cuts = shape.cuts(self.starts[rows], self.ends[rows], quotes)
        rows = rows if len(cuts) == len(rows) else rows[fits]
        pieces = self.pieces(cuts)
        runs = pieces.take(_every_other(len(rows), len(shape.runs)))
        written = np.frombuffer(runs.buffers()[2], np.uint8, len(rows) * len(shape.same))
        same = np.tile(np.frombuffer(shape.same, np.uint8), len(rows))
        if not np.array_equal(written, same):
            fits = (written == same).reshape(len(rows), -1).all(axis=1)
            rows, cuts = rows[fits], cuts[fits]
            pieces = self.pieces(cuts)
        return Lines(self, shape, rows, pieces, cuts)

    def pieces(self, cuts: Cuts) -> "pa.StringArray":
        """Return runs and values of lines in turn, and behind each line what is up to the next."""
        import pyarrow as pa

        offsets = pa.py_buffer(np.ascontiguousarray(cuts))
        return pa.StringArray.from_buffers(max(cuts.size - 1, 0), offsets, self.buffer)

    def _quotes(self) -> Places:
        """Return where quotes stand that are not escaped; lines with an unknown escape are odd."""
        slashes = np.flatnonzero(np.equal(self.bytes, ESCAPE, out=self._flags))
        is_quote = np.equal(self.bytes, QUOTE, out=self._flags)
        if len(slashes):
            self.escapes = slashes
            if np.any(np.diff(slashes) == 1):  # of several in a row every other one escapes
                starts = np.flatnonzero(np.diff(slashes, prepend=-2) != 1)
                lengths = np.diff(starts, append=len(slashes))
                within = np.arange(len(slashes)) - np.repeat(starts, lengths)
                slashes = slashes[within % 2 == 0]
            after = self.bytes[np.minimum(slashes + 1, len(self.bytes) - 1)]
            is_quote[slashes[after == QUOTE] + 1] = False
            self._mark(slashes[~ESCAPED[after]])
            self._codes(slashes[after == ord("u")])
            self.has_codes |= bool(np.any(after == SLASH))
        return np.flatnonzero(is_quote)

    def _codes(self, at: Places) -> None:
        """Mark lines with a character written as its number that is half of one, or none."""
        if not len(at):
            return
        self.has_codes = True
        at = np.minimum(at, len(self.bytes) - 6)
        digits = self.bytes[at[:, None] + np.arange(2, 6)]
        is_half = (digits[:, 0] | LOWER) == ord("d")
        is_high = is_half & (digits[:, 1] >= ord("8")) & ((digits[:, 1] | LOWER) <= ord("b"))
        is_low = is_half & ((digits[:, 1] | LOWER) >= ord("c")) & ~is_high
        is_pair = np.zeros(len(at), bool)
        is_pair[:-1] = is_high[:-1] & is_low[1:] & (np.diff(at) == CODE)
        is_alone = (is_high & ~is_pair) | (is_low & ~np.append(False, is_pair[:-1]))
        is_null = (digits == ord("0")).all(axis=1)
        self._mark(at[~HEX[digits].all(axis=1) | is_alone | is_null])

    def _look_closer(self) -> None:
        """Mark lines with a control character, or bytes that are no UTF-8."""
        controls = np.less(self.bytes, FIRST_SHOWN, out=self._flags)
        if np.count_nonzero(controls) != len(self.starts) - (not self.data.endswith(b"\n")):
            at = np.flatnonzero(controls)
            after = self.bytes[np.minimum(at + 1, len(self.bytes) - 1)]
            ends = (self.bytes[at] == LINE_END) | ((self.bytes[at] == RETURN) & (after == LINE_END))
            self._mark(at[~ends])
        if not self.data.isascii():
            try:
                self.data.decode()
            except UnicodeDecodeError:
                for place in range(len(self.starts)):
                    self.odd[place] |= not _is_text(self.line(place))

    def _mark(self, at: Places) -> None:
        self.odd[np.searchsorted(self.ends, at)] = True


def blocks(path: File) -> Iterator[tuple[Block, int]]:
    """Yield all lines of a file in blocks, and how far the file was read.

    A line longer than `MAX_LINE` ends there.
    """
    number, scratch = 1, np.empty(0, bool)
    with path.open("rb") as file:
        while data := file.read(BLOCK):
            if not data.endswith(b"\n"):
                rest = more = file.readline(MAX_LINE)
                while len(more) == MAX_LINE and not more.endswith(b"\n"):
                    more = file.readline(MAX_LINE)
                data += rest
            if len(scratch) < len(data):
                scratch = np.empty(len(data) + BLOCK // 8, bool)
            block = Block(number, data, scratch)
            yield block, file.tell()
            number += len(block.starts)


def _every_other(n: int, n_runs: int) -> "pa.Array":
    """Return the places of runs among the pieces of so many lines."""
    import pyarrow as pa

    return pa.array(np.arange(0, 2 * n * n_runs, 2))


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True

"""Values of many lines of JSON at once, where the lines have one shape."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from stresslab.readers._arrow_texts import quoted
from stresslab.readers._part import OddError
from stresslab.readers._shape import Cuts, Flags, Path, Places, Shape, Slot

if TYPE_CHECKING:
    import pyarrow as pa

    from stresslab.readers._blocks import Block

NUMBER = r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
VALUE = rf"(?:{NUMBER}|true|false|null)"
WHOLE = r"^(?:0|-?[1-9][0-9]{0,17})$"
INTEGER, FLOAT, FLAG, NULL = range(4)


@dataclass
class Lines:
    """Lines of one shape.

    Parameters
    ----------
    block : Block
        What they stand in.
    shape : Shape
        Of all of them.
    rows : ndarray
        Their places in the block, rising.
    pieces : pyarrow.StringArray
        Runs and values of lines in turn.
    cuts : ndarray of shape (n_lines, 2 * n_runs)
        Starts and ends of the runs.

    Attributes
    ----------
    odd, left_out : ndarray of bool
        Lines that must be read by themselves, and those that are no rows.
    """

    block: "Block"
    shape: Shape
    rows: Places
    pieces: "pa.StringArray"
    cuts: Cuts
    odd: Flags = field(init=False)
    left_out: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.left_out = np.zeros(len(self.rows), bool)
        self._is_settled = False
        self._known: dict[Path, pa.Array] = {}
        self.odd = np.zeros(len(self.rows), bool)
        self._scalars: dict[int, pa.DictionaryArray] = {}
        for at, slot in enumerate(self.shape.slots):
            if slot.quote < 0:
                self._check(at, slot)

    def mark(self, odd: Flags) -> None:
        """Leave lines to whoever reads single ones.

        Raises
        ------
        OddError
            If there are any, and it is too late.
        """
        if self._is_settled and odd.any():
            raise OddError
        self.odd |= odd

    def settle(self, fields: Iterable[str]) -> None:
        """Look at some fields of all lines, and mark no line any more after that."""
        for name in fields:
            path = self.shape.look_up(name)
            if path is not None:
                with suppress(OddError):
                    self.column(path)
        self._is_settled = True

    @property
    def n(self) -> int:
        return len(self.rows)

    def raw(self, at: int, around: int = 0) -> "pa.Array":
        """Return the values of a slot as they are written, with some bytes around them."""
        import pyarrow as pa

        width = self.cuts.shape[1]
        if not around:
            return self.pieces.take(pa.array(np.arange(2 * at + 1, width * self.n, width)))
        offsets = self.cuts[:, 2 * at + 1 : 2 * at + 3] + np.array([-around, around], np.int32)
        pieces = self.block.pieces(offsets)
        return pieces.take(pa.array(np.arange(0, 2 * self.n, 2)))

    def text(self, path: Path) -> "pa.Array":
        """Return the texts of a slot."""
        return self._unescaped(self.raw(self._slot(path)))

    def quoted(self, path: Path) -> "pa.Array":
        """Return the texts of a slot as `as_json` writes them."""
        at = self._slot(path)
        if self.block.has_codes:
            return quoted(self._unescaped(self.raw(at)))
        return self.raw(at, around=1)  # escaped as `as_json` does

    def is_text(self, path: Path | None) -> bool:
        """Return whether a text stands there."""
        return path in self.shape.at and self.shape.slots[self.shape.at[path]].quote >= 0

    def column(self, path: Path) -> "pa.Array":
        """Return the values of a slot, or of a list of texts.

        Raises
        ------
        OddError
            If values of several types stand there.
        """
        if self.is_text(path):
            return self.text(path)
        if path in self.shape.at:
            if path not in self._known:
                self._known[path] = self._typed(path)
            return self._known[path]
        inside = self.shape.members[path]
        if not inside or path in self.shape.objects or not all(map(self.is_text, inside)):
            raise OddError
        return listed([self.text(one) for one in inside])

    def _slot(self, path: Path) -> int:
        if not self.is_text(path):
            raise OddError
        return self.shape.at[path]

    def _unescaped(self, raw: "pa.Array") -> "pa.Array":
        import orjson
        import pyarrow as pa
        import pyarrow.compute as pc

        if not len(self.block.escapes):
            return raw
        has_escape = pc.match_substring(raw, "\\")
        if not has_escape.true_count:
            return raw
        written = raw.filter(has_escape).cast(pa.binary()).to_pylist()
        texts = pa.array(orjson.loads(b'["' + b'","'.join(written) + b'"]'), pa.string())
        return texts if len(texts) == len(raw) else pc.replace_with_mask(raw, has_escape, texts)

    def _check(self, at: int, slot: Slot) -> None:
        """Mark lines in which a number is none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        raw = self.raw(at)
        self._scalars[at] = raw = raw.dictionary_encode()
        wanted = rf"^{VALUE}(?:\s*,\s*{VALUE})*$" if slot.is_list else rf"^{VALUE}$"
        fine = pc.match_substring_regex(raw.dictionary, wanted)
        if fine.false_count:
            self.mark(~fine.take(raw.indices).to_numpy(zero_copy_only=False))
            known = pc.if_else(fine, raw.dictionary, "null")
            self._scalars[at] = pa.DictionaryArray.from_arrays(raw.indices, known)

    def numbers(self, path: Path) -> "pa.Array":
        """Return the numbers of a slot as floats, true as 1; lines that hold another are odd."""
        import pyarrow as pa
        import pyarrow.compute as pc

        raw = self._scalar(path)
        texts = raw.dictionary
        kinds = _kinds_of(texts)
        wanted = np.isin(kinds, (INTEGER, FLOAT))
        values = _only(texts, wanted).cast(pa.float64())
        if (kinds == FLAG).any():
            flags = pc.equal(texts, "true").cast(pa.float64())
            values = pc.if_else(pa.array(kinds == FLAG), flags, values)
        values = pc.if_else(pc.is_finite(values), values, None)
        is_known = pc.or_(values.is_valid(), pa.array(kinds == NULL)).take(raw.indices)
        self.mark(~is_known.to_numpy(zero_copy_only=False))
        return values.take(raw.indices)

    def _scalar(self, path: Path) -> "pa.DictionaryArray":
        at = self.shape.at.get(path, -1)
        if at not in self._scalars or self.shape.slots[at].is_list:
            raise OddError
        return self._scalars[at]

    def _typed(self, path: Path) -> "pa.Array":
        """Return the values of a slot in the type that most have; lines with others are odd."""
        import pyarrow as pa
        import pyarrow.compute as pc

        raw = self._scalar(path)
        texts, indices = raw.dictionary, raw.indices.to_numpy()
        kinds = _kinds_of(texts)
        counts = np.bincount(kinds[indices], minlength=NULL + 1)
        kind = int(counts[:NULL].argmax())
        if not counts[kind]:
            return pa.nulls(self.n)
        if counts[:NULL].sum() > counts[kind]:
            self.mark(((kinds != kind) & (kinds != NULL))[indices])
        known = _only(texts, kinds == kind)
        if kind == FLAG:
            return pc.equal(known, "true").take(raw.indices)
        values = known.cast(pa.int64() if kind == INTEGER else pa.float64())
        if kind == FLOAT and pc.is_finite(values).false_count:
            values = pc.if_else(pc.is_finite(values), values, None)
            is_lost = values.is_null().to_numpy(zero_copy_only=False) & (kinds == FLOAT)
            self.mark(is_lost[indices])
        return values.take(raw.indices)


def _kinds_of(texts: "pa.Array") -> Places:
    """Return which of `INTEGER`, `FLOAT`, `FLAG` and `NULL` each number or word is."""
    import pyarrow.compute as pc

    kinds = np.full(len(texts), INTEGER)
    if pc.match_substring_regex(texts, WHOLE).false_count:
        for kind, wanted in ((FLOAT, "^-?[0-9]+[.eE]"), (FLAG, "^[tf]"), (NULL, "^n")):
            found = pc.match_substring_regex(texts, wanted)
            kinds[found.to_numpy(zero_copy_only=False)] = kind
    return kinds


def _only(texts: "pa.Array", is_wanted: Flags) -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    return texts if is_wanted.all() else pc.if_else(pa.array(is_wanted), texts, None)


def listed(columns: "list[pa.Array]") -> "pa.Array":
    """Return lists with an element of each column."""
    import pyarrow as pa

    n, width = len(columns[0]), len(columns)
    order = np.arange(n * width).reshape(width, n).T.ravel()
    inside = pa.concat_arrays(columns).take(pa.array(order))
    return pa.ListArray.from_arrays(
        pa.array(np.arange(0, n * width + 1, width), pa.int32()), inside
    )

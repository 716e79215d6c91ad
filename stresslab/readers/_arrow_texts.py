"""Columns of texts as Arrow arrays: written as JSON, tidied, hashed, as single values are."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab import nouns
from stresslab.readers import _values as values

if TYPE_CHECKING:
    import pyarrow as pa

Flags = np.ndarray[Any, np.dtype[np.bool_]]

HEX_DIGITS = 64
QUOTE, ESCAPE, BLANK, DELETE = b'"\\ \x7f'


def quoted(texts: "pa.Array") -> "pa.Array":
    """Return texts as `_values.as_json` writes them."""
    import pyarrow.compute as pc

    plain = pc.binary_join_element_wise('"', texts, '"', "")
    return _mended(plain, texts, _has_special(texts), values.as_json)


def tidied(texts: "pa.Array") -> "pa.Array":
    """Return texts NFC-normalised and with white space collapsed, as `nouns` does."""
    return _mended(texts, texts, _is_untidy(texts), nouns.tidied)


def json_lists(lists: "pa.Array", written: "pa.Array", comma: str) -> "pa.Array":
    """Return lists of JSON texts as JSON; null for null.

    Parameters
    ----------
    lists : pyarrow.ListArray
        Tells how long each is.
    written : pyarrow.Array
        Their elements as JSON.
    comma : str
        What stands between two.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    offsets = lists.offsets.to_numpy()
    parts = pa.ListArray.from_arrays(pa.array(offsets - offsets[0]), written)
    joined = pc.binary_join_element_wise("[", pc.binary_join(parts, comma), "]", "")
    return pc.if_else(lists.is_valid(), joined, None) if lists.null_count else joined


def hashes(untouched: "pa.Array", choices: "pa.Array | None", right: Any) -> "pa.Array":
    """Return what `nouns.content_hash` makes of texts, lists of texts and references.

    Parameters
    ----------
    untouched : pyarrow.Array
        Texts.
    choices : pyarrow.ListArray or None
        Of texts.
    right : pyarrow.Array or str
        References as `nouns.hashed_reference` writes them.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    asked: Any = "[]"
    if choices is not None:
        asked = json_lists(choices, quoted(tidied(choices.flatten())), ",").fill_null("[]")
    whole = pc.binary_join_element_wise(
        '{"choices":', asked, ',"input":', quoted(tidied(untouched)), ',"reference":[', right,
        "]}", "",
    )  # fmt: skip
    sha256 = hashlib.sha256
    known = whole.drop_null() if whole.null_count else whole
    digests = b"".join([sha256(one).digest() for one in known.cast(pa.binary()).to_pylist()])
    offsets = np.arange(0, 2 * len(digests) + 1, HEX_DIGITS, dtype=np.int32)
    found = pa.StringArray.from_buffers(
        len(known), pa.py_buffer(offsets), pa.py_buffer(digests.hex().encode())
    )
    if not whole.null_count:
        return found
    mask = whole.is_valid()
    return pc.replace_with_mask(pa.nulls(len(whole), pa.string()), mask, found)


def hashed_references(texts: "pa.Array") -> "pa.Array":
    """Return texts, none of which is a list, as `nouns.hashed_reference` writes them."""
    import pyarrow.compute as pc

    tidy = tidied(texts)
    plain = pc.binary_join_element_wise('"\\"', tidy, '\\""', "")
    made = _mended(plain, texts, _has_special(tidy), nouns.hashed_reference)
    return made.fill_null(nouns.hashed_reference(None))


def objects(members: "Sequence[tuple[str, pa.Array]]", n: int) -> "pa.Array":
    """Return an object of JSON for every row, of values written as JSON; null where all are.

    Parameters
    ----------
    members : sequence of (str, pyarrow.Array)
        Names, and the values of all rows; null where there is none.
    n : int
        Rows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not members:
        return pa.nulls(n, pa.string())
    written = [
        pc.binary_join_element_wise(f"{values.as_json(name)}: ", column, "")
        for name, column in members
    ]
    joined = pc.binary_join_element_wise(*written, ", ", null_handling="skip")
    whole = pc.binary_join_element_wise("{", joined, "}", "")
    if all(one.null_count for one in written):
        return pc.if_else(pc.equal(joined, ""), None, whole)
    return whole


def _mended(
    made: "pa.Array", texts: "pa.Array", odd: Flags, convert: Callable[[str], str | None]
) -> "pa.Array":
    """Return an array in which odd texts are converted one by one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not odd.any():
        return made
    mask = pa.array(odd)
    known = texts.filter(mask).to_pylist()
    mended = [None if one is None else convert(one) for one in known]
    return pc.replace_with_mask(made, mask, pa.array(mended, pa.string()))


def _bytes(texts: "pa.Array") -> tuple[Any, Any]:
    """Return where every text begins and the last ends, and their bytes."""
    _, offsets, data = texts.buffers()
    at = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    known = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return at - at[0], known[at[0] : at[-1]]


def _has_special(texts: "pa.Array") -> Flags:
    """Return in which texts JSON escapes a character."""
    at, written = _bytes(texts)
    special = (written == QUOTE) | (written == ESCAPE) | (written < BLANK)
    return _holding(at, special)


def _is_untidy(texts: "pa.Array") -> Flags:
    """Return which texts may change when their white space is collapsed, or that are no ASCII."""
    at, written = _bytes(texts)
    blank = written == BLANK
    untidy = (written < BLANK) | (written > DELETE)
    untidy[:-1] |= blank[:-1] & blank[1:]
    odd = _holding(at, untidy)
    if len(written):
        there = at[1:] > at[:-1]
        last = len(written) - 1
        odd |= there & (blank[np.minimum(at[:-1], last)] | blank[np.maximum(at[1:] - 1, 0)])
    return odd


def _holding(at: Any, flags: Flags) -> Flags:
    """Return which texts hold a byte that is flagged."""
    odd = np.zeros(len(at) - 1, bool)
    places = np.flatnonzero(flags)
    if len(places):
        odd[np.searchsorted(at[1:], places, side="right")] = True
    return odd

"""Read JSON somebody else wrote: bare NaN, bad UTF-8, deep nesting or a cut end do no harm."""

import codecs
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

BLOCK = 1 << 20
MAX_VALUE = 1 << 28
"""Characters of one value that is held at once; longer ones are refused."""

MAX_SHAPES = 50
"""Sets of members of elements that are remembered."""

UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
"""Characters no Parquet or DuckDB text can hold."""

_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS = b"0" * 19
_LONG_NUMBER = re.compile(rb"(?:\A|[:,\[\s])-?\d{19}")
"""Digits right behind a quote, such as those of an id or a hash, are a text."""
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_DEPTH = {"{": 1, "[": 1, "}": -1, "]": -1}
_STRAY = re.compile(r"[,:}][ \t\n\r,:}]*")
_WORD_END = re.compile(r"[,\]}]")


class JsonProblem(ValueError):
    """A text is no JSON that can be kept; the message says why."""


@dataclass(frozen=True)
class Broken:
    """A value of a JSON file that could not be read.

    Parameters
    ----------
    reason : str
        What is wrong with it.
    excerpt : str
        How it begins.
    """

    reason: str
    excerpt: str


def loads(data: bytes | str) -> Any:
    """Return the value a JSON text holds; NaN and Infinity become floats.

    Bytes that are no UTF-8 become lone surrogates, which `clean` finds and replaces.

    Raises
    ------
    JsonProblem
        If it is not JSON, or nested deeper than a thousand levels.
    """
    import orjson

    if isinstance(data, str):
        data = data.encode("utf-8", errors="surrogatepass")
    if not has_long_number(data):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass  # perhaps only NaN or wrong bytes, which orjson does not take
    try:
        return json.loads(data.decode("utf-8", errors="surrogateescape"))
    except RecursionError:
        raise JsonProblem("nested too deeply") from None
    except ValueError as error:
        raise JsonProblem(str(error)) from None


def has_long_number(data: bytes) -> bool:
    """Return whether a text may hold a whole number that orjson would only come near."""
    return _MANY_DIGITS in data.translate(_ZEROS) and bool(_LONG_NUMBER.search(data))


def clean(text: str) -> str:
    """Return a text with � for every character that cannot be stored."""
    return UNWRITABLE.sub("�", text)


def walk(file: BinaryIO, arrays: Collection[str] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the parts of one large JSON file, holding one part at a time.

    Parameters
    ----------
    file : binary file
        An object or an array.
    arrays : collection of str
        Dotted paths of arrays whose elements come one by one, e.g. ``"results.results"``.

    Yields
    ------
    (path, value)
        ``(name, value)`` for a member of the object, ``(path, element)`` for an element of an array
        in `arrays`, ``("", element)`` for an element of a file that is an array. A value that
        cannot be read is a `Broken`; reading goes on behind it where its end can be found, of an
        array also where an object begins that has the members of one before it.
    """
    text = _Text(file)
    if text.peek() == "[":
        yield from _elements(text, "")
    elif text.peek() == "{":
        yield from _members(text, "", frozenset(arrays))
    else:
        yield "", Broken("must begin with { or [", clean(text.excerpt()))
        return
    while text.peek():  # an end came too early: a bracket was put in, or lost before
        yield "", Broken("stands behind the end; skipped", clean(text.excerpt()))
        path = text.find()
        if path is None:
            return
        yield from _elements(text, path)


def _members(text: "_Text", above: str, arrays: frozenset[str]) -> Iterator[tuple[str, Any]]:
    text.take()
    while text.peek() == '"':
        name = text.value()
        if isinstance(name, Broken) or text.peek() != ":":
            yield above, Broken("a name and a colon must stand here", clean(text.excerpt()))
            return
        text.take()
        path = f"{above}{name}"
        if path in arrays and text.peek() == "[":
            yield from _elements(text, path)
        elif text.peek() == "{" and any(one.startswith(f"{path}.") for one in arrays):
            yield from _members(text, f"{path}.", arrays)
        else:
            yield path, text.value()
        if text.peek() == ",":
            text.take()
    if text.peek() != "}":
        yield above.rstrip("."), Broken("the object has no end", clean(text.excerpt()))
    else:
        text.take()


def _elements(text: "_Text", path: str) -> Iterator[tuple[str, Any]]:
    if text.peek() == "[":
        text.take()
    while text.peek() not in ("]", ""):
        before = text.place
        value = text.value()
        text.learn(value, path)
        yield path, value
        if text.peek() == "," or text.place == before:
            text.take()
    if text.peek() != "]":
        yield path, Broken("the array has no end", "")
    else:
        text.take()


class _Text:
    """A file as text, of which only the part around the current place is held."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._held, self._at, self._dropped, self._ended = "", 0, 0, False
        self._shapes: dict[frozenset[str], str] = {}
        self._begin: re.Pattern[str] | None = None

    @property
    def place(self) -> int:
        """Return how many characters were taken."""
        return self._dropped + self._at

    def peek(self) -> str:
        """Return the next character that is no white space; empty at the end."""
        while True:
            found = _SPACE.match(self._held, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def take(self) -> None:
        """Go on by one character."""
        self._at += 1

    def excerpt(self) -> str:
        """Return what stands here."""
        return self._held[self._at : self._at + 200]

    def value(self) -> Any:
        """Return the value that stands here, or what is wrong with it, and go behind it."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except RecursionError:
                return self._skip("nested too deeply")
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated") or error.pos > len(self._held) - 16
                if is_cut and len(self._held) - self._at < MAX_VALUE and self._more():
                    continue
                return self._skip(f"not readable as JSON: {error.msg}")
            except ValueError as error:  # a number of more digits than Python turns into one
                return self._skip(f"not readable as JSON: {error}")
            size = end - self._at
            if end > len(self._held) - 4 and self._more():  # "1", ".", "5": a number may go on
                continue
            self._at += size
            return value

    def learn(self, element: Any, path: str) -> None:
        """Remember what members an element of an array has: others may be found by it."""
        if not isinstance(element, dict) or not element or len(self._shapes) >= MAX_SHAPES:
            return
        names = frozenset(element)
        if names not in self._shapes:
            self._shapes[names] = path
            first = re.escape(json.dumps(next(iter(element)), ensure_ascii=False))
            before = f"{self._begin.pattern}|" if self._begin else ""
            self._begin = re.compile(rf"{before}\{{\s*{first}\s*:")

    def find(self) -> str | None:
        """Go to the next object with the members of an element; return the array of that."""
        while True:
            found = self._known(self._at, len(self._held))
            if found is not None:
                self._at, path = found
                return path
            self._at = max(self._at, len(self._held) - MAX_VALUE)
            if not self._more():
                return None

    def _known(self, start: int, end: int) -> tuple[int, str] | None:
        """Return where an object begins that has the members of an element, and its array."""
        for found in self._begin.finditer(self._held, start, end) if self._begin else ():
            try:
                value, _ = _DECODER.raw_decode(self._held, found.start())
            except (ValueError, RecursionError):
                continue
            if frozenset(value) in self._shapes:
                return found.start(), self._shapes[frozenset(value)]
        return None

    def _skip(self, reason: str) -> Broken:
        """Go behind a value that cannot be read: by its brackets, or to the next known object."""
        broken = Broken(reason, clean(self.excerpt()))
        if 16 * self._at > len(self._held):  # an error counts the lines before it
            self._dropped += self._at
            self._held, self._at = self._held[self._at :], 0
        is_nested = self.peek() in ("{", "[")
        while True:
            end = self._closed() if is_nested else self._behind_a_word()
            known = self._known(self._at + 1, len(self._held) if end is None else end)
            place = end if known is None else known[0]
            if place is not None:
                self._at = place
                return broken
            if len(self._held) - self._at > MAX_VALUE or not self._more():
                self._at = len(self._held)
                return broken

    def _closed(self) -> int | None:
        """Return where the brackets that open here are closed."""
        depth = 0
        for found in _TOKEN.finditer(self._held, self._at):
            depth += _DEPTH.get(found.group(), 0)
            if depth == 0:
                return found.end()
        return None

    def _behind_a_word(self) -> int | None:
        stray = _STRAY.match(self._held, self._at)
        if stray:  # many in a row are one mistake
            return stray.end() if stray.end() < len(self._held) else None
        found = _WORD_END.search(self._held, self._at + 1)
        return found.start() if found else None

    def _more(self) -> bool:
        """Read on, twice as far as before where one value is long; tell whether there was more."""
        if self._ended:
            return False
        self._dropped += self._at
        kept = self._held[self._at :]
        block = self._file.read(max(BLOCK, len(kept)))
        self._ended = not block
        self._held, self._at = kept + self._decode(block, self._ended), 0
        return bool(block)

"""Open an Inspect log that is a zip file (`.eval`) and hand out its samples."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from stresslab import lenient
from stresslab.errors import ReadError
from stresslab.lenient import Broken, JsonProblem
from stresslab.readers._inspect_sample import is_cut
from stresslab.readers._inspect_scores import JsonObject
from stresslab.readers._records import broken, tidy
from stresslab.readers._zip import Zip
from stresslab.store.scan import EXCERPT, Reject

HEADER, START = "header.json", "_journal/start.json"
SUMMARIES, JOURNAL = "summaries.json", "_journal/summaries/"
LARGE = 64 << 20
"""Summaries above this are read one by one instead of all at once."""

_KEY = re.compile(rb'\{"id":("(?:[^"\\]|\\.)*"|-?\d+),"epoch":(\d+),')
MARK = b'},{"id":'
PIECE = 1 << 19
"""Bytes of an array that are parsed at once."""

_ODD = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""Escapes of characters that cannot be stored."""

Found = tuple[JsonObject, float]
"""A sample or its summary, and the share of the file that is read."""


class EvalLog:
    """A log that is a zip file.

    Attributes
    ----------
    header : dict
        The log without its samples.
    is_partial : bool
        Whether it has no header of its own: the run was interrupted or is still going on.
    rejects : list of Reject
        What could not be read so far.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._zip = path, Zip(path)
        self.rejects: list[Reject] = list(self._zip.rejects)
        self._entries = _samples_among(self._zip.names)
        self.header, self.is_partial = self._header()

    def __enter__(self) -> "EvalLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        where: TracebackType | None,
    ) -> None:  # fmt: skip
        self._zip.__exit__(kind, error, where)

    @property
    def n_samples(self) -> int:
        """Return how many whole samples there are."""
        return len(self._entries)

    @property
    def n_bytes(self) -> int:
        """Return how large all whole samples are when unpacked."""
        return sum(self._zip.size(name) for name in self._entries.values())

    def samples(self, *, whole: bool) -> Iterator[Found | Reject]:
        """Yield every sample once: whole, or as its summary where that says enough."""
        keys, n_all = set[str](), max(len(self._entries), 1)
        for one in self._summaries():
            if isinstance(one, Reject):
                yield one
                continue
            prefix = _prefix(one)
            keys.add(prefix)
            if (whole or is_cut(one)) and prefix in self._entries:
                full = self._whole(prefix)
                if isinstance(full, Reject):
                    yield full
                else:
                    one = {**one, **full, "limit": full.get("limit") or one.get("limit")}
            yield one, len(keys) / n_all
        for prefix in self._entries if len(keys) < len(self._entries) else ():
            if prefix not in keys:
                one = self._whole(prefix)
                if isinstance(one, Reject):
                    yield one
                elif _prefix(one) not in keys:
                    yield one, 1.0

    def sample(self, item: str, epoch: int) -> JsonObject:
        """Return one whole sample: messages, output, events.

        Raises
        ------
        ReadError
            If there is none of this id and epoch, or it is damaged.
        """
        prefix = f"samples/{item}_epoch_{epoch}"
        if prefix not in self._entries:
            raise ReadError(f"{self.path} must hold sample {item!r} of epoch {epoch}; it does not.")
        found = self._whole(prefix, with_messages=True)
        if isinstance(found, Reject):
            raise ReadError(f"{self.path}, {found.place}: {found.reason}.")
        return found

    def _header(self) -> tuple[JsonObject, bool]:
        for name in (HEADER, START):
            found = self._object(name) if name in self._zip.names else None
            if isinstance(found, Reject):
                self.rejects.append(found)
            elif found is not None and isinstance(found.get("eval"), dict):
                return found, name == START
        why = "; ".join(f"{one.place} {one.reason}" for one in self.rejects[:3])
        raise ReadError(
            f"{self.path} must hold {HEADER} or {START}, which say model and task; "
            f"neither can be read{f': {why}' if why else ''}."
        )

    def _summaries(self) -> Iterator[JsonObject | Reject]:
        """Yield the summaries; of a sample that ran again the last one, as Inspect counts them."""
        names = [name for name in self._zip.names if name.startswith(JOURNAL)]
        names = sorted(names, key=lambda name: (len(name), name))
        if SUMMARIES in self._zip.names:
            n = 0
            for one in self._rows(SUMMARIES):
                n += not isinstance(one, Reject)
                yield one
            if n:
                return
        if sum(map(self._zip.size, names)) > LARGE:
            for name in names:
                yield from self._rows(name)
            return
        yield from _last([one for name in names for one in self._rows(name)])

    def _rows(self, name: str) -> Iterator[JsonObject | Reject]:
        """Yield the rows of an array, parsed piece by piece."""
        if self._zip.size(name) > LARGE:
            yield from self._streamed(name)
            return
        data = self._bytes(name)
        if isinstance(data, Reject):
            yield data
            return
        n = 0
        for piece in [data] if _has_repeats(data) else _pieces(data):
            found = _parsed(piece, name)
            if isinstance(found, Reject) and len(piece) < len(data):
                whole = _parsed(data, name)  # perhaps cut where no row ends
                yield from whole[n:] if isinstance(whole, list) else [found]
                return
            rows = _last(found if isinstance(found, list) else [found], name)
            n += len(rows)
            yield from rows

    def _streamed(self, name: str) -> Iterator[JsonObject | Reject]:
        try:
            with self._zip.stream(name) as file:
                for _, one in lenient.walk(file):
                    if isinstance(one, dict):
                        yield _stored(one, name)
                    elif isinstance(one, Broken):
                        yield broken(f"entry {name}", one)
        except ReadError as error:
            yield Reject(f"entry {name}", "", str(error), "")

    def _whole(self, prefix: str, with_messages: bool = False) -> JsonObject | Reject:
        name = self._entries[prefix]
        sample = self._object(name)
        if isinstance(sample, Reject) or not name.endswith("/sample.json"):
            return sample
        metadata = self._object(f"{prefix}/metadata.json", or_nothing=True)
        kept_apart = self._sequence(f"{prefix}/attachments/")
        sample |= {
            "metadata": {} if isinstance(metadata, Reject) else metadata,
            "attachments": {str(n): text for n, text in enumerate(kept_apart)},
        }
        if with_messages:
            every, refs = self._sequence(f"{prefix}/messages/"), sample.get("message_refs") or []
            spans = [one for one in refs if isinstance(one, list) and len(one) == 2]
            sample["messages"] = [turn for start, end in spans for turn in every[start:end]]
        return sample

    def _sequence(self, prefix: str) -> list[Any]:
        """Return what the chunks of a large sample hold together."""
        names = [name for name in self._zip.names if name.startswith(prefix)]
        chunks = sorted(names, key=lambda name: (len(name), name))
        found = [self._json(name) for name in chunks if name[len(prefix) : -5].isdigit()]
        return [one for chunk in found if isinstance(chunk, list) for one in chunk]

    def _object(self, name: str, or_nothing: bool = False) -> JsonObject | Reject:
        if or_nothing and name not in self._zip.names:
            return {}
        found = self._json(name)
        if isinstance(found, dict | Reject):
            return found
        return Reject(f"entry {name}", "", "must be an object", "")

    def _json(self, name: str) -> Any:
        data = self._bytes(name)
        return data if isinstance(data, Reject) else _parsed(data, name)

    def _bytes(self, name: str) -> bytes | Reject:
        try:
            return self._zip.read(name)
        except ReadError as error:
            return Reject(f"entry {name}", "", str(error).removeprefix(f"{self.path}, "), "")


def _samples_among(names: Iterable[str]) -> dict[str, str]:
    """Return the entries of samples by ``samples/<id>_epoch_<n>``, of a large one its shell."""
    found: dict[str, str] = {}
    for name in names:
        if name.startswith("samples/") and name.endswith(".json"):
            prefix = name[:-5].removesuffix("/sample")
            if prefix.rpartition("_epoch_")[2].isdigit():
                found[prefix] = name
    return found


def _stored(sample: JsonObject, name: str) -> JsonObject | Reject:
    try:
        found: JsonObject = tidy(sample)
    except JsonProblem as problem:
        return Reject(
            f"entry {name}", "", str(problem), lenient.clean(repr(sample.get("id")))[:EXCERPT]
        )
    return found


def _parsed(data: bytes, name: str) -> Any:
    try:
        found = lenient.loads(data)
        return tidy(found) if _is_odd(data) else found
    except (JsonProblem, RecursionError) as error:
        reason = str(error) if isinstance(error, JsonProblem) else "nested too deeply"
        text = lenient.clean(data[:EXCERPT].decode("utf-8", "replace"))
        return Reject(f"entry {name}", "", reason, text)


def _pieces(data: bytes) -> list[bytes]:
    """Return an array of objects as several arrays; a wrong cut leaves no JSON.

    The mark they are cut at holds a bare quote, which no text within JSON does.
    """
    pieces, start = [], data.find(b"[") + 1
    while (at := data.find(MARK, start + PIECE)) >= 0:
        pieces.append(b"[" + data[start : at + 1] + b"]")
        start = at + 2
    return [*pieces, b"[" + data[start:]] if pieces else [data]


def _has_repeats(data: bytes) -> bool:
    """Return whether a sample may stand twice, because it ran again."""
    keys = _KEY.findall(data)
    return len(set(keys)) < len(keys) or len(keys) <= data.count(MARK)


def _last(found: list[Any], name: str = "") -> list[JsonObject | Reject]:
    """Return rows without those that stand again further on."""
    kept: dict[Any, JsonObject | Reject] = {}
    for n, one in enumerate(found):
        if isinstance(one, dict):
            kept[_prefix(one)] = one
        else:
            is_known = isinstance(one, Reject)
            kept[n] = one if is_known else Reject(f"entry {name}", "", "must be an object", "")
    return list(kept.values())


def _prefix(sample: JsonObject) -> str:
    return f"samples/{sample.get('id')}_epoch_{sample.get('epoch')}"


def _is_odd(data: bytes) -> bool:
    """Return whether a JSON text holds what cannot be stored: then it is cleaned."""
    if _ODD.search(data):
        return True
    try:
        return not data.isascii() and not data.decode("utf-8")
    except UnicodeDecodeError:
        return True

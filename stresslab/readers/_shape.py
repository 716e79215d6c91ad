"""The shape of a line of JSON: its members and types in their order, all but the values.

Lines of one shape differ in nothing but the bytes of their texts and numbers. In those the places
of all values are known from the places of the quotes, without a look at each byte in turn.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Places = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Cuts = np.ndarray[Any, np.dtype[np.int32]]
Path = tuple[str | int, ...]

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[^\s\[\]{},:"]+', re.DOTALL)
_COMMA = re.compile(rb"\s*,\s*")


@dataclass(frozen=True)
class Slot:
    """Where a value stands: a text between two quotes, or the bytes of a number or word.

    Parameters
    ----------
    path : tuple
        Names of members and places in lists that lead to it.
    start, end : int
        Its place in the line the shape is of.
    quote : int
        Which quote of the line stands before the text; -1 where it is no text.
    is_list : bool
        Whether it is all of a list of numbers and words.
    """

    path: Path
    start: int
    end: int
    quote: int = -1
    is_list: bool = False


@dataclass
class Shape:
    """Slots, and before, between and behind them the runs of bytes that are alike in all lines.

    Parameters
    ----------
    n_quotes : int
        Of the whole line.
    runs : list of bytes
        One more than there are slots.
    slots : list of Slot
        In the order they stand in the line.
    members : dict of tuple to list of tuple
        The paths of what every object and list holds, by its own, in order.
    objects : set of tuple
        Which of them are objects.
    """

    n_quotes: int
    runs: list[bytes]
    slots: list[Slot]
    members: dict[Path, list[Path]]
    objects: set[Path]
    same: bytes = field(init=False)
    at: dict[Path, int] = field(init=False)

    def __post_init__(self) -> None:
        self.at = {slot.path: place for place, slot in enumerate(self.slots)}
        self.same = b"".join(self.runs)
        quotes = np.cumsum([run.count(b'"') for run in self.runs])
        self._first = [0, *quotes.tolist()]

    def look_up(self, path: str, above: Path = ()) -> Path | None:
        """Return where the value of a dotted path stands, as `_mapping.look_up` finds it."""
        whole = (*above, path)
        if whole in self.at or whole in self.members:
            return whole
        head, _, rest = path.partition(".")
        below = (*above, head)
        return self.look_up(rest, below) if rest and below in self.objects else None

    def cuts(self, starts: Places, ends: Places, quotes: Places) -> tuple[Flags, Cuts]:
        """Return which lines may have this shape, and where the runs and values of those stand.

        Nothing but the lengths of runs is looked at.

        Parameters
        ----------
        starts, ends : ndarray of shape (n_lines,)
            Of the lines.
        quotes : ndarray of shape (n_lines, n_quotes)
            Where the quotes stand.

        Returns
        -------
        fits, cuts : ndarray of shape (n_lines,), ndarray of shape (n_fitting, 2 * n_runs)
            Starts and ends of runs; from the end of one to the start of the next is a value.
        """
        fits = np.ones(len(starts), bool)
        cuts = np.empty((len(starts), 2 * len(self.runs)), np.int32)
        cuts[:, 0], begin = starts, starts + len(self.runs[0])
        for place, (slot, run) in enumerate(zip(self.slots, self.runs[1:], strict=True), start=1):
            first = run.find(b'"')
            if slot.quote >= 0:
                fits &= quotes[:, slot.quote] + 1 == begin
                end = quotes[:, slot.quote + 1]
            else:
                end = ends - len(run) if first < 0 else quotes[:, self._first[place]] - first
                fits &= end > begin
            cuts[:, 2 * place - 1], cuts[:, 2 * place] = begin, end
            begin = end + len(run)
        cuts[:, -1] = begin
        fits &= begin == ends
        return fits, cuts if fits.all() else cuts[fits]


def shape_of(line: bytes, value: dict[str, Any]) -> Shape | None:
    """Return the shape of a line of JSON; None where values of such lines cannot be told apart.

    Parameters
    ----------
    line : bytes
        Without its end.
    value : dict
        What the line holds.
    """
    members: dict[Path, list[Path]] = {}
    objects: set[Path] = set()
    leaves = list(_walk(value, (), members, objects))
    tokens = list(_TOKEN.finditer(line))
    if len(leaves) != len(tokens):
        return None  # a name that stands twice
    slots, n_quotes = list[Slot](), 0
    for (path, is_name, one), token in zip(leaves, tokens, strict=True):
        text, start, end = token[0], token.start(), token.end()
        if _read(text) != one:
            return None
        is_text = text.startswith(b'"')
        if is_text and not is_name:
            slots.append(Slot(path, start + 1, end - 1, n_quotes))
        elif not is_text and not _join(slots, line, path, start, end):
            slots.append(Slot(path, start, end))
        n_quotes += 2 * is_text
    starts, ends = [one.start for one in slots], [one.end for one in slots]
    cuts = zip([0, *ends], [*starts, len(line)], strict=True)
    runs = [line[start:end] for start, end in cuts]
    is_bare = any(b'"' not in run for run in runs[1:-1])
    return None if is_bare or not all(runs) else Shape(n_quotes, runs, slots, members, objects)


def _read(token: bytes) -> Any:
    try:
        return json.loads(token)
    except ValueError:
        return _read


def _walk(
    value: Any, path: Path, members: dict[Path, list[Path]], objects: set[Path]
) -> Iterator[tuple[Path, bool, Any]]:
    """Yield path, whether it is a name, and value of all that is no bracket, in order."""
    if isinstance(value, dict):
        objects.add(path)
        members[path] = [(*path, name) for name in value]
        for name, one in value.items():
            yield (*path, name), True, name
            yield from _walk(one, (*path, name), members, objects)
    elif isinstance(value, list):
        members[path] = [(*path, place) for place in range(len(value))]
        for place, one in enumerate(value):
            yield from _walk(one, (*path, place), members, objects)
    else:
        yield path, False, value


def _join(slots: list[Slot], line: bytes, path: Path, start: int, end: int) -> bool:
    """Make one slot of numbers of a list that follow on each other; return whether it was done."""
    last = slots[-1] if slots else None
    if last is None or last.quote >= 0 or not _COMMA.fullmatch(line, last.end, start):
        return False
    above = last.path if last.is_list else last.path[:-1]
    if above != path[:-1]:
        return False
    slots[-1] = Slot(above, last.start, end, is_list=True)
    return True

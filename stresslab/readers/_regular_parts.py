"""Read a file of JSON lines in parts that are columns; lines that are odd, one by one."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.readers import _blocks
from stresslab.readers._blocks import Block, Shapes, blocks
from stresslab.readers._part import NONE, OddError, Part, Same
from stresslab.readers._regular import Lines
from stresslab.store.scan import Chunk

if TYPE_CHECKING:
    import pyarrow as pa

MOST_PIECES = 64
"""Of a block; one that is in more pieces is read line by line."""

Numbered = tuple[int, bytes]
Make = Callable[[Lines], "dict[str, pa.Array]"]
Exact = Callable[[list[Numbered]], Chunk]


@dataclass(frozen=True)
class Reading:
    """How lines are read.

    Parameters
    ----------
    make : callable
        Makes columns of lines of one shape, by the name of a field, and marks lines that are odd;
        raises `OddError` if all of them are.
    exact : callable
        Reads lines, given with their numbers and ends, one by one.
    fields : collection of str
        What is asked for beside the columns that are made.
    constants : dict
        Values that all rows have in common, by the name of a field.
    written : dict of str to str
        Names of made columns that hold JSON, by the field they stand for.
    """

    make: Make
    exact: Exact
    fields: Collection[str]
    constants: dict[str, Any] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)


def parts(path: Path, how: Reading) -> Iterator[Chunk]:
    """Yield all rows of a file of JSON lines in order."""
    shapes = Shapes()
    for block, bytes_done in blocks(path):
        merged = Merged(block, _groups(block, shapes, how), how.constants)
        for low, high, is_odd in _stretches(merged.odd):
            read = partial(_exact, how.exact, block, low, high, bytes_done)
            if is_odd:
                yield read()
                continue
            first, last = np.searchsorted(merged.rows, [low, high]).tolist()
            look_up = partial(_slice, merged, first, last - first)
            try:
                json = {field: look_up(name) for field, name in how.written.items()}
            except OddError:
                yield read()
                continue
            yield Part(
                bytes_done=bytes_done,
                numbers=block.number + merged.rows[first:last],
                look_up=look_up,
                written={field: one for field, one in json.items() if one is not NONE},
                exact=read,
            )


def _groups(
    block: Block, shapes: Shapes, how: Reading
) -> "list[tuple[Lines, dict[str, pa.Array]]]":
    """Return lines of shapes that are read by columns, with what is made of them."""
    found = []
    for lines in block.groups(shapes):
        try:
            made = how.make(lines)
        except OddError:
            continue
        lines.settle(how.fields)
        found.append((lines, made))
    return found


def _stretches(odd: Any) -> list[tuple[int, int, bool]]:
    """Return where lines that are read alike begin and end, and whether they are odd."""
    bounds = [0, *(np.flatnonzero(np.diff(odd)) + 1).tolist(), len(odd)]
    found: list[tuple[int, int, bool]] = []
    for low, high in pairwise(bounds):
        is_odd = bool(odd[low]) or high - low < _blocks.FEW
        if found and found[-1][2] == is_odd:
            low = found.pop()[0]
        found.append((low, high, is_odd))
    return found if len(found) <= MOST_PIECES else [(0, len(odd), True)]


def _exact(exact: Exact, block: Block, low: int, high: int, bytes_done: int) -> Chunk:
    found = exact(block.lines(np.arange(low, high)))
    found.bytes_done = bytes_done
    return found


def _slice(merged: "Merged", start: int, n: int, name: str) -> Any:
    column = merged.look_up(name)
    return column if isinstance(column, Same) else column.slice(start, n)


class Merged:
    """Columns of lines of several shapes, in the order of the lines.

    Parameters
    ----------
    block : Block
        What they stand in.
    groups : list of (Lines, dict)
        Lines of a shape, and columns of theirs that were made of values, by name; all groups have
        the same.
    constants : dict
        Values that all lines have in common, by the name of a field.
    """

    def __init__(
        self,
        block: Block,
        groups: "list[tuple[Lines, dict[str, pa.Array]]]",
        constants: dict[str, Any],
    ) -> None:
        self.block, self.groups, self.constants = block, groups, constants
        rows = [lines.rows for lines, _ in groups]
        whole = np.concatenate([*rows, np.zeros(0, np.int64)])
        no_rows = [lines.odd | lines.left_out for lines, _ in groups]
        is_row = ~np.concatenate([*no_rows, np.zeros(0, bool)])
        order = np.argsort(whole, kind="stable")
        self._order = order[is_row[order]]
        self._is_plain = len(rows) == 1 and is_row.all()
        self.rows = whole[self._order]
        self.odd = np.ones(len(block.starts), bool)
        self.odd[whole] = np.concatenate([*(lines.odd for lines, _ in groups), np.zeros(0, bool)])
        self._found: dict[str, Any] = {}

    def look_up(self, name: str) -> Any:
        """Return the values of a field of all lines that are not odd."""
        if name in self.constants and not any(name in made for _, made in self.groups):
            return Same(self.constants[name])
        if name not in self._found:
            self._found[name] = self._merged([self._of(*group, name) for group in self.groups])
        return self._found[name]

    def _of(self, lines: Lines, made: "dict[str, pa.Array]", name: str) -> Any:
        if name in made:
            return made[name]
        path = lines.shape.look_up(name)
        return NONE if path is None else lines.column(path)

    def _merged(self, columns: list[Any]) -> Any:
        """Return columns of groups as one.

        Raises
        ------
        OddError
            If they are of several types.
        """
        import pyarrow as pa

        if self._is_plain:
            return columns[0]
        kinds = {one.type for one in columns if one is not NONE and not pa.types.is_null(one.type)}
        if not kinds:
            return NONE
        if len(kinds) > 1:
            raise OddError
        (kind,) = kinds
        arrays = [
            pa.nulls(lines.n, kind) if one is NONE else one.cast(kind)
            for (lines, _), one in zip(self.groups, columns, strict=True)
        ]
        return pa.concat_arrays(arrays).take(pa.array(self._order))

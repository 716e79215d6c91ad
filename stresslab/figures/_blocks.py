"""Small multiples: split a table into blocks and lay them out in rows of readable width."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from stresslab.figures.theme import plain

UNTOUCHED = "untouched"


@dataclass(frozen=True)
class Block:
    """The rows of one small multiple."""

    title: str
    rows: pd.DataFrame
    tiers: tuple[int, ...]


@dataclass(frozen=True)
class Cell:
    """Where a block stands: its row and column in the grid and its horizontal extent."""

    row: int
    column: int
    x0: float
    x1: float


@dataclass(frozen=True)
class Grid:
    """Places of all blocks."""

    cells: tuple[Cell, ...]
    n_rows: int


def blocks_of(
    table: pd.DataFrame, by: Sequence[str], titles: Mapping[str, str] | None = None
) -> list[Block]:
    """Return one block per combination of the `by` columns, in the order met.

    A null (an untouched item has no perturbation) is a block of its own.
    """
    if not by:
        return [_block("", table)]
    names = [table[column].astype(object).where(table[column].notna(), None) for column in by]
    keys = list(zip(*names, strict=True))
    blocks = []
    for key in dict.fromkeys(keys):
        chosen = pd.Series([one == key for one in keys], index=table.index, dtype=bool)
        words = (str((titles or {}).get(str(part), part)) for part in key if part is not None)
        blocks.append(_block(" · ".join(words) or UNTOUCHED, table[chosen]))
    return blocks


def arrange(widths: Sequence[float], *, most: float, gap: float) -> Grid:
    """Return places for blocks of these widths, in rows at most `most` wide.

    Blocks share one scale, so that a column is equally wide in every row.
    """
    rows = _filled(widths, most)
    if len(rows) > 1:  # even rows look better than full ones and a remainder
        limits = sorted({sum(widths[i : j + 1]) for j in range(len(widths)) for i in range(j + 1)})
        least = bisect_left(limits, True, key=lambda one: len(_filled(widths, one)) <= len(rows))
        rows = _filled(widths, limits[least])
    total = max(sum(widths[one] for one in row) + gap * (len(row) - 1) for row in rows)
    cells: list[Cell] = []
    for place, row in enumerate(rows):
        edges = [0.0]
        for one in row:
            edges.append(edges[-1] + widths[one] + gap)
        for column, (start, stop) in enumerate(pairwise(edges)):
            cells.append(Cell(place, column, start / total, min((stop - gap) / total, 1.0)))
    return Grid(tuple(cells), len(rows))


def _filled(widths: Sequence[float], most: float) -> list[list[int]]:
    """Return the blocks of each row, filled in their order."""
    rows: list[list[int]] = [[]]
    for number, width in enumerate(widths):
        if rows[-1] and sum(widths[one] for one in rows[-1]) + width > most:
            rows.append([])
        rows[-1].append(number)
    return rows


def _block(title: str, rows: pd.DataFrame) -> Block:
    tiers = tuple(sorted({int(tier) for tier in rows["tier"].dropna()})) if "tier" in rows else ()
    return Block(plain(title[:1].upper() + title[1:]), rows, tiers)

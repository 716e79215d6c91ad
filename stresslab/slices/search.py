"""Every slice of up to three conditions with enough rows: its size, its mean, its contrast.

All values of two or three columns are counted at once, by one histogram over their joint codes:
20 columns make 1,140 histograms of triples, whatever their values. This is exact; nothing is
left out but slices with too few rows.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError, ShapeError
from stresslab.slices.columns import Column

DEEPEST = 3
NOWHERE = -1
THIN = 0.75
"""Below this share of rows in frequent pairs of values, a triple looks at these rows only."""


@dataclass(frozen=True)
class Candidates:
    """Slices and what is known of them, one row each; simple ones first.

    Parameters
    ----------
    column, code : ndarray of int, shape (n_slices, 3)
        Column and value of every condition; -1 where there is none.
    n, total : ndarray of shape (n_slices,)
        Rows, and sum of their values.
    contrast : ndarray of shape (n_slices,)
        Score statistic of mean inside against mean outside, as if rows were independent.
    beyond : ndarray of shape (n_slices,)
        The one nearest 0 of the statistics against the rest of every slice with one condition
        less, 0 where these differ in sign; for one condition the same as `contrast`.
    share : ndarray of shape (n_slices,)
        Largest share of the rows of a slice with one condition less that this one still holds.
    """

    column: Array
    code: Array
    n: Array
    total: Array
    contrast: Array
    beyond: Array
    share: Array

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self.n)

    def take(self, chosen: Array) -> "Candidates":
        """Return some of the slices."""
        return Candidates(*(part[chosen] for part in _parts(self)))

    def rows(self, place: int, columns: Sequence[Column]) -> Array:
        """Return which rows lie in one slice, as bool."""
        inside = np.ones(len(columns[0].codes), dtype=bool)
        for column, code in zip(self.column[place], self.code[place], strict=True):
            if column != NOWHERE:
                inside &= columns[column].codes == code
        return inside


@dataclass(frozen=True)
class _Sums:
    """Counts, sums and sums of squares of the values of some columns."""

    n: Array
    total: Array
    square: Array


def search(
    columns: Sequence[Column], values: Array, *, min_rows: int, most: int = DEEPEST
) -> Candidates:
    """Return every slice of up to `most` conditions with at least `min_rows` rows.

    Parameters
    ----------
    columns : sequence of Column
        One condition of a slice is one value of a column.
    values : ndarray of shape (n_rows,)
        What is averaged; known for every row.
    min_rows : int
        Fewest rows of a slice.
    most : int
        Most conditions, 1 to 3.

    Raises
    ------
    ParamError
        If `min_rows` is below 1 or `most` is not 1, 2 or 3.
    ShapeError
        If columns and values have different numbers of rows.

    Notes
    -----
    Slices of all rows are left out: they have no outside. The statistic is that of the score test,
    (mean - mean of parent) sqrt(n N / ((N - n) variance of parent)).
    """
    values = np.asarray(values, float)
    if min_rows < 1 or most not in range(1, DEEPEST + 1):
        raise ParamError(
            f"A search needs min_rows of 1 or more and 1 to {DEEPEST} conditions; got {min_rows} "
            f"and {most}."
        )
    if any(len(one.codes) != len(values) for one in columns):
        raise ShapeError("Every column of a search must have one code per value.")
    found = list(_Search(columns, values, min_rows).run(most)) or [_nothing()]
    merged = [np.concatenate(parts) for parts in zip(*map(_parts, found), strict=True)]
    return Candidates(*merged)


class _Search:
    """The histograms of one search; those of pairs are kept, for triples are held against them."""

    def __init__(self, columns: Sequence[Column], values: Array, min_rows: int) -> None:
        self.min_rows, self.values = min_rows, values
        self.binary = bool(np.isin(values, (0.0, 1.0)).all())
        self.squares = values if self.binary else values**2
        self.bit = values.astype(np.int64) if self.binary else values
        n = len(values)
        self.whole = _Sums(*(np.array(float(one)) for one in (n, values.sum(), self.squares.sum())))
        self.codes: list[Array] = []
        self.labels: list[Array] = []
        self.number: list[int] = []
        self.single: list[_Sums] = []
        self.pairs: dict[tuple[int, int], _Sums] = {}
        for number, column in enumerate(columns):
            self._add(number, column, n)

    def _add(self, number: int, column: Column, n: int) -> None:
        """Keep the frequent values of a column; all others share the last code."""
        counts = np.bincount(column.codes + 1, minlength=len(column.conditions) + 1)[1:]
        often = np.flatnonzero((counts >= self.min_rows) & (counts < n))
        if not len(often):
            return
        place = np.full(len(counts) + 1, len(often), dtype=np.int64)
        place[often] = np.arange(len(often))
        codes = place[column.codes]  # -1 is the last place, which is no value
        self.codes.append(codes)
        self.labels.append(often)
        self.number.append(number)
        self.single.append(self._sums(codes, (len(often) + 1,), None))

    def run(self, most: int) -> Iterator[Candidates]:
        """Yield the slices, simple ones first."""
        for i in range(len(self.codes)):
            yield self._kept((i,), self.single[i], [self.whole])
        if most == 1:
            return
        for i, j in itertools.combinations(range(len(self.codes)), 2):
            joint = self.codes[i] * self._width(j) + self.codes[j]
            sums = self._sums(joint, (self._width(i), self._width(j)), None)
            if (sums.n >= self.min_rows).any():
                self.pairs[i, j] = sums
                parents = [_on(self.single[i], (0,), 2), _on(self.single[j], (1,), 2)]
                yield self._kept((i, j), sums, parents)
        if most == DEEPEST:
            for i, j in self.pairs:
                yield from self._triples(i, j)

    def _triples(self, i: int, j: int) -> Iterator[Candidates]:
        third = [
            k for k in range(j + 1, len(self.codes))
            if (i, k) in self.pairs and (j, k) in self.pairs
        ]  # fmt: skip
        if not third:
            return
        width = self._width(j)
        joint = self.codes[i] * width + self.codes[j]
        often = np.zeros(self._width(i) * width, dtype=bool)
        often.reshape(self._width(i), width)[:-1, :-1] = self.pairs[i, j].n >= self.min_rows
        inside = often[joint]
        rows = None
        if np.count_nonzero(inside) < THIN * len(inside):
            rows = np.flatnonzero(inside)
            joint = joint[rows]
        for k in third:
            codes = self.codes[k] if rows is None else self.codes[k][rows]
            shape = (self._width(i), width, self._width(k))
            sums = self._sums(joint * self._width(k) + codes, shape, rows)
            if (sums.n >= self.min_rows).any():
                parents = [
                    _on(self.pairs[i, j], (0, 1), 3), _on(self.pairs[i, k], (0, 2), 3),
                    _on(self.pairs[j, k], (1, 2), 3),
                ]  # fmt: skip
                yield self._kept((i, j, k), sums, parents)

    def _width(self, i: int) -> int:
        return len(self.labels[i]) + 1

    def _sums(self, joint: Array, shape: tuple[int, ...], rows: Array | None) -> _Sums:
        """Return the histograms over joint codes, without the code that is no value."""
        inner = tuple(slice(0, one - 1) for one in shape)
        size = int(np.prod(shape))
        bit = self.bit if rows is None else self.bit[rows]
        if self.binary:
            both = np.bincount(joint * 2 + bit, minlength=2 * size).reshape(*shape, 2)[inner]
            total = both[..., 1].astype(float)
            return _Sums(both.sum(axis=-1).astype(float), total, total)
        squares = self.squares if rows is None else self.squares[rows]
        return _Sums(
            *(
                np.bincount(joint, weights=one, minlength=size).reshape(shape)[inner].astype(float)
                for one in (None, bit, squares)
            )
        )

    def _kept(self, which: tuple[int, ...], sums: _Sums, parents: Sequence[_Sums]) -> Candidates:
        """Return the slices of some columns that have enough rows."""
        often = (sums.n >= self.min_rows) & (sums.n < self.whole.n)
        at = np.nonzero(often)
        found = _Sums(sums.n[at], sums.total[at], sums.square[at])
        parts = [_at(parent, often) for parent in parents]
        against = np.array([_statistic(found, part) for part in parts])
        share = np.array([found.n / part.n for part in parts]).max(axis=0)
        low, high = against.min(axis=0), against.max(axis=0)
        column = np.full((len(found.n), DEEPEST), NOWHERE)
        code = np.full((len(found.n), DEEPEST), NOWHERE)
        for place, one in enumerate(which):
            column[:, place], code[:, place] = self.number[one], self.labels[one][at[place]]
        return Candidates(
            column, code, found.n.astype(np.int64), found.total,
            _statistic(found, self.whole), np.where(low > 0, low, np.where(high < 0, high, 0.0)),
            share,
        )  # fmt: skip


def _on(sums: _Sums, axes: tuple[int, ...], n_axes: int) -> _Sums:
    """Return sums of fewer columns, to be held against those of more."""
    index = tuple(slice(None) if axis in axes else None for axis in range(n_axes))
    return _Sums(sums.n[index], sums.total[index], sums.square[index])


def _at(sums: _Sums, often: Array) -> _Sums:
    """Return the sums of a parent at the frequent slices."""
    return _Sums(
        *(np.broadcast_to(part, often.shape)[often] for part in (sums.n, sums.total, sums.square))
    )


def _statistic(child: _Sums, parent: _Sums) -> Array:
    """Return the score statistic of a slice against the rest of a slice that holds it."""
    rest = parent.n - child.n
    mean = parent.total / parent.n
    variance = np.maximum(parent.square / parent.n - mean**2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (child.total / child.n - mean) * np.sqrt(child.n * parent.n / (rest * variance))
    return np.where((rest > 0) & (variance > 0), found, 0.0)


def _nothing() -> Candidates:
    none = np.zeros((0, DEEPEST), dtype=np.int64)
    return Candidates(none, none, none[:, 0], *(np.zeros(0),) * 4)


def _parts(found: Candidates) -> tuple[Array, ...]:
    return found.column, found.code, found.n, found.total, found.contrast, found.beyond, found.share

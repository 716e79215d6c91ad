"""Cells from aligned arrays: slices and merges of variants, in array arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from stresslab.checks import Array
from stresslab.nouns import STATUSES
from stresslab.store.aligned import at, meeting, numbered_rows, places, statuses, values
from stresslab.store.build_arrays import NO_STATUS
from stresslab.store.cells_cube import SECOND
from stresslab.store.cells_facts import STATUS_COUNTS
from stresslab.store.recent import answers
from stresslab.store.slicing import Slicer, slice_key

MOST_BINS = 50_000_000
"""Cells x clusters that are counted in one array (8 bytes each, a few at a time)."""


def from_arrays(
    slicer: Slicer, by: Sequence[str], edited: Sequence[int]
) -> tuple[Mapping[str, Array], dict[str, int]] | None:
    """Return raw cells, or None if there are too many cells for arrays."""
    question = slicer.question
    population = (question.models, question.measure, question.is_common, tuple(edited))
    key = slice_key(slicer, "moments", tuple(by), population)
    kept = answers.get(key, lambda: _moments(slicer, by, edited), _bytes_of)
    if kept is None:
        return None
    columns, unmatched = kept
    top, base = question.numerator, question.denominator
    keys = ["model", *dict.fromkeys(s.column for s in slicer.by_sources(by).values())]
    return {
        **{name: columns[name] for name in (*keys, "n_rows", "sq", "n_other")},
        **{name: columns[f"{name}_rows"] for name in STATUS_COUNTS},
        "total": columns[top], "n": columns[base], "n_clusters": columns[f"c_{base}"],
        "ss": columns[SECOND[top, top]], "sd": columns[SECOND[top, base]],
        "dd": columns[SECOND[base, base]],
    }, unmatched  # fmt: skip


def _moments(
    slicer: Slicer, by: Sequence[str], edited: Sequence[int]
) -> tuple[dict[str, Array], dict[str, int]] | None:
    """Return the sums of every cell, whatever two of them a metric divides."""
    columns = list(dict.fromkeys(s.column for s in slicer.by_sources(by).values()))
    found = places(slicer, by, columns)
    cell, first = _cells(found, columns)
    cluster, n_clusters = _without_gaps(found["cluster"], slicer)
    if max(len(first), 1) * n_clusters > MOST_BINS:
        return None
    rows = _Rows(cell * n_clusters + cluster, (len(first), n_clusters))
    given = _answers(slicer, by, found)
    unmatched: dict[str, int] = {}
    shared = None
    if slicer.question.is_common:
        once = not slicer.appears(by)
        common, unmatched = _common(slicer, [one.known for one in given], found, edited, once)
        shared = rows.taken(common)
    keys = {name: found[name][first] for name in columns}
    parts: list[dict[str, Array]] = []
    for model, one in zip(slicer.models, given, strict=True):
        there = rows.taken(one.there)
        mine = shared or (there if one.n_known == there.n else rows.taken(one.known))
        sums = _counts(there, one) | _sums(mine, one)
        sums |= keys | {"model": np.full(len(first), model)}
        parts.append({name: column[sums["n_rows"] > 0] for name, column in sums.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, unmatched


def _without_gaps(cluster: Array, slicer: Slicer) -> tuple[Array, int]:
    """Return the clusters of some rows numbered from 0, and how many there are."""
    n_items = slicer.dims.task_rows[slicer.task].n_items
    there = np.zeros(n_items, dtype=np.bool_)
    there[cluster] = True
    n = int(np.count_nonzero(there))
    return (cluster, n_items) if n == n_items else ((np.cumsum(there) - 1)[cluster], n)


def _bytes_of(kept: tuple[dict[str, Array], dict[str, int]] | None) -> int:
    return sum(column.nbytes for column in kept[0].values()) if kept else 0


class _Answers(NamedTuple):
    """One model's answers at all places; `there` in the slice, `known` with a value."""

    value: Array
    status: Array
    there: Array
    known: Array

    @property
    def n_known(self) -> int:
        """Return at how many places there is a value."""
        return int(np.count_nonzero(self.known))


def _answers(slicer: Slicer, by: Sequence[str], found: Mapping[str, Array]) -> list[_Answers]:
    measure = slicer.dims.measures.index(slicer.question.measure)
    met = meeting(slicer, by, found) if slicer.of_outcomes else None
    given = []
    for place, model in enumerate(slicer.models):
        value = at(values(slicer, measure, model), found["variant"])
        status = at(statuses(slicer, model), found["variant"])
        there = status != NO_STATUS
        if met is not None:
            there = there & met[place]
        given.append(_Answers(value, status, there, there & ~np.isnan(value)))
    return given


def different(variants: Array, n_variants: int) -> int:
    """Return how many different variants there are."""
    there = np.zeros(n_variants, dtype=np.bool_)
    there[variants] = True
    return int(np.count_nonzero(there))


def _cells(places: Mapping[str, Array], columns: list[str]) -> tuple[Array, Array]:
    """Return the cell of each row and a row of each cell."""
    if not columns:
        n = len(places["variant"])
        return np.zeros(n, dtype=np.int64), np.zeros(min(n, 1), dtype=np.int64)
    return numbered_rows([places[name] for name in columns])


def _common(
    slicer: Slicer,
    known: list[Array],
    places: Mapping[str, Array],
    edited: Sequence[int],
    once: bool,
) -> tuple[Array, dict[str, int]]:
    """Return which places all models know, and how many variants each has beyond them.

    `once` says that no variant stands at two places.
    """
    if edited:
        usable = ~np.isin(places["item"], edited)
        known = [mine & usable for mine in known]
    common = np.logical_and.reduce(known)
    n_variants = slicer.dims.task_rows[slicer.task].n_variants

    def beyond(mine: Array) -> int:
        rest = mine & ~common
        return (
            int(np.count_nonzero(rest)) if once else different(places["variant"][rest], n_variants)
        )

    return common, dict(zip(slicer.question.models, map(beyond, known), strict=True))


@dataclass(frozen=True)
class _Rows:
    """Some of all rows, and where they stand.

    Parameters
    ----------
    bins : int array
        Cell and cluster of each in one number.
    shape : tuple of int
        Numbers of cells and of clusters.
    which : int array, optional
        Their places among all rows; None = they are all.
    """

    bins: Array
    shape: tuple[int, int]
    which: Array | None = None

    @property
    def n(self) -> int:
        """Return how many there are."""
        return len(self.bins)

    def taken(self, mask: Array) -> "_Rows":
        """Return the rows where `mask` holds."""
        if mask.all():
            return self
        which = np.flatnonzero(mask)
        return _Rows(self.bins[which], self.shape, which)

    def of(self, column: Array) -> Array:
        """Return the values of a column of all rows."""
        return column if self.which is None else column[self.which]

    @cached_property
    def cell(self) -> Array:
        """Return the cell of each row."""
        return self.bins // self.shape[1]

    @cached_property
    def alone(self) -> bool:
        """Return whether no two of them lie in one cell and one cluster."""
        size = self.shape[0] * self.shape[1]
        if self.n > size:
            return False
        seen = np.zeros(size, dtype=np.bool_)
        seen[self.bins] = True
        return int(np.count_nonzero(seen)) == self.n

    @cached_property
    def counts(self) -> Array:
        """Return the rows per cell and cluster."""
        return self.sums(None)

    def sums(self, weights: Array | None) -> Array:
        """Return sums per cell and cluster."""
        n_cells, n_clusters = self.shape
        flat = np.bincount(self.bins, weights=weights, minlength=n_cells * n_clusters)
        return flat.astype(np.float64, copy=False).reshape(self.shape)

    def by_cell(self, weights: Array) -> Array:
        """Return sums per cell."""
        if self.shape[0] == 1:
            return np.array([weights.sum()])
        return np.bincount(self.cell, weights=weights, minlength=self.shape[0])

    def by_code(self, code: Array, width: int) -> Array:
        """Return how many rows of each cell have each code below `width`."""
        n_cells = self.shape[0]
        key = code if n_cells == 1 else self.cell * width + code
        return np.bincount(key, minlength=n_cells * width).reshape(n_cells, width)


def _counts(rows: _Rows, one: _Answers) -> dict[str, Array]:
    """Return rows by status, an array over cells for each."""
    by_status = rows.by_code(rows.of(one.status), len(STATUSES))
    columns = {f"{name}_rows": by_status[:, code] for code, name in enumerate(STATUS_COUNTS)}
    return columns | {"n_rows": by_status.sum(axis=1)}


def _sums(rows: _Rows, one: _Answers) -> dict[str, Array]:
    """Return the sums of one model's values in `rows`, an array over cells for each."""
    value = rows.of(one.value)
    answered = rows.of(one.status) == 0
    if rows.alone and ((value == 0) | (value == 1)).all():
        return _sums_of_single(rows, value == 1, answered)
    value = value.astype(np.float64)
    sums = {"total": rows.sums(value), "n_scored": rows.counts}
    sums["n_answered"] = rows.counts if answered.all() else rows.sums(answered.astype(np.float64))
    found = {name: column.sum(axis=1) for name, column in sums.items()}
    found |= {f"c_{name}": np.count_nonzero(column, axis=1) for name, column in sums.items()}
    for (top, base), name in SECOND.items():
        if name not in found:
            found[name] = np.einsum("ij,ij->i", sums[top], sums[base])
    other = (value != 0) & (value != 1)
    if other.any():
        return found | {"sq": rows.by_cell(value * value), "n_other": rows.by_cell(other)}
    return found | {"sq": found["total"], "n_other": np.zeros(rows.shape[0])}


def _sums_of_single(rows: _Rows, right: Array, answered: Array) -> dict[str, Array]:
    """Return the same where each row is a cluster of its cell: squares of 0 and 1 are themselves.

    One count of the four kinds of rows says all.
    """
    by_kind = rows.by_code(right + np.uint8(2) * answered, 4).astype(np.float64)
    total, n_answered = by_kind[:, 1] + by_kind[:, 3], by_kind[:, 2] + by_kind[:, 3]
    n = by_kind.sum(axis=1)
    sums = {"total": total, "n_scored": n, "n_answered": n_answered}
    found = sums | {f"c_{name}": column for name, column in sums.items()}
    found |= {"tt": total, "ts": total, "ta": by_kind[:, 3]}
    found |= {"ss": n, "sa": n_answered, "aa": n_answered}
    return found | {"sq": total, "n_other": np.zeros(len(n))}

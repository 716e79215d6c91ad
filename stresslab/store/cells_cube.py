"""Cells from the cube: answered in milliseconds at any size, where the slice fits its merges.

The finest cells that meet the condition are found first. A cell of the answer is read from the
cube if the finest cells it consists of are exactly those of one precomputed merge (or, where
clusters lie in one domain, of several that differ in the domain only).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stresslab.checks import Array
from stresslab.store import small
from stresslab.store.cells_facts import STATUS_COUNTS
from stresslab.store.expressions import Compiler, depends_on_perturbation
from stresslab.store.recent import answers
from stresslab.store.slicing import Slicer, slice_key

Raw = Mapping[str, Array]
"""Columns of rows or cells, still with codes in place of names."""

AXES = ("domain", "perturbation", "tier")
BITS = {"domain": 4, "perturbation": 2, "tier": 1}
CELL_FIELDS = {"task", "model", "domain", "perturbation", "tier"}

SECOND = {
    ("total", "total"): "tt", ("total", "n_scored"): "ts", ("total", "n_answered"): "ta",
    ("n_scored", "total"): "ts", ("n_scored", "n_scored"): "ss", ("n_scored", "n_answered"): "sa",
    ("n_answered", "total"): "ta", ("n_answered", "n_scored"): "sa",
    ("n_answered", "n_answered"): "aa",
}  # fmt: skip
"""Column of the second moment of two sums."""


def fits(slicer: Slicer, by: Sequence[str]) -> bool:
    """Return whether condition and `by` speak only of what cells are made of."""
    columns = {source.column for source in slicer.condition_sources()}
    if not columns <= CELL_FIELDS or not set(by) <= {"task", *AXES}:
        return False
    if slicer.question.denominator == "total":
        return False
    return not (slicer.dims.task_rows[slicer.task].n_edited and slicer.question.is_common)


def from_cube(slicer: Slicer, by: Sequence[str]) -> tuple[Raw, dict[str, int]] | None:
    """Return raw cells, or None if the cube cannot answer exactly."""
    question = slicer.question
    rows = cube_rows(slicer)
    seen_by_perturbation = "perturbation" in by or depends_on_perturbation(question.where)
    finest = _taken(rows, rows["level"] == (7 if seen_by_perturbation else 5))
    key = slice_key(slicer, "cube", question.measure, tuple(slicer.models), seen_by_perturbation)
    chosen: Raw = answers.get(key, lambda: dict(meeting(slicer, finest)))
    if "perturbation" in by and slicer.dims.paired(slicer.task):
        chosen = _taken(chosen, chosen["perturbation"] != -1)
    if not complete(slicer, chosen):
        return None
    unmatched = dict.fromkeys(question.models, 0) if question.is_common else {}
    groups = ["model", *(axis for axis in AXES if axis in by)]
    nest = slicer.dims.task_rows[slicer.task].clusters_nest
    for level in _levels(by, seen_by_perturbation):
        answer = _at(rows, finest, chosen, level, groups, nest)
        if answer is not None:
            return _moments(answer, groups, question.numerator, question.denominator), unmatched
    return None


_cube = lru_cache(maxsize=64)(small.cube)


def cube_rows(slicer: Slicer) -> Raw:
    """Return the cube rows of the question's task, measure and models."""
    measure = slicer.dims.measures.index(slicer.question.measure)
    rows = _cube(slicer.engine.generation.folder, slicer.task, measure)
    return _taken(rows, np.isin(rows["model"], slicer.models))


def _taken(rows: Raw, which: Array) -> Raw:
    if which.all():  # as for every model of a task: thousands of cells need no copy
        return dict(rows)
    places = np.flatnonzero(which)
    return {name: values[places] for name, values in rows.items()}


def meeting(slicer: Slicer, finest: Raw) -> Raw:
    """Return the finest cells that meet the condition; the same rules decide as for rows."""
    import narwhals as nw
    import pandas as pd

    where = slicer.question.where
    truth = True if where is None else Compiler(slicer.find).truth(where)
    if isinstance(truth, bool):
        return finest if truth else _taken(finest, np.zeros(len(finest["model"]), dtype=bool))
    frame = pd.DataFrame({name: finest[name] for name in sorted(CELL_FIELDS)})
    met = nw.from_native(frame).select(met=truth).to_native()["met"].to_numpy(dtype=bool)
    return _taken(finest, met)


def complete(slicer: Slicer, chosen: Raw) -> bool:
    """Return whether all models have values of the same variants, cell by cell."""
    if not slicer.question.is_common:
        return True
    known = _taken(chosen, chosen["n_known"] > 0)
    _, cell, n_models = np.unique(_key(known, AXES), return_inverse=True, return_counts=True)
    if (n_models != len(slicer.models)).any():
        return False
    last = np.zeros(len(n_models), dtype=np.int64)
    last[cell] = np.arange(len(cell))
    return all(
        bool((known[name] == known[name][last[cell]]).all()) for name in ("known_hash", "n_known")
    )


def _key(rows: Raw, columns: Sequence[str]) -> NDArray[np.int64]:
    """Return one integer per row for its values in `columns` (each from -2 to 65533)."""
    key = np.zeros(len(rows["model"]), dtype=np.int64)
    for name in columns:
        key = key * 65_536 + rows[name].astype(np.int64) + 2
    return key


def _levels(by: Sequence[str], with_perturbation: bool) -> list[int]:
    """Return the merges that keep `by`, coarsest first."""
    needed = sum(BITS[axis] for axis in by if axis in BITS)
    levels = [
        level
        for level in range(8)
        if level & needed == needed and bool(level & 2) == with_perturbation
    ]
    return sorted(levels, key=int.bit_count)


def _at(
    rows: Raw, finest: Raw, chosen: Raw, level: int, groups: list[str], nest: bool
) -> Raw | None:
    """Return the rows of one merge that make up the answer, or None if they do not."""
    keep = ["model", *(axis for axis in AXES if level & BITS[axis])]
    merges, n_finest = np.unique(_key(finest, keep), return_counts=True)
    found, n_found = np.unique(_key(chosen, keep), return_counts=True)
    if not np.array_equal(n_finest[np.searchsorted(merges, found)], n_found):
        return None
    there = _taken(rows, rows["level"] == level)
    picked = _taken(there, np.isin(_key(there, keep), found))
    cells, cell = np.unique(_key(picked, groups), return_inverse=True)
    if len(cells) == len(cell):
        return picked
    if not nest or "domain" not in keep:
        return None
    alike = [axis for axis in keep if axis != "domain"]
    if len(np.unique(_key(picked, list(dict.fromkeys([*groups, *alike]))))) != len(cells):
        return None
    return picked


def _moments(answer: Raw, groups: list[str], top: str, base: str) -> Raw:
    """Return the sums of the cells; rows of one cell share no cluster and are added."""
    columns = {
        **{name: answer["n_answered_rows" if name == "n_answered" else name]
           for name in ("n_rows", *STATUS_COUNTS, "sq", "n_other")},
        "total": answer[top], "n": answer[base],
        "ss": answer[SECOND[top, top]], "sd": answer[SECOND[top, base]],
        "dd": answer[SECOND[base, base]],
        "n_clusters": answer["c_answered" if base == "n_answered" else "c_scored"],
    }  # fmt: skip
    _, first, cell = np.unique(_key(answer, groups), return_index=True, return_inverse=True)
    sums = {
        name: np.bincount(cell, weights=values.astype(np.float64), minlength=len(first))
        for name, values in columns.items()
    }
    return {name: answer[name][first] for name in (*groups, "task")} | sums

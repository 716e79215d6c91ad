"""Cells from aligned arrays: slices and merges that variants decide, in array arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.nouns import STATUSES
from stresslab.store.build_arrays import NO_STATUS
from stresslab.store.cells_facts import STATUS_COUNTS, raw
from stresslab.store.contents import Question
from stresslab.store.recent import slices
from stresslab.store.slicing import Slicer, slice_key

MOST_BINS = 50_000_000
"""Cells x clusters that are counted in one array (8 bytes each, a few at a time)."""


def can_align(slicer: Slicer, by: Sequence[str]) -> bool:
    """Return whether each variant was asked once and rows are grouped by what variants decide."""
    if not slicer.dims.task_rows[slicer.task].single_trial:
        return False
    if any(source.column == "run" for source in slicer.condition_sources()):
        return False
    return not any(source.of_outcome for source in slicer.by_sources(by).values())


def load(folder: Path, name: str, length: int, fill: Any) -> Array:
    """Return an aligned array made `length` long: what a model has not seen is `fill`."""
    values = _mapped(folder / f"{name}.npy")
    if values is None:
        return np.full(length, fill)
    if len(values) == length:
        return values
    padded = np.full(length, fill, dtype=values.dtype)
    padded[: len(values)] = values
    return padded


@lru_cache(maxsize=256)
def _mapped(path: Path) -> Array | None:
    """Return an array of a generation, which is never written again; None if it is not there."""
    try:
        values: Array = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        return None
    return values


def from_arrays(
    slicer: Slicer, by: Sequence[str], edited: Sequence[int]
) -> tuple[Mapping[str, Array], dict[str, int]] | None:
    """Return raw cells, or None if there are too many cells for arrays."""
    question = slicer.question
    columns = list(dict.fromkeys(s.column for s in slicer.by_sources(by).values()))
    places = _places(slicer, by, columns)
    cell, first = _cells(places, columns)
    n_items = slicer.dims.task_rows[slicer.task].n_items
    if max(len(first), 1) * n_items > MOST_BINS:
        return None
    where = _Where(cell, cell * n_items + places["cluster"], (len(first), n_items))
    values, statuses = _loaded(slicer, places["variant"])
    if slicer.of_outcomes:
        met = meeting(slicer, by, places)
        values = [np.where(mine, one, np.nan) for one, mine in zip(values, met, strict=True)]
        statuses = [np.where(mine, one, NO_STATUS) for one, mine in zip(statuses, met, strict=True)]
    known = [~np.isnan(value) for value in values]
    unmatched: dict[str, int] = {}
    if question.is_common:
        common, unmatched = _common(slicer, known, places, edited)
        known = [common] * len(known)
    keys = {name: places[name][first] for name in columns}
    parts: list[dict[str, Array]] = []
    for model, value, status, mine in zip(slicer.models, values, statuses, known, strict=True):
        found = keys | {"model": np.full(len(first), model)}
        found |= _model(where, value, status, mine, question)
        parts.append({name: column[found["n_rows"] > 0] for name, column in found.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, unmatched


def _places(slicer: Slicer, by: Sequence[str], columns: list[str]) -> dict[str, Array]:
    """Return the variants in the slice as far as they decide it, as often as they appear."""
    plain = slicer
    if slicer.of_outcomes:
        plain = Slicer(slicer.engine, replace(slicer.question, where=None))
    wanted = dict.fromkeys(["variant", "item", "cluster", "perturbation", *columns])

    def ask() -> dict[str, Array]:
        return dict(raw(slicer.engine.collect(plain.rows(plain.variants(), by).select(*wanted))))

    found: dict[str, Array] = slices.get(slice_key(plain, "places", tuple(by), *wanted), ask)
    return found


def meeting(slicer: Slicer, by: Sequence[str], places: Mapping[str, Array]) -> list[Array]:
    """Return, model by model, which places hold an outcome that meets the condition."""
    appears = "perturbation" in by and bool(slicer.dims.paired(slicer.task))
    width = len(slicer.dims.perturbations) + 1 if appears else 0

    def ask() -> list[Array]:
        return _holding(slicer, width)

    held: list[Array] = slices.get(slice_key(slicer, "met", appears), ask)
    place = slots(places, width)
    return [there[place] for there in held]


def _holding(slicer: Slicer, width: int) -> list[Array]:
    """Return, model by model, whether a slot holds an outcome that meets the condition."""
    rows = slicer.rows(slicer.facts(), ("perturbation",) if width else ())
    found = raw(slicer.engine.collect(rows.select("model", "variant", "perturbation")))
    n = slicer.dims.task_rows[slicer.task].n_variants * max(width, 1)
    slot = slots(found, width)
    held = []
    for model in slicer.models:
        there = np.zeros(n, dtype=np.bool_)
        there[slot[found["model"] == model]] = True
        held.append(there)
    return held


def slots(rows: Mapping[str, Array], width: int) -> Array:
    """Return one number per appearance; `width` is 0 where each variant appears once."""
    if not width:
        return rows["variant"]
    slot: Array = rows["variant"].astype(np.int64) * width + rows["perturbation"] + 1
    return slot


def different(variants: Array, n_variants: int) -> int:
    """Return how many different variants there are."""
    there = np.zeros(n_variants, dtype=np.bool_)
    there[variants] = True
    return int(np.count_nonzero(there))


def _loaded(slicer: Slicer, variant: Array) -> tuple[list[Array], list[Array]]:
    folder = slicer.engine.generation.folder / "aligned" / str(slicer.task)
    measure = str(slicer.dims.measures.index(slicer.question.measure))
    length = slicer.dims.task_rows[slicer.task].n_variants
    values = [load(folder / measure, str(one), length, np.nan)[variant] for one in slicer.models]
    statuses = [load(folder, f"status.{one}", length, NO_STATUS)[variant] for one in slicer.models]
    return values, statuses


def _cells(places: Mapping[str, Array], columns: list[str]) -> tuple[Array, Array]:
    """Return the cell of each row and a row of each cell."""
    import pandas as pd

    n = len(places["variant"])
    if not columns:
        return np.zeros(n, dtype=np.int64), np.zeros(min(n, 1), dtype=np.int64)
    table = pd.DataFrame({name: places[name] for name in columns})
    cell = table.groupby(columns, sort=False, dropna=False).ngroup().to_numpy().astype(np.int64)
    first = np.zeros(int(cell.max()) + 1 if n else 0, dtype=np.int64)
    first[cell] = np.arange(n)
    return cell, first


def _common(
    slicer: Slicer, known: list[Array], places: Mapping[str, Array], edited: Sequence[int]
) -> tuple[Array, dict[str, int]]:
    if edited:
        usable = ~np.isin(places["item"], edited)
        known = [mine & usable for mine in known]
    common = np.logical_and.reduce(known)
    n_variants = slicer.dims.task_rows[slicer.task].n_variants
    unmatched = {
        model: different(places["variant"][mine & ~common], n_variants)
        for model, mine in zip(slicer.question.models, known, strict=True)
    }
    return common, unmatched


@dataclass(frozen=True)
class _Where:
    """Where rows stand: cell, cell and cluster in one number, and how many of both."""

    cell: Array
    bins: Array
    shape: tuple[int, int]
    counted: list[tuple[Array, Array]] = field(default_factory=list)

    def count(self, which: Array) -> Array:
        """Return the rows per cell and cluster; once for models that share their rows."""
        for seen, counts in self.counted:
            if seen is which:
                return counts
        bins = self.bins if which.all() else self.bins[which]
        counts = np.bincount(bins, minlength=self.shape[0] * self.shape[1])
        self.counted.append((which, counts.astype(np.float64).reshape(self.shape)))
        return self.counted[-1][1]


def _model(
    where: _Where, value: Array, status: Array, known: Array, question: Question
) -> dict[str, Array]:
    """Return the sums of one model, an array over cells for each column."""
    cell, (n_cells, n_items) = where.cell, where.shape
    by_status = np.bincount(cell * 256 + status, minlength=n_cells * 256).reshape(n_cells, 256)
    value = np.where(known, value, 0).astype(np.float64)
    sums: dict[str, Array] = {}
    for name in {question.numerator, question.denominator}:
        if name == "total":
            flat = np.bincount(where.bins, weights=value, minlength=n_cells * n_items)
            sums[name] = flat.reshape(where.shape)
        else:
            sums[name] = where.count(known if name == "n_scored" else known & (status == 0))
    top, base = sums[question.numerator], sums[question.denominator]
    columns = {name: by_status[:, code] for code, name in enumerate(STATUS_COUNTS)}
    return columns | {
        "n_rows": by_status[:, : len(STATUSES)].sum(axis=1),
        "total": top.sum(axis=1),
        "n": base.sum(axis=1),
        "n_clusters": np.count_nonzero(base, axis=1),
        "ss": np.einsum("ij,ij->i", top, top),
        "sd": np.einsum("ij,ij->i", top, base),
        "dd": np.einsum("ij,ij->i", base, base),
        "sq": np.bincount(cell, weights=value * value, minlength=n_cells),
        "n_other": np.bincount(cell[(value != 0) & (value != 1)], minlength=n_cells),
    }

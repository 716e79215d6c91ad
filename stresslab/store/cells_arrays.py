"""Cells from aligned arrays: slices and merges that variants decide, in array arithmetic."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.nouns import STATUSES
from stresslab.store.build_arrays import NO_STATUS
from stresslab.store.cells_facts import STATUS_COUNTS
from stresslab.store.slicing import Slicer

if TYPE_CHECKING:
    import pandas as pd

MOST_BINS = 50_000_000
"""Cells x clusters that are counted in one array (8 bytes each, a few at a time)."""


def can_align(slicer: Slicer, by: Sequence[str]) -> bool:
    """Return whether variants alone decide the slice, and each was asked once."""
    sources = [*slicer.condition_sources(), *slicer.by_sources(by).values()]
    return slicer.dims.task_rows[slicer.task].single_trial and not any(
        source.of_outcome for source in sources
    )


def load(folder: Path, name: str, length: int, fill: Any) -> Array:
    """Return an aligned array made `length` long: what a model has not seen is `fill`."""
    path = folder / f"{name}.npy"
    if not path.exists():
        return np.full(length, fill)
    values: Array = np.load(path, mmap_mode="r")
    if len(values) == length:
        return values
    padded = np.full(length, fill, dtype=values.dtype)
    padded[: len(values)] = values
    return padded


def from_arrays(
    slicer: Slicer, by: Sequence[str], edited: Sequence[int]
) -> tuple[Mapping[str, Array], dict[str, int]] | None:
    """Return raw cells, or None if there are too many cells for arrays."""
    engine, question = slicer.engine, slicer.question
    columns = list(dict.fromkeys(s.column for s in slicer.by_sources(by).values()))
    wanted = dict.fromkeys(["variant", "item", "cluster", *columns])
    places = engine.collect(slicer.rows(slicer.variants(), by).select(*wanted))
    cell, first = _cells(places, columns)
    n_items = slicer.dims.task_rows[slicer.task].n_items
    if max(len(first), 1) * n_items > MOST_BINS:
        return None
    bins = cell * n_items + places["cluster"].to_numpy()
    shape = (len(first), n_items)
    variant = places["variant"].to_numpy()
    values, statuses = _loaded(slicer, variant)
    common: Array | None = None
    unmatched: dict[str, int] = {}
    if question.is_common:
        common, unmatched = _common(slicer, values, variant, places["item"].to_numpy(), edited)
    keys = {name: places[name].to_numpy()[first] for name in columns}
    parts: list[dict[str, Array]] = []
    for model, value, status in zip(slicer.models, values, statuses, strict=True):
        known = ~np.isnan(value) if common is None else common
        found = keys | {"model": np.full(len(first), model)}
        found |= _model(cell, bins, shape, value, status, known, question)
        parts.append({name: column[found["n_rows"] > 0] for name, column in found.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, unmatched


def _loaded(slicer: Slicer, variant: Array) -> tuple[list[Array], list[Array]]:
    folder = slicer.engine.generation.folder / "aligned" / str(slicer.task)
    measure = str(slicer.dims.measures.index(slicer.question.measure))
    length = slicer.dims.task_rows[slicer.task].n_variants
    values = [load(folder / measure, str(one), length, np.nan)[variant] for one in slicer.models]
    statuses = [load(folder, f"status.{one}", length, NO_STATUS)[variant] for one in slicer.models]
    return values, statuses


def _cells(places: "pd.DataFrame", columns: list[str]) -> tuple[Array, Array]:
    """Return the cell of each row and the first row of each cell."""
    if not columns:
        return np.zeros(len(places), dtype=np.int64), np.zeros(min(len(places), 1), dtype=np.int64)
    cell = places.groupby(columns, sort=False, dropna=False).ngroup().to_numpy().astype(np.int64)
    _, first = np.unique(cell, return_index=True)
    return cell, first


def _common(
    slicer: Slicer,
    values: list[Array],
    variant: Array,
    item: Array,
    edited: Sequence[int],
) -> tuple[Array, dict[str, int]]:
    usable = ~np.isin(item, edited) if edited else np.ones(len(variant), dtype=bool)
    known = [~np.isnan(value) & usable for value in values]
    common = np.logical_and.reduce(known)
    unmatched = {
        model: len(np.unique(variant[mine & ~common]))
        for model, mine in zip(slicer.question.models, known, strict=True)
    }
    return common, unmatched


def _model(
    cell: Array,
    bins: Array,
    shape: tuple[int, int],
    value: Array,
    status: Array,
    known: Array,
    question: Any,
) -> dict[str, Array]:
    """Return the sums of one model, an array over cells for each column."""
    n_cells, n_bins = shape[0], shape[0] * shape[1]
    by_status = np.bincount(cell * 256 + status, minlength=n_cells * 256).reshape(n_cells, 256)
    value = np.where(known, value, 0).astype(np.float64)
    needed = {question.numerator, question.denominator}
    sums: dict[str, Array] = {}
    if "total" in needed:
        sums["total"] = np.bincount(bins, weights=value, minlength=n_bins)
    if "n_scored" in needed:
        sums["n_scored"] = np.bincount(bins, weights=known, minlength=n_bins)
    if "n_answered" in needed:
        sums["n_answered"] = np.bincount(bins, weights=known & (status == 0), minlength=n_bins)
    top = sums[question.numerator].reshape(shape)
    base = sums[question.denominator].reshape(shape)
    columns = {name: by_status[:, code] for code, name in enumerate(STATUS_COUNTS)}
    return columns | {
        "n_rows": by_status[:, : len(STATUSES)].sum(axis=1),
        "total": top.sum(axis=1),
        "n": base.sum(axis=1),
        "n_clusters": (base > 0).sum(axis=1),
        "ss": np.einsum("ij,ij->i", top, top),
        "sd": np.einsum("ij,ij->i", top, base),
        "dd": np.einsum("ij,ij->i", base, base),
        "sq": np.bincount(cell, weights=value * value, minlength=n_cells),
        "n_other": np.bincount(cell, weights=(value != 0) & (value != 1), minlength=n_cells),
    }

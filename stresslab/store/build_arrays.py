"""Aligned arrays (per task and measure one file per model, row = variant ordinal) and cubes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.store.build_cubes import (
    SHRINKS,
    Layout,
    add_clusters,
    add_confidence,
    add_cube,
    cube_columns,
    merged,
    n_clusters,
)
from stresslab.store.build_parts import Parts

if TYPE_CHECKING:
    import duckdb

NO_STATUS = 255
"""Status of a variant that a model was not asked."""

FEW = 0.5
"""Of a model that was asked fewer of a task's variants the others are not looked at."""

MERGES = "merges"
"""Folder, beside the index being built, of what the merges of a task wait in."""

SPARSE = 0.05
"""A model that was asked fewer of a task's variants has an array of those only."""

BUILT_IN = ("score", "correct", "confidence")
OF_VARIANTS = ("item", "cluster", "domain", "perturbation", "tier", "echo_set")


def layout_of(con: "duckdb.DuckDBPyConnection", task: int, folder: Path) -> Layout:
    """Write the arrays that describe the variants of a task and return their layout.

    Files ``aligned/<task>/variant.<column>.npy`` for item, cluster, domain, perturbation, tier
    and echo_set. Variants that an older generation described are not asked for again.
    """
    paths = {name: folder / "aligned" / str(task) / f"variant.{name}.npy" for name in OF_VARIANTS}
    known = {name: np.load(path, mmap_mode="r") for name, path in paths.items() if path.exists()}
    first = min(map(len, known.values()), default=0)
    found = con.execute(
        f"""SELECT {", ".join(OF_VARIANTS)} FROM variant_cells
        WHERE task = {task} AND variant >= {first} ORDER BY variant"""
    ).fetchnumpy()
    columns = {name: np.asarray(known.get(name, values)) for name, values in found.items()}
    if len(found["item"]):
        for name, values in found.items():
            added = np.asarray(values)
            columns[name] = np.concatenate([known[name], added]) if first else added
            save(paths[name], columns[name])
    echo_sets = con.execute(
        f"SELECT echo_set, perturbation FROM echo_sets WHERE task = {task}"
    ).fetchall()
    return Layout(columns, [(int(one), int(other)) for one, other in echo_sets])


def add_model(
    con: "duckdb.DuckDBPyConnection", parts: Parts, task: int, model: int, folder: Path
) -> None:
    """Write the arrays and cubes of one model in one task, for every measure it has a value of.

    Files, under ``aligned/<task>/``: ``status.<model>.npy`` (uint8, if each variant was asked
    once), ``<measure>/<model>.npy`` (mean over trials, NaN = null; float32 if that is exact, else
    float64), ``<measure>/<model>.trials.npy`` where a trial count is not 0 or 1, and
    ``<measure>/<model>.bits.npy`` (packed: known, then ones) where all values are 0 or 1.
    A model's array may be shorter than the task, or hold only the variants it was asked, each
    with its ordinal: the rest is null. ``items.<model>.npy``: packed, which items it was asked.
    """
    target = folder / "aligned" / str(task)
    found = con.execute(
        f"""SELECT variant, status FROM facts
        WHERE task = {task} AND model = {model} AND latest"""
    ).fetchnumpy()
    rows = np.asarray(found["variant"]), np.asarray(found["status"])
    layout, n = parts.layout, parts.layout.n_variants
    asked = _unique(rows[0], n)
    con.execute(f"INSERT INTO task_models VALUES ({task}, {model}, {len(asked)})")
    _save_items(layout.variants["item"][asked], target / f"items.{model}.npy")
    few = asked if len(asked) < FEW * n else None
    if few is not None:
        parts = Parts(layout.among(few), folder / MERGES / str(model))
    mine = parts.layout
    own = rows if few is None else (np.searchsorted(few, rows[0]), rows[1])
    if len(asked) == len(rows[0]):
        statuses = np.full(mine.n_variants, NO_STATUS, np.uint8)
        statuses[own[0]] = own[1]
        _save_aligned(target / f"status.{model}.npy", statuses, mine.numbers, n, NO_STATUS)
    del asked  # as long as the rows
    for measure, name, variant, status, value in _measures(con, task, model, rows):
        if name != "score" and np.isnan(value).all():
            continue
        if few is not None:
            variant = np.searchsorted(few, variant)
        keys = {"task": task, "measure": measure, "model": model}
        total, scored, is_rate = _add_measure(con, parts, (own, variant, status, value), keys)
        _save_values((total, scored), is_rate, mine.numbers, n, target / str(measure) / str(model))
    add_confidence(con, task, model)


def _unique(variant: Array, n: int) -> Array:
    """Return the variants of some rows, in order."""
    if len(variant) < FEW * n:
        return np.unique(variant)
    there = np.zeros(n, np.bool_)
    there[variant] = True
    return np.flatnonzero(there).astype(variant.dtype)


def _add_measure(
    con: "duckdb.DuckDBPyConnection",
    parts: Parts,
    rows: tuple[tuple[Array, Array], Array, Array, Array],
    keys: dict[str, int],
) -> tuple[Array, Array, bool]:
    """Insert the cubes of a measure; return its sums and counts by variant, and if all are 0, 1."""
    total, scored = (np.zeros(parts.layout.n_variants, kind) for kind in (np.float64, np.int32))
    n_others = n_rows = n = 0
    cubes: list[dict[str, Array]] = []
    for places, layout, values in parts.values(*rows):
        total[places], scored[places] = values.total, values.n_scored
        n_others += int(values.n_other.sum())
        n_rows += int(values.n_rows.sum())
        n += n_clusters(layout, values)
        cubes += cube_columns(layout, values)
    add_cube(con, merged(cubes), keys)
    if n_rows and n <= SHRINKS * n_rows:
        for _, layout, values in parts.values(*rows):
            add_clusters(con, layout, values, keys)
    return total, scored, not n_others


def _measures(
    con: "duckdb.DuckDBPyConnection", task: int, model: int, rows: tuple[Array, Array]
) -> Iterator[tuple[int, str, Array, Array, Array]]:
    """Yield code, name, variants, statuses and values of every measure."""
    chosen = f"task = {task} AND model = {model}"
    for code, name in con.execute("SELECT code, name FROM measures ORDER BY code").fetchall():
        if name in BUILT_IN:
            found = con.execute(
                f"SELECT {name}::DOUBLE AS v FROM facts WHERE {chosen} AND latest"
            ).fetchnumpy()
            yield code, name, rows[0], rows[1], _nan(found["v"])
            continue
        found = con.execute(
            f"""SELECT f.variant, f.status, s.value AS v
            FROM (SELECT * FROM imported WHERE {chosen} AND measure = {code}) s
            JOIN (SELECT run, variant, trial, status FROM facts WHERE {chosen} AND latest) f
                USING (run, variant, trial)
            ORDER BY f.variant"""
        ).fetchnumpy()
        yield (
            code,
            name,
            np.asarray(found["variant"]),
            np.asarray(found["status"]),
            _nan(found["v"]),
        )


def _nan(values: Array) -> Array:
    """Return a float array with NaN for null."""
    return np.asarray(np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan))


def _save_values(
    sums: tuple[Array, Array], is_rate: bool, numbers: Array, n: int, target: Path
) -> None:
    total, scored = sums
    known = scored > 0
    mean = np.where(known, total / np.maximum(scored, 1), np.nan)
    narrow = mean.astype(np.float32)
    exact = bool(np.array_equal(narrow.astype(np.float64), mean, equal_nan=True))
    folder, model = target.parent, target.name
    _save_aligned(folder / f"{model}.npy", narrow if exact else mean, numbers, n, np.nan)
    if scored.max(initial=0) > 1:
        _save_aligned(folder / f"{model}.trials.npy", scored, numbers, n, 0)
    elif is_rate:
        bits = np.zeros((2, n), np.bool_)
        bits[:, numbers] = known, mean == 1
        save(folder / f"{model}.bits.npy", np.packbits(bits, axis=1))


def _save_aligned(path: Path, values: Array, numbers: Array, n: int, fill: Any) -> None:
    """Write what is known of some variants: at their places, or beside their ordinals if few."""
    if len(numbers) < SPARSE * n:
        few = np.empty(len(numbers), [("variant", np.int32), ("value", values.dtype)])
        few["variant"], few["value"] = numbers, values
        save(path, few)
        return
    if len(numbers) < n:
        every = np.full(n, fill, values.dtype)
        every[numbers] = values
        values = every
    save(path, values)


def _save_items(items: Array, path: Path) -> None:
    asked = np.zeros(int(items.max(initial=-1)) + 1, np.bool_)
    asked[items] = True
    save(path, np.packbits(asked))


def save(path: Path, values: Array) -> None:
    """Write one array; an older generation that shares the file keeps its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    np.save(path, values, allow_pickle=False)

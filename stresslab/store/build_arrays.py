"""Aligned arrays (per task and measure one file per model, row = variant ordinal) and cubes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stresslab.checks import Array
from stresslab.store.build_cubes import Layout, Values, add_confidence, add_cube, values_of

if TYPE_CHECKING:
    import duckdb

NO_STATUS = 255
"""Status of a variant that a model was not asked."""

FEW = 0.5
"""Of a model that was asked fewer of a task's variants the others are not looked at."""

BUILT_IN = ("score", "correct", "confidence")


def layout_of(con: "duckdb.DuckDBPyConnection", task: int, folder: Path) -> Layout:
    """Write the arrays that describe the variants of a task and return their layout.

    Files ``aligned/<task>/variant.<column>.npy`` for item, cluster, domain, perturbation, tier
    and echo_set.
    """
    found = con.execute(
        f"""SELECT item, cluster, domain, perturbation, tier, echo_set
        FROM variant_cells WHERE task = {task} ORDER BY variant"""
    ).fetchnumpy()
    columns = {name: np.asarray(values) for name, values in found.items()}
    for name, values in columns.items():
        save(folder / "aligned" / str(task) / f"variant.{name}.npy", values)
    echo_sets = con.execute(
        f"SELECT echo_set, perturbation FROM echo_sets WHERE task = {task}"
    ).fetchall()
    return Layout(columns, [(int(one), int(other)) for one, other in echo_sets])


def add_model(
    con: "duckdb.DuckDBPyConnection", layout: Layout, task: int, model: int, folder: Path
) -> None:
    """Write the arrays and cubes of one model in one task, for every measure it has a value of.

    Files, under ``aligned/<task>/``: ``status.<model>.npy`` (uint8, if each variant was asked
    once), ``<measure>/<model>.npy`` (mean over trials, NaN = null; float32 if that is exact, else
    float64), ``<measure>/<model>.trials.npy`` where a trial count is not 0 or 1, and
    ``<measure>/<model>.bits.npy`` (packed: known, then ones) where all values are 0 or 1.
    A model's array may be shorter than the task: the rest is null.
    """
    target = folder / "aligned" / str(task)
    found = con.execute(
        f"""SELECT variant, status FROM facts
        WHERE task = {task} AND model = {model} AND latest"""
    ).fetchnumpy()
    rows = np.asarray(found["variant"]), np.asarray(found["status"])
    n_asked = int(np.count_nonzero(np.bincount(rows[0], minlength=1)))
    con.execute(f"INSERT INTO task_models VALUES ({task}, {model}, {n_asked})")
    if n_asked == len(rows[0]):
        statuses = np.full(layout.n_variants, NO_STATUS, np.uint8)
        statuses[rows[0]] = rows[1]
        save(target / f"status.{model}.npy", statuses)
    n = layout.n_variants
    few = np.unique(rows[0]) if n_asked < FEW * n else None
    mine = layout if few is None else layout.among(few)
    own = rows if few is None else (np.searchsorted(few, rows[0]), rows[1])
    for measure, name, variant, status, value in _measures(con, task, model, rows):
        if few is not None:
            variant = np.searchsorted(few, variant)
        values = values_of(own, variant, status, value, mine.n_variants)
        if name != "score" and not values.n_scored.any():
            continue
        _save_values(values, mine.numbers, n, target / str(measure), model)
        add_cube(con, mine, values, task=task, model=model, measure=measure)
    add_confidence(con, task, model)


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


def _save_values(values: Values, numbers: Array, n: int, target: Path, model: int) -> None:
    scored, mean = np.zeros(n, values.n_scored.dtype), np.full(n, np.nan)
    scored[numbers] = values.n_scored
    known = scored > 0
    mean[known] = (values.total / np.maximum(values.n_scored, 1))[values.n_scored > 0]
    narrow = mean.astype(np.float32)
    exact = bool(np.array_equal(narrow.astype(np.float64), mean, equal_nan=True))
    save(target / f"{model}.npy", narrow if exact else mean)
    if values.n_scored.max(initial=0) > 1:
        save(target / f"{model}.trials.npy", scored.astype(np.int32))
    elif not values.n_other.any():
        save(target / f"{model}.bits.npy", np.stack([np.packbits(known), np.packbits(mean == 1)]))


def save(path: Path, values: Array) -> None:
    """Write one array; an older generation that shares the file keeps its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    np.save(path, values, allow_pickle=False)

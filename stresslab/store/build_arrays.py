"""Aligned arrays: per task and measure one file per model, row = variant ordinal."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import duckdb

NO_STATUS = 255
"""Status of a variant that a model was not asked."""


def build_arrays(
    con: "duckdb.DuckDBPyConnection", task: int, models: list[int], folder: Path
) -> None:
    """Write the arrays of `models`, and those that describe the variants of the task.

    Files, under ``aligned/<task>/``: ``variant.<column>.npy`` (item, cluster, domain,
    perturbation, tier, echo_set), ``status.<model>.npy`` (uint8, single-trial tasks),
    ``<measure>/<model>.npy`` (mean over trials, NaN = null; float32 if that is exact, else
    float64), ``<measure>/<model>.trials.npy`` where a trial count is not 0 or 1, and
    ``<measure>/<model>.bits.npy`` (packed: known, then ones) where all values are 0 or 1.
    A model's array may be shorter than the task: the rest is null.
    """
    target = folder / "aligned" / str(task)
    target.mkdir(parents=True, exist_ok=True)
    columns = con.execute(
        f"""SELECT item, cluster, domain, perturbation, tier, echo_set
        FROM variant_cells WHERE task = {task} ORDER BY variant"""
    ).fetchnumpy()
    for name, values in columns.items():
        _save(target / f"variant.{name}.npy", np.asarray(values))
    row = con.execute(f"SELECT single_trial FROM task_facts WHERE task = {task}").fetchone()
    single = bool(row and row[0])
    for model in models:
        _save_model(con, task, model, target, single)


def _save_model(
    con: "duckdb.DuckDBPyConnection", task: int, model: int, target: Path, single: bool
) -> None:
    chosen = f"task = {task} AND model = {model} AND latest"
    if single:
        found = con.execute(f"SELECT variant, status FROM facts WHERE {chosen}").fetchnumpy()
        variant = np.asarray(found["variant"])
        statuses = np.full(_length(variant), NO_STATUS, np.uint8)
        statuses[variant] = np.asarray(found["status"])
        _save(target / f"status.{model}.npy", statuses)
    measures = con.execute(
        "SELECT code, name FROM measures WHERE code IN (SELECT measure FROM cube "
        f"WHERE task = {task} AND model = {model})"
    ).fetchall()
    for code, name in measures:
        _save_measure(con, chosen, name, code, target / str(code), model)


def _save_measure(
    con: "duckdb.DuckDBPyConnection", chosen: str, name: str, code: int, target: Path, model: int
) -> None:
    if name in ("score", "correct", "confidence"):
        source = f"SELECT variant, {name}::DOUBLE AS v FROM facts WHERE {chosen} AND v IS NOT NULL"
    else:
        source = f"""SELECT variant, s.value AS v
            FROM (SELECT run, variant, trial FROM facts WHERE {chosen})
            JOIN (SELECT * FROM imported WHERE measure = {code}) s USING (run, variant, trial)
            WHERE s.value IS NOT NULL"""
    found = con.execute(
        f"SELECT variant, avg(v) AS v, count(*) AS n FROM ({source}) GROUP BY variant"
    ).fetchnumpy()
    variant = np.asarray(found["variant"])
    values = np.full(_length(variant), np.nan)
    values[variant] = np.asarray(found["v"])
    narrow = values.astype(np.float32)
    exact = bool(np.array_equal(narrow.astype(np.float64), values, equal_nan=True))
    _save(target / f"{model}.npy", narrow if exact else values)
    trials = np.asarray(found["n"])
    if trials.size and trials.max() > 1:
        counts = np.zeros(len(values), np.int32)
        counts[variant] = trials
        _save(target / f"{model}.trials.npy", counts)
    known = ~np.isnan(values)
    if bool(np.isin(values[known], (0.0, 1.0)).all()):
        bits = np.stack([np.packbits(known), np.packbits(known & (values == 1.0))])
        _save(target / f"{model}.bits.npy", bits)


def _length(variant: np.ndarray[Any, Any]) -> int:
    return int(variant.max()) + 1 if variant.size else 0


def _save(path: Path, values: np.ndarray[Any, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # the file may be shared with an older generation
    np.save(path, values, allow_pickle=False)

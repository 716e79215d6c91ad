"""Runs of models that the index knows: what they answer anew counts no more in older runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.store.build_dims import Codes, aliased, parquet

if TYPE_CHECKING:
    import duckdb

SUMS = ("cube", "confidence_cube", "cluster_cube", "task_models")
"""Tables of what is summed over the rows of a model that count."""


def make_room(
    con: "duckdb.DuckDBPyConnection",
    runs: Sequence[Any],
    codes: Codes,
    aliases: dict[str, str],
    aligned: Path,
) -> list[int]:
    """Take out of the index what newer runs of known models replace.

    Parameters
    ----------
    runs : sequence of RunInfo
        Runs whose variants are loaded and whose outcomes are not; newer than all in the index.
    aligned : Path
        Folder of the task's arrays.

    Returns
    -------
    list of int
        The older runs whose rows are to be counted again.
    """
    older: list[int] = []
    for model in {run.model for run in runs}:
        code = codes.models[model]
        mine = f"task = {codes.task} AND model = {code}"
        found = con.execute(f"SELECT run FROM runs WHERE {mine}").fetchall()
        if not found:
            continue
        older += [run for (run,) in found]
        for run in runs:
            path = Path(run.path) / "outcomes.parquet"
            if run.model == model and path.exists():
                con.execute(
                    f"""UPDATE facts SET latest = false WHERE {mine} AND latest AND variant IN (
                        SELECT variant FROM variants WHERE task = {codes.task} AND variant_id IN (
                            SELECT {aliased("variant_id", aliases)} FROM {parquet(path)}))"""
                )
        for table in SUMS:
            con.execute(f"DELETE FROM {table} WHERE {mine}")
        for array in (*aligned.glob(f"*/{code}.*npy"), *aligned.glob(f"*.{code}.npy")):
            array.unlink()
    return older

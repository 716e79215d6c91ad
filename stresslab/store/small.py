"""The small tables of an index as files beside it: read in a millisecond, without DuckDB."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array

if TYPE_CHECKING:
    import duckdb

TABLES = (
    "tasks", "models", "measures", "domains", "perturbations", "task_perturbations", "echo_sets",
    "attributes", "runs", "task_facts", "derived",
)  # fmt: skip
LAYOUT = b"3"
"""Another one whenever `write`, or what makes the aligned arrays, writes something else."""

FILE = "small.json"
FOLDER = "cube"


def write(con: "duckdb.DuckDBPyConnection", folder: Path) -> None:
    """Write the dictionaries, and the cubes that are not there, into the folder of an index."""
    import pyarrow as pa

    said: dict[str, list[Any]] = {}
    for table in TABLES:
        said[table] = con.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()
    (folder / FILE).write_text(json.dumps(said), encoding="utf-8")
    (folder / FOLDER).mkdir(exist_ok=True)
    for (task,) in con.execute("SELECT DISTINCT task FROM cube").fetchall():
        path = folder / FOLDER / f"{task}.arrow"
        if path.exists():
            continue
        rows = con.sql(f"SELECT * FROM cube WHERE task = {task} ORDER BY ALL")
        table = rows.to_arrow_table()
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)


def dictionaries(folder: Path) -> dict[str, list[Any]]:
    """Return the rows of each of `TABLES`."""
    said: dict[str, list[Any]] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return said


def cube(folder: Path, task: int, measure: int) -> dict[str, Array]:
    """Return the cube of one task and measure; small at any number of outcomes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    path = folder / FOLDER / f"{task}.arrow"
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
        found = table.filter(pc.equal(table["measure"], measure))
        return {name: np.asarray(found[name]) for name in found.column_names}

"""How fast are wide and Arrow tables read, beside pandas on the same file?

Ours makes items, variants and outcomes with ids, hashes and statuses, in pieces. pandas makes one
frame of the file; of a wide table it is then asked for what ours starts from: one row per model and
input (`melt`), with the answer compared to the label.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from stresslab.readers import readers
from stresslab.store.scan import scan
from tests.bench._kind import Asked, Bench, Row, Took, best, once

MODELS = 50
BATCH = 50_000
PEAK = """
import sys
from pathlib import Path
from stresslab.readers import readers
reader, path = readers.get("table"), Path(sys.argv[1])
n = sum(b.rows.num_rows for b in reader.read(path, reader.propose(path)) if b.table == "outcomes")
status = Path("/proc/self/status").read_text().split()
print(n, status[status.index("VmHWM:") + 1])
"""


def run(asked: Asked) -> Iterator[Row]:
    """Yield rates of a million cells in wide form and of a million rows of Arrow."""
    n = asked.n(1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        yield from _wide(asked, Path(folder), n)
    with tempfile.TemporaryDirectory() as folder:
        yield from _arrow(asked, Path(folder), n)
    with tempfile.TemporaryDirectory() as folder:
        yield _memory(arrow(Path(folder) / "long.arrow", 2 * n, "zstd"), 2 * n)


def wide(path: Path, n: int) -> Path:
    """Write a CSV file of so many answers: a row per input, a column per model."""
    names = [f"model{one}_pred" for one in range(MODELS)]
    with path.open("w", encoding="utf-8") as file:
        file.write(f"id,text,label,{','.join(names)}\n")
        for one in range(max(n // MODELS, 1)):
            answers = ",".join("ab"[(one * (place + 3) >> 2) % 2] for place in range(MODELS))
            file.write(f"q{one},what was said about the input {one},{'ab'[one % 2]},{answers}\n")
    return path


def arrow(path: Path, n: int, compression: str | None = None) -> Path:
    """Write an Arrow file of so many outcomes of five models, in batches."""
    import pyarrow as pa

    schema = pa.schema([("id", pa.string()), ("model", pa.string()), ("text", pa.string()),
                        ("score", pa.float64()), ("confidence", pa.float64())])  # fmt: skip
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(str(path), schema, options=options) as writer:
        for start in range(0, n, BATCH):
            places = range(start, min(start + BATCH, n))
            columns = [
                [f"q{one // 5}" for one in places], [f"model{one % 5}" for one in places],
                [f"what was said about the input {one // 5}" for one in places],
                [float(one % 3 > 0) for one in places], [(one % 97) / 97 for one in places],
            ]  # fmt: skip
            arrays = [pa.array(one, kind) for one, kind in zip(columns, schema.types, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    return path


def _wide(asked: Asked, folder: Path, n: int) -> Iterator[Row]:
    path = wide(folder / "wide.csv", n)
    theirs = best(partial(_melted, path), times=2) if "pandas" in asked.opponents else None
    yield _row("wide CSV: whole reader", n, best(partial(_read, path), times=2), theirs,
               "read_csv + melt")  # fmt: skip


def _arrow(asked: Asked, folder: Path, n: int) -> Iterator[Row]:
    import pandas as pd

    path = arrow(folder / "long.arrow", n)
    is_asked = "pandas" in asked.opponents
    theirs = best(lambda: pd.read_feather(path).to_dict("records"), times=1) if is_asked else None
    took = best(lambda: [None for _ in scan(path)], times=2)
    yield _row("Arrow: rows of plain values", n, took, theirs, "to_dict")
    yield _row("Arrow: whole reader", n, best(partial(_read, path), times=2), theirs, "to_dict")


def _row(what: str, n: int, took: Took, theirs: Took | None, opponent: str) -> Row:
    return Row(what, n, took, f"pandas {opponent}"[:15] if theirs else "", theirs,
               note=f"{n / took.wall:,.0f} rows/s")  # fmt: skip


def _read(path: Path) -> None:
    reader = readers.get("table")
    for _ in reader.read(path, reader.propose(path)):
        pass


def _melted(path: Path) -> Any:
    import pandas as pd

    long = pd.read_csv(path).melt(["id", "text", "label"], var_name="model", value_name="answer")
    return long.assign(correct=(long["answer"] == long["label"]).astype("int8"))


def _memory(path: Path, n: int) -> Row:
    took: list[str] = []

    def work() -> None:
        command = [sys.executable, "-c", PEAK, str(path)]
        took[:] = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    wall = once(work).wall
    note = f"peak {int(took[1]) / 1024:,.0f} MB of {path.stat().st_size / 1e6:,.0f} MB packed"
    return Row("memory of a process that reads", n, Took(wall), wanted="< 500 MB", note=note)


PIECE = Bench("wide and Arrow tables", run)

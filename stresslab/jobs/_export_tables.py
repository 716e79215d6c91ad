"""Write runs as one CSV or Parquet table, a row per outcome, with a file beside it."""

import csv
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.jobs._export_rows import Plan, described, placed
from stresslab.nouns import TABLES
from stresslab.readers.exported import COLUMNS, JSON, beside
from stresslab.spreadsheet import cell, marked
from stresslab.store.outgoing import Outgoing, rows_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

TYPES = TABLES["variants"] | TABLES["outcomes"] | {"seed_beside": "int64"}


def columns_of(plan: Plan) -> list[str]:
    """Return the columns of an exported table."""
    return [
        *COLUMNS,
        *(f"item.{name}" for name in plan.names["items"]),
        *(f"variant.{name}" for name in plan.names["variants"]),
        *(f"measure.{name}" for name in plan.names["scores"]),
        *(f"explanation.{name}" for name in plan.names["why"]),
    ]


def write_csv(one: Outgoing, part: Path, plan: Plan) -> Iterator[int]:
    """Write one run without a header; yield the number of rows so far."""
    columns, done = columns_of(plan), 0
    with part.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for rows in rows_of(one, plan.spill):
            for row in rows:
                flat = _flat(row, one)
                writer.writerow([_plain(flat.get(name)) for name in columns])
            done += len(rows)
            yield done


def join_csv(parts: Sequence[Path], whole: Path, plan: Plan) -> None:
    """Write a header and all parts as one file, and what is known of the runs."""
    with whole.open("wb") as file:
        header = [marked(name) for name in columns_of(plan)]
        quoted = ('"' + name.replace('"', '""') + '"' for name in header)
        file.write((",".join(quoted) + "\n").encode("utf-8", errors="replace"))
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file, 1 << 20)
    _write_beside(whole, plan)


def write_parquet(one: Outgoing, part: Path, plan: Plan) -> Iterator[int]:
    """Write one run; yield the number of rows so far."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, done = _schema(plan), 0
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        for rows in rows_of(one, plan.spill):
            flat = [_flat(row, one, lists=True) for row in rows]
            writer.write_table(pa.Table.from_pylist(flat, schema=schema))
            done += len(rows)
            yield done


def join_parquet(parts: Sequence[Path], whole: Path, plan: Plan) -> None:
    """Write all parts as one file, and what is known of the runs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(whole, _schema(plan), compression="zstd") as writer:
        for part in parts:
            with pq.ParquetFile(part) as source:
                for batch in source.iter_batches(50_000):
                    writer.write_table(pa.Table.from_batches([batch]))
    _write_beside(whole, plan)


def _flat(row: dict[str, Any], one: Outgoing, *, lists: bool = False) -> dict[str, Any]:
    """Return a row as the columns of the table."""
    known = placed(row)
    run = one.run
    known |= {"model": run.model, "revision": run.revision, "task": run.task, "run": run.run_id}
    flat = {name: known.get(name) for name in COLUMNS}
    for name in JSON:
        if known.get(name) is not None and not (lists and name == "probs"):
            flat[name] = json.dumps(known[name], ensure_ascii=False)
    for kind in ("item", "variant"):
        for name, value in known[f"{kind}_attributes"].items():
            flat[f"{kind}.{name}"] = cell(value)
    for measure in known["measures"]:
        flat[f"measure.{measure['measure']}"] = measure["value"]
        flat[f"explanation.{measure['measure']}"] = measure["explanation"]
    return flat


def _plain(value: Any) -> Any:
    if value is None:
        return None
    return repr(value) if isinstance(value, float) else marked(value)


def _schema(plan: Plan) -> "pa.Schema":
    import pyarrow as pa

    types = {
        "string": pa.string(), "json": pa.string(), "int8": pa.int8(), "int16": pa.int16(),
        "int32": pa.int32(), "int64": pa.int64(), "float64": pa.float64(),
        "probs": pa.list_(pa.float32()),
    }  # fmt: skip
    kinds = {name: TYPES.get(name, "string") for name in columns_of(plan)}
    kinds |= {f"measure.{name}": "float64" for name in plan.names["scores"]}
    return pa.schema([(name, types[kind]) for name, kind in kinds.items()])


def _write_beside(whole: Path, plan: Plan) -> None:
    runs = [described(one, table_of(one.run, "published")) for one in plan.chosen]
    known = {"stresslab_export": 1, "data_version": plan.version, "runs": runs}
    beside(whole).write_text(
        json.dumps(known, ensure_ascii=False, indent=1, default=str), encoding="utf-8"
    )

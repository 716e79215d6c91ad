"""A table that `stresslab export` wrote: its columns say all, so nothing has to be guessed."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from stresslab.errors import ReadError
from stresslab.readers._exact import BESIDE, Exact, known
from stresslab.readers._kind import About, Batch, Reader, RunKey
from stresslab.readers._mapping import Mapping, Source
from stresslab.readers._records import head_of, small_object
from stresslab.readers._rows import LongTable
from stresslab.spreadsheet import uncell, unmarked
from stresslab.store import scan
from stresslab.store.scan import Chunk

COLUMNS = (
    "model", "revision", "task", "item_set", "item", "domain", "group_id",
    "perturbation", "axis", "tier", "strength", "unit", "seed", "trial",
    "original", "input", "messages", "choices", "reference",
    "output", "answer", "status", "score", "correct", "confidence", "probs", "error",
    "latency_s", "tokens_in", "tokens_out", *BESIDE, "run",
)  # fmt: skip
"""Columns of an exported table before those of attributes and measures."""

NEEDED = tuple(name for name in COLUMNS if name not in (*BESIDE, "run"))
ROLES = {"item_set": "items", "group_id": "group"}
JSON = ("messages", "choices", "reference", "probs")
FREE = ("item.", "variant.", "measure.", "explanation.")
"""How the columns begin that follow: attributes, measures and why they are what they are."""

RUNS = ".runs.json"


def beside(path: Path) -> Path:
    """Return the file beside a table that says what is known of its runs."""
    return path.with_name(f"{path.name}{RUNS}")


def sniff(path: Path) -> float:
    """Return how sure it is that a table was exported: by its columns."""
    if path.name.endswith(RUNS) and path.with_name(path.name.removesuffix(RUNS)).is_file():
        return 0.4  # a part of that table
    return 0.6 if set(NEEDED) <= set(_columns(path)) else 0.0


def parts(path: Path) -> tuple[Path, ...]:
    """Return the table and the file beside it."""
    return (path, beside(path)) if beside(path).is_file() else (path,)


def propose(path: Path) -> Mapping:
    """Return the mapping of exported columns, which is the same for every export.

    Raises
    ------
    ReadError
        If the file does not have them.
    """
    columns = _columns(path)
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise ReadError(
            f"An exported table has the columns {', '.join(NEEDED)}; {path} has no "
            f'{", ".join(missing)}. Read it as a table of your own: reader = "table".'
        )
    free = {
        kind: {name.removeprefix(kind): Source(fields=(name,)) for name in columns
               if name.startswith(kind)}
        for kind in FREE
    }  # fmt: skip
    sources = {ROLES.get(name, name): Source(fields=(name,)) for name in NEEDED}
    if "run" in columns:  # older exports have none
        sources["run"] = Source(fields=("run",))
    if "score" in free["explanation."]:
        sources["explanation"] = free["explanation."].pop("score")
    declared: dict[str, dict[str, Any]] = {}
    for run in _runs(path):
        declared |= _object(run.get("measures"))
    measures = {
        name: {"from": source}
        | ({"explanation": free["explanation."][name]} if name in free["explanation."] else {})
        | known(declared.get(name))
        for name, source in free["measure."].items()
    }
    return Mapping(
        sources=sources,
        attributes=free["item."],
        variant_attributes=free["variant."],
        measures={"score": known(declared.get("score"))} | measures,
        reader="exported",
    )


def read(path: Path, mapping: Mapping) -> Iterator[Batch]:
    """Yield the rows of an exported table, then what its runs had published.

    Raises
    ------
    ReadError
        If it is no readable table.
    """
    is_apart = "run" in mapping.sources
    runs = {_key(run, is_apart): run for run in _runs(path)}

    def about(key: RunKey) -> About:
        run = runs.get(key, {})
        return About(_object(run.get("settings")), _object(run.get("model_info")))

    table, bytes_done = LongTable(mapping, path.name, about), 0
    is_text, exact = scan.format_of(path) == "csv", defaultdict[str, Exact](Exact)
    for chunk in scan.scan(path):
        bytes_done = chunk.bytes_done
        rows = [(number, _decoded(row, is_text)) for number, row in chunk.rows]
        for _, row in rows:
            part = str(row.get("run") or "") if is_apart else ""
            exact[part].see(row, row.get("task"), _free(row, "item."), _free(row, "variant."))
        found = table.add(Chunk(rows, chunk.rejects, bytes_done, chunk.unit))
        yield from (_whole(one, exact, runs) for one in found)
    yield from (_whole(one, exact, runs) for one in table.finish(bytes_done))
    for key, run in runs.items():
        rows_said = run.get("published")
        said = [
            tuple(one.get(name) for name in ("measure", "slice", "value", "stderr", "n"))
            for one in (rows_said if isinstance(rows_said, list) else ())
            if isinstance(one, dict)
        ]
        if said:
            yield table.batch(key, "published", said)


def _free(row: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name.removeprefix(kind): one for name, one in row.items() if name.startswith(kind)}


def _whole(batch: Batch, exact: dict[str, Exact], runs: dict[RunKey, dict[str, Any]]) -> Batch:
    """Return a batch with what its run alone said of items, seeds and measures."""
    key = batch.run
    if key is None:
        return batch
    declared = _object(runs.get(key, {}).get("measures"))
    if declared:
        batch = replace(batch, measures={name: known(one) for name, one in declared.items()})
    return exact[key.part].put_back(batch)


def _decoded(row: dict[str, Any], is_text: bool) -> dict[str, Any]:
    if is_text:
        row = {name: unmarked(value) for name, value in row.items()}
    for name, value in row.items():
        if isinstance(value, str) and (name in JSON or name.startswith(("item.", "variant."))):
            row[name] = uncell(value)
    return row


def _columns(path: Path) -> list[str]:
    kind = scan.format_of(path) if path.is_file() else None
    if kind == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return list(pq.read_schema(path).names)
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            return []
    if kind != "csv" or path.name.endswith(".gz"):
        return []
    text = head_of(path).decode("utf-8-sig", errors="replace")
    try:
        return next(csv.reader(io.StringIO(text)), [])
    except csv.Error:
        return []


def _runs(path: Path) -> list[dict[str, Any]]:
    found = small_object(beside(path))[0].get("runs") if beside(path).is_file() else None
    return [one for one in (found if isinstance(found, list) else ()) if isinstance(one, dict)]


def _key(run: dict[str, Any], is_apart: bool) -> RunKey:
    part = str(run.get("run_id") or "") if is_apart else ""
    return RunKey(str(run.get("model")), str(run.get("task")), run.get("revision"), part)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


PIECE = Reader(
    title="Table exported by stresslab (CSV, Parquet)",
    sniff=sniff,
    propose=propose,
    read=read,
    parts=parts,
    version="2",
    suffix=".csv",
    example=(
        f"{','.join(NEEDED)},item.length,measure.rouge\n"
        'bert,,reviews,reviews,1,news,,,,0,,,,0,,A fine day,,,"""pos""",pos,,answered,1.0,1,'
        "0.93,,,,,,3,0.5\n"
        "bert,,reviews,reviews,1,news,,typos,paired,1,0.1,share,7,0,A fine day,A fnie day,,,"
        '"""pos""",neg,,answered,0.0,0,0.61,,,,,,3,0.25\n'
    ),
    source="ours",
)

"""How fast is a log of Inspect AI read, beside Inspect's own `samples_df`?"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from stresslab.places import cache_folder
from stresslab.readers import inspect
from stresslab.readers._mapping import Mapping, Source
from tests.bench._kind import BEST_OF, Asked, Bench, Row, Took, best
from tests.readers import inspect_files

THEIRS = Path(__file__).with_name("_inspect_theirs.py")
PYTHON = "STRESSLAB_INSPECT_PYTHON"
"""Names a Python that has inspect-ai and pandas, if this one has not."""

ABSENT = f"a log made by code: inspect-ai is not installed; {PYTHON}=<python that has it> compares"
LETTERS = {"C": 1.0, "I": 0.0}


def run(asked: Asked) -> Iterator[Row]:
    """Yield reading a log of 6,000 samples from its summaries, and with every sample opened."""
    n, python = max(100, asked.n(6_000)), _python()
    folder = cache_folder() / "bench" / f"inspect-{n}-{'genuine' if python else 'made'}-v1"
    log = _log(folder, n, python)
    mapping = inspect.propose(log)
    grid = Mapping(**vars(mapping) | {"sources": _without_output(mapping)})
    ours = best(partial(_read, log, grid))
    if python and asked.opponents:
        table = folder / "samples.parquet"
        command = [python, "-P", str(THEIRS), "time", str(log), str(table), str(BEST_OF)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        theirs = Took(*min(json.loads(said.splitlines()[-1])))
        again = best(partial(_read, log, grid))
        ours = min(ours, again, key=lambda took: took.wall)
        note = f"{_compared(log, grid, table)} columns equal"
        yield Row("read the grid of a log", n, ours, "samples_df", theirs, "x 10", note)
    else:
        yield Row("read the grid of a log", n, ours, note="" if python else ABSENT)
    whole = Mapping(**vars(grid) | {"sources": grid.sources | {"output": _OUTPUT}})
    yield Row("read a log, every sample opened", n, best(partial(_read, log, whole), times=2))
    yield Row("propose its mapping", n, best(partial(inspect.propose, log), times=2))


_OUTPUT = Source(fields=("read.output",))


def _without_output(mapping: Mapping) -> dict[str, Source]:
    return {role: one for role, one in mapping.sources.items() if role != "output"}


def _python() -> str | None:
    if find_spec("inspect_ai") and find_spec("pandas"):
        return sys.executable
    return os.environ.get(PYTHON)


def _log(folder: Path, n: int, python: str | None) -> Path:
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if python:
            command = [python, "-P", str(THEIRS), "make", str(n), str(folder)]
            subprocess.run(command, check=True, capture_output=True)
        else:
            samples = [inspect_files.sample(f"s{k}", "CI"[k % 2]) for k in range(n)]
            inspect_files.write_eval(folder / "made.eval", samples, method=inspect_files.ZSTD)
        (folder / "done").touch()
    return next(folder.glob("*.eval"))


def _read(log: Path, mapping: Mapping) -> int:
    return sum(batch.rows.num_rows for batch in inspect.read(log, mapping))


def _compared(log: Path, mapping: Mapping, table: Path) -> int:
    """Return how many columns both give; all of their values must be equal."""
    batches = list(inspect.read(log, mapping))
    tables = {
        name: pa.concat_tables(one.rows for one in batches if one.table == name).to_pylist()
        for name in ("items", "outcomes", "scores")
    }
    items = {one["item_id"]: one for one in tables["items"]}
    measures = {(one["variant_id"], one["measure"]): one["value"] for one in tables["scores"]}
    theirs = pq.read_table(table).to_pylist()
    by_id = {f"sums/{one['id']}": one for one in theirs}
    assert len(theirs) == len(by_id) == len(tables["outcomes"])
    for one in tables["outcomes"]:
        key, other = one["variant_id"], by_id[one["variant_id"]]
        item = items[key]
        both = {
            "epoch": (one["trial"] + 1, other["epoch"]),
            "input": (" ".join(f"user: {item['input']}".split()), " ".join(other["input"].split())),
            "target": (json.loads(item["reference"]), other["target"]),
            "domain": (item["domain"], other["metadata_domain"]),
            "part": (json.loads(item["attributes"])["part"], other["metadata_part"]),
            "match": (measures[key, "match"], LETTERS[other["score_match"]]),
            "includes": (measures[key, "includes"], LETTERS[other["score_includes"]]),
            "score": (one["score"], LETTERS[other["score_match"]]),
            "tokens": (one["tokens_in"] + one["tokens_out"], other["total_tokens"]),
            "seconds": (one["latency_s"], other["working_time"]),
            "error": (one["error"], other["error"] or None),
        }
        for name, (mine, their) in both.items():
            assert mine == their, f"{key}, {name}: {mine!r} and {their!r}"
    return len(both)


PIECE = Bench("reading a log of Inspect AI", run)

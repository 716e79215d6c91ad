"""What the random kills of an import run in a process of their own, in many small parts."""

import contextlib
import io
from pathlib import Path

import duckdb
import narwhals
import pandas
import pyarrow.parquet

from stresslab import analyses
from stresslab.cli import main
from stresslab.jobs import _import_source
from stresslab.readers import readers
from stresslab.store import scan_rows

CHUNK, FLUSH = 60, 150
LOADED = [duckdb, narwhals, pandas, pyarrow.parquet, analyses.get("parity")]
"""Loaded once, in the process that the others are forked of."""
LOADED += [readers.get(name) for name in readers.names()]


def import_table(path: Path, workspace: Path) -> None:
    """Run ``stresslab import`` with chunks and parts of a few rows."""
    scan_rows.CHUNK_ROWS, _import_source.ROWS_A_FLUSH = CHUNK, FLUSH
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        raise SystemExit(main(["import", str(path), "-w", str(workspace), "--json"]))

"""Read the tables of a sealed run so that two runs can be held against each other."""

import json

import pyarrow.parquet as pq

from stresslab import nouns

TABLES = ("items", "variants", "outcomes", "scores", "published")


def run_tables(run):
    """Return the rows of every table of a run in one order, with what is JSON decoded."""
    return {table: _rows(run.path / f"{table}.parquet", table) for table in TABLES}


def _rows(path, table):
    rows = pq.read_table(path).to_pylist() if path.exists() else []
    for row in rows:
        for name, kind in nouns.TABLES[table].items():
            if kind == "json" and row[name] is not None:
                row[name] = json.loads(row[name])
        if table == "variants" and row["tier"] == 0:
            row["axis"] = None  # an original stands on every axis
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))

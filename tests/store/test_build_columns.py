"""Attributes become the same columns whichever way their keys are found."""

import json

import duckdb
import pytest

from stresslab.store import build_columns

ROWS = [
    {"a": 1, "b": "x", 'say "it"': True, "d": None},
    {"a": 2.5, "b": "y", "list": [1], "big": 2**62},
    {"a": -1, "object": {"x": 1}, "d": None, "flag": False, "it's": "é"},
]


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("CREATE TABLE items (task INTEGER, item INTEGER, attributes VARCHAR)")
        texts = [*map(json.dumps, ROWS), None, "no json", "[1]"]
        con.executemany("INSERT INTO items VALUES (0, ?, ?)", list(enumerate(texts)))
        yield con


def test_keys_of_wide_objects_are_found_as_those_of_narrow_ones(con, monkeypatch):
    narrow = build_columns._found(con, 0, "item", 0)
    monkeypatch.setattr(build_columns, "MOST", 0)
    monkeypatch.setattr(build_columns, "A_FETCH", 2)
    assert build_columns._found(con, 0, "item", 0) == narrow
    types = {key: (one.n, one.type) for key, one in narrow.items()}
    assert types == {
        "a": (3, "DOUBLE"), "b": (2, "VARCHAR"), 'say "it"': (1, "BOOLEAN"),
        "list": (1, "VARCHAR"), "big": (1, "BIGINT"), "object": (1, "VARCHAR"),
        "flag": (1, "BOOLEAN"), "it's": (1, "VARCHAR"),
    }  # fmt: skip


def test_values_stand_under_their_keys(con):
    found = build_columns._found(con, 0, "item", 0)
    keys = build_columns._ordered(found)
    query = build_columns._values(0, "item", keys, found, 0)
    rows = [dict(zip(["item", *keys], row, strict=True)) for row in con.execute(query).fetchall()]
    assert [row["a"] for row in rows] == [1, 2.5, -1, None, None, None]
    assert [row['say "it"'] for row in rows] == [True, *[None] * 5]
    assert rows[2]["it's"] == "é"
    assert json.loads(rows[1]["list"]) == [1]

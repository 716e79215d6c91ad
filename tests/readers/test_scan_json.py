"""A JSON file that is a list of records is a table; what is wrong in it costs one entry."""

import gzip
import json
import tracemalloc

import pytest

from stresslab.errors import ReadError
from stresslab.readers import readers
from stresslab.store import scan_rows
from stresslab.store.scan import format_of, scan

ROWS = [{"id": n, "model": "m", "prediction": "a", "label": "ab"[n % 2]} for n in range(6)]


def read(path):
    chunks = list(scan(path))
    return (
        [row for chunk in chunks for row in chunk.rows],
        [reject for chunk in chunks for reject in chunk.rejects],
    )


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("member", ["", "data"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_list_is_read_like_lines(tmp_path, indent, member, pack):
    path = tmp_path / ("a.json" + ".gz" * (pack is gzip.compress))
    path.write_bytes(pack(json.dumps({member: ROWS} if member else ROWS, indent=indent).encode()))
    rows, rejects = read(path)
    assert [row for _, row in rows] == ROWS
    assert [number for number, _ in rows] == list(range(1, 7))
    assert rejects == []


def test_a_list_becomes_outcomes_and_says_which_entry_does_not(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([*ROWS[:3], 7, {"model": "m"}, *ROWS[3:]]))
    piece, found = readers.get("table"), {"rejects": [], "outcomes": []}
    assert piece.sniff(path) > 0
    for batch in piece.read(path, piece.propose(path)):
        found.setdefault(batch.table, []).extend(batch.rows.to_pylist())
    assert len(found["outcomes"]) == 6
    assert {row["line"] for row in found["rejects"]} == {"entry 4", "entry 5"}


def test_a_broken_entry_and_a_cut_end_cost_only_themselves(tmp_path):
    path = tmp_path / "a.json"
    written = [json.dumps(one) for one in ROWS]
    written[2] = written[2].replace('"m"', "m")
    path.write_text("[" + ", ".join(written)[:-5])
    rows, rejects = read(path)
    assert [row["id"] for _, row in rows] == [0, 1, 3, 4]
    assert [one.place for one in rejects][:2] == ["entry 3", "entry 6"]


def test_what_stands_beside_the_list_is_told(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"rows": ROWS, "version": 2}))
    rows, (told,) = read(path)
    assert len(rows) == 6
    assert (told.field, told.place) == ("version", "file")


@pytest.mark.parametrize("text", ['{"id": 1}', "[]", "[1, 2]", '{"a": {"b": [{"c": 1}]}}', ""])
def test_other_json_is_no_table(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    assert format_of(path) is None
    with pytest.raises(ReadError, match="list of records"):
        read(path)


def test_memory_is_that_of_a_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(scan_rows, "CHUNK_BYTES", 200_000)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"id": n, "text": "x" * 50_000} for n in range(300)]))
    tracemalloc.start()
    sizes = [len(chunk.rows) for chunk in scan(path)]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) == 300
    assert most < path.stat().st_size / 2


@pytest.mark.parametrize("depth", [600, 900])
def test_a_field_nested_deeper_than_a_walk_can_follow_is_left_out(tmp_path, depth):
    deep = "[" * depth + "1" + "]" * depth
    for name, text in (
        ("a.jsonl", '{"id": 1, "x": NaN, "d": %s}\n'),
        ("a.json", '[{"id": 1, "d": %s}]'),
    ):
        (tmp_path / name).write_text(text % deep)
        ((_, row),), (told,) = read(tmp_path / name)
        assert (row["id"], row["d"], told.field) == (1, None, "d")

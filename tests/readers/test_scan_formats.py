"""A table is read as what it holds, whatever it is called; Arrow and DuckDB beside the rest."""

import bz2
import gzip
import io
import lzma
import os

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from stresslab.errors import ReadError
from stresslab.store import scan_rows
from stresslab.store.scan import format_of, scan, tables_of

TABLE = pa.table({"id": [1, 2], "text": ["a", "b"]})
ROWS = [(1, {"id": 1, "text": "a"}), (2, {"id": 2, "text": "b"})]


def read(path, table=""):
    chunks = list(scan(path, table))
    rows = [row for chunk in chunks for row in chunk.rows]
    return rows, [reject for chunk in chunks for reject in chunk.rejects]


def arrow(path, table=TABLE, *, is_stream=False, **options):
    make = pa.ipc.new_stream if is_stream else pa.ipc.new_file
    with make(str(path), table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for batch in table.to_batches(max_chunksize=3):
            writer.write_batch(batch)
    return path


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_arrow_files_and_streams_read_alike(tmp_path, is_stream, compression):
    path = arrow(tmp_path / "a.arrow", is_stream=is_stream, compression=compression)
    assert read(path) == (ROWS, [])
    assert list(scan(path))[-1].bytes_done == path.stat().st_size


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.filterwarnings("ignore:Feather V1")
def test_both_versions_of_feather_are_read(tmp_path, version):
    feather.write_feather(TABLE, str(tmp_path / "a.feather"), version=version)
    assert read(tmp_path / "a.feather") == (ROWS, [])


PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress,
        ".zst": lambda text: pa.Codec("zstd").compress(text, asbytes=True)}  # fmt: skip


@pytest.mark.parametrize("ending", PACK)
def test_packed_texts_are_read_with_and_without_their_ending(tmp_path, ending):
    for name in (f"a.csv{ending}", "b.csv"):
        (tmp_path / name).write_bytes(PACK[ending](b"id\n1\n"))
        assert read(tmp_path / name) == ([(2, {"id": "1"})], [])


def test_a_wrong_ending_is_read_as_what_it_is_and_noted(tmp_path):
    pq.write_table(TABLE, tmp_path / "a.csv")
    arrow(tmp_path / "b.parquet")
    (tmp_path / "c.csv").write_text('{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n')
    for name, said in (("a.csv", "a Parquet"), ("b.parquet", "an Arrow"), ("c.csv", "JSON lines")):
        rows, rejects = read(tmp_path / name)
        assert rows == ROWS
        assert [one.reason.count(said) for one in rejects] == [1]
    (tmp_path / "d.jsonl").write_text("id,text\n1,a\n2,b\n")
    rows, rejects = read(tmp_path / "d.jsonl")
    assert [row["text"] for _, row in rows] == ["a", "b"]
    assert "holds a CSV table" in rejects[0].reason


@pytest.mark.parametrize(
    ("head", "said"),
    [(b"PK\x03\x04rest", "is a zip archive named like a CSV table"), (b"%PDF-1", "a PDF"),
     (b"SQLite format 3\x00", "SQLite"), (b"\x80\x04\x95rest", "a pickle"),
     (gzip.compress(b"PAR1"), "a Parquet table packed with gzip")],
)  # fmt: skip
def test_what_is_no_table_is_called_what_it_is(tmp_path, head, said):
    (tmp_path / "a.csv").write_bytes(head)
    assert format_of(tmp_path / "a.csv") == "csv"
    with pytest.raises(ReadError, match=said):
        read(tmp_path / "a.csv")


def test_a_table_without_an_ending_is_known_by_its_first_bytes(tmp_path):
    assert format_of(arrow(tmp_path / "one", is_stream=True)) == "arrow"
    assert format_of(arrow(tmp_path / "two")) == "arrow"
    pq.write_table(TABLE, tmp_path / "three")
    assert format_of(tmp_path / "three") == "parquet"


def test_an_arrow_file_cut_short_keeps_the_batches_before_the_cut(tmp_path):
    path = arrow(tmp_path / "a.arrow", pa.table({"id": list(range(30))}))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    rows, rejects = read(path)
    assert [row["id"] for _, row in rows] == list(range(len(rows)))
    assert len(rows) > 3
    assert len(rejects) == 1


def test_a_damaged_arrow_batch_costs_only_itself(tmp_path):
    table = pa.table({"id": list(range(9)), "text": [f"text number {n}" for n in range(9)]})
    path = arrow(tmp_path / "a.arrow", table)
    content = bytearray(path.read_bytes())
    start = content.index(b"text number 0text") - 64
    content[start : start + 16] = b"\xff" * 16
    path.write_bytes(bytes(content))
    rows, rejects = read(path)
    assert [row["id"] for _, row in rows] == [3, 4, 5, 6, 7, 8]
    assert rejects[0].place == "record batch 1"


def odd_texts():
    offsets = pa.array([0, 2, 4], pa.int32()).buffers()[1]
    return pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"a\xe9b\x00"))


@pytest.mark.parametrize("name", ["a.arrow", "a.parquet"])
def test_texts_that_are_no_utf_8_are_replaced_and_noted(tmp_path, name):
    table = pa.table({"id": [1, 2], "text": odd_texts()})
    if name == "a.arrow":
        arrow(tmp_path / name, table)
    else:
        pq.write_table(table, tmp_path / name, use_dictionary=False)
    rows, rejects = read(tmp_path / name)
    assert [row["text"] for _, row in rows] == ["a�", "b�"]
    assert [(one.place, one.field) for one in rejects] == [("row 1", "text"), ("row 2", "text")]


@pytest.mark.parametrize("name", ["a.arrow", "a.parquet"])
def test_pictures_are_left_out_once_and_noted_and_their_paths_stay(tmp_path, name):
    picture = pa.array([{"bytes": b"\x89PNG\xff", "path": "x.png"}] * 2)
    raw, text = pa.array([b"\xff\xfe", b""]), pa.array([b"plain", b"text"])
    table = pa.table({"id": [1, 2], "image": picture, "raw": raw, "old": text})
    write = pq.write_table if name == "a.parquet" else lambda table, path: arrow(path, table)
    write(table, tmp_path / name)
    rows, rejects = read(tmp_path / name)
    assert rows[0][1] == {"id": 1, "image": "x.png", "old": "plain"}
    assert [one.field for one in rejects] == ["image", "raw"]


def test_values_python_cannot_hold_cost_only_themselves(tmp_path):
    moments = pa.array([0, 2**62], pa.timestamp("s"))
    rows, rejects = read(arrow(tmp_path / "a.arrow", pa.table({"id": [1, 2], "at": moments})))
    assert rows[1] == (2, {"id": 2, "at": None})
    assert [(one.place, one.field) for one in rejects] == [("row 2", "at")]


@pytest.mark.parametrize("name", ["a.arrow", "a.parquet"])
def test_two_columns_of_one_name_are_refused_by_name(tmp_path, name):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["score", "score"])
    write = pq.write_table if name == "a.parquet" else lambda table, path: arrow(path, table)
    write(table, tmp_path / name)
    with pytest.raises(ReadError, match="'score' stands more than once"):
        read(tmp_path / name)


def test_empty_columns_at_the_right_of_a_csv_have_their_places_as_names(tmp_path):
    (tmp_path / "a.csv").write_text("id,text,,\n1,a,,\n")
    assert read(tmp_path / "a.csv")[0] == [
        (2, {"id": "1", "text": "a", "column 3": None, "column 4": None})
    ]


def test_a_csv_of_utf_16_is_read(tmp_path):
    (tmp_path / "a.csv").write_text("id,text\n1,café\n", encoding="utf-16")
    assert read(tmp_path / "a.csv") == ([(2, {"id": "1", "text": "café"})], [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_a_csv_of_wide_letters_is_read_with_a_mark_or_without(tmp_path, encoding):
    (tmp_path / "a.csv").write_text("id,text\n1,café ☃\n2,x\n", encoding=encoding)
    rows = [(2, {"id": "1", "text": "café ☃"}), (3, {"id": "2", "text": "x"})]
    assert read(tmp_path / "a.csv") == (rows, [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_json_of_wide_letters_is_refused_with_what_to_do(tmp_path, encoding):
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "café"}\n' * 3, encoding=encoding)
    with pytest.raises(ReadError, match=f"{encoding.upper()}.*UTF-8 only. Save it as UTF-8"):
        read(tmp_path / "a.jsonl")


def test_ten_thousand_columns_come_in_few_rows_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(scan_rows, "CHUNK_CELLS", 20_000)
    names, lines = [f"c{n}" for n in range(10_000)], [",".join(["1"] * 10_000)] * 5
    (tmp_path / "a.csv").write_text("\n".join([",".join(names), *lines]))
    assert [len(chunk.rows) for chunk in scan(tmp_path / "a.csv")] == [2, 2, 1]
    pq.write_table(pa.table({name: [1] * 5 for name in names[:1000]}), tmp_path / "b.parquet")
    monkeypatch.setattr(scan_rows, "CHUNK_CELLS", 2_000)
    sizes = [len(chunk.rows) for chunk in scan(tmp_path / "b.parquet")]
    assert max(sizes) == 2
    assert sum(sizes) == 5


def test_long_rows_come_in_small_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(scan_rows, "CHUNK_BYTES", 1 << 16)
    (tmp_path / "a.jsonl").write_text('{"id": "' + "x" * 100_000 + '"}\n' * 1)
    (tmp_path / "b.jsonl").write_text(('{"id": "' + "x" * 40_000 + '"}\n') * 6)
    assert [len(chunk.rows) for chunk in scan(tmp_path / "b.jsonl")] == [2, 2, 2, 0]
    arrow(tmp_path / "c.arrow", pa.table({"id": ["x" * 40_000] * 3}))
    assert max(len(chunk.rows) for chunk in scan(tmp_path / "c.arrow")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.arrow"])
def test_a_field_of_fifty_megabytes_is_read(tmp_path, name):
    text, path = "x" * 50_000_000, tmp_path / name
    if name == "a.csv":
        path.write_text(f"id,text\n1,{text}\n2,b\n")
    elif name == "a.jsonl":
        path.write_text(f'{{"id": 1, "text": "{text}"}}\n{{"id": 2, "text": "b"}}\n')
    else:
        arrow(path, pa.table({"id": [1, 2], "text": [text, "b"]}))
    rows, rejects = read(path)
    assert [len(row["text"]) for _, row in rows] == [50_000_000, 1]
    assert rejects == []


def database(path, *statements):
    with duckdb.connect(path) as connection:
        for one in statements:
            connection.sql(one)
    return path


def test_the_only_table_of_a_duckdb_file_is_read_in_its_order(tmp_path):
    path = database(tmp_path / "a.bin", "CREATE TABLE r AS SELECT range AS id FROM range(3)")
    assert format_of(path) == "duckdb"
    assert read(path) == ([(1, {"id": 0}), (2, {"id": 1}), (3, {"id": 2})], [])


def test_one_of_several_tables_must_be_chosen(tmp_path):
    path = database(
        tmp_path / "a.duckdb",
        'CREATE TABLE "odd "" name" AS SELECT 1 AS id',
        "CREATE SCHEMA other; CREATE TABLE other.r AS SELECT 2 AS id",
        "CREATE VIEW v AS SELECT id + 1 AS id FROM other.r",
    )
    assert tables_of(path) == {'odd " name': ["id"], "v": ["id"], "other.r": ["id"]}
    with pytest.raises(ReadError, match=r"holds 3 tables.*'v'.*table = "):
        read(path)
    with pytest.raises(ReadError, match=r"has no table 'nope'"):
        read(path, "nope")
    assert [read(path, one)[0][0][1]["id"] for one in ('odd " name', "v", "other.r")] == [1, 3, 2]


def test_nothing_is_written_beside_a_duckdb_file_and_no_view_reaches_outside(tmp_path):
    (tmp_path / "secret.csv").write_text("id\n1\n")
    path = database(
        tmp_path / "a.duckdb", f"CREATE VIEW v AS SELECT * FROM read_csv('{tmp_path}/secret.csv')"
    )
    before, content = sorted(os.listdir(tmp_path)), path.read_bytes()
    with pytest.raises(ReadError, match="disabled by configuration"):
        read(path)
    assert (sorted(os.listdir(tmp_path)), path.read_bytes()) == (before, content)


@pytest.mark.parametrize("keep", [100, 5_000])
def test_a_duckdb_file_cut_short_is_named(tmp_path, keep):
    path = database(tmp_path / "a.duckdb", "CREATE TABLE r AS SELECT range AS id FROM range(3)")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ReadError, match=r"a\.duckdb must be a DuckDB file that can be read"):
        read(path)


def damaged(path, *statements, marks):
    """Write a database and change a byte of each stored text that begins with one of the marks."""
    content = bytearray(database(path, *statements).read_bytes())
    for mark in marks:
        assert content.count(mark) == 1
        content[content.index(mark)] ^= 0xFF
    path.write_bytes(bytes(content))
    return path


UNPACKED = "PRAGMA force_compression='uncompressed'"
"""What is packed does not show where a text lies."""


@pytest.mark.parametrize("places", [[9_000], [5, 12_000]])
def test_of_a_damaged_duckdb_file_the_rows_around_the_damage_are_read(tmp_path, places):
    make = (
        "CREATE TABLE r AS SELECT range AS id, 'text number ' || range || ';' || "
        "repeat(chr(97 + (range % 26)::INT), 100) AS text FROM range(16000)"
    )
    marks = [f"text number {n};".encode() for n in places]
    rows, rejects = read(damaged(tmp_path / "a.duckdb", UNPACKED, make, marks=marks))
    assert all(number == row["id"] + 1 for number, row in rows)
    lost = set(range(16_000)) - {row["id"] for _, row in rows}
    assert lost >= set(places)
    assert len(lost) < 10_000
    assert sum(one.n_rows for one in rejects) == len(lost)
    assert all("cannot be read" in one.reason for one in rejects)


@pytest.mark.slow
def test_of_a_view_on_damaged_rows_those_before_are_read(tmp_path):
    make = "CREATE TABLE r AS SELECT range AS id, md5(range::VARCHAR) AS text FROM range(300000)"
    path = database(tmp_path / "a.duckdb", make, "CREATE VIEW v AS SELECT * FROM r")
    content = bytearray(path.read_bytes())
    content[len(content) * 4 // 5] ^= 0xFF  # in the last of three row groups
    path.write_bytes(bytes(content))
    chunks = list(scan(path, "v"))
    rows = [row for chunk in chunks for _, row in chunk.rows]
    (told,) = (one for chunk in chunks for one in chunk.rejects)
    assert [row["id"] for row in rows] == list(range(len(rows)))
    assert 0 < len(rows) < 300_000
    assert told.place == f"after row {len(rows)}"


def test_noise_with_the_first_bytes_of_arrow_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    with pa.ipc.new_file(buffer, TABLE.schema) as writer:
        writer.write_table(TABLE)
    whole = buffer.getvalue()
    for _ in range(200):
        content = bytearray(whole)
        for at in rng.integers(8, len(whole), 5):
            content[at] = rng.integers(256)
        (tmp_path / "a.arrow").write_bytes(bytes(content))
        try:
            read(tmp_path / "a.arrow")
        except ReadError:
            continue

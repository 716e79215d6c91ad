"""What could be read of a foreign file is kept; the rest is named."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stresslab.errors import ReadError
from stresslab.store import scan_text
from stresslab.store.scan import CHUNK_ROWS, count_lines, scan, typed_lines


def read(path):
    chunks = list(scan(path))
    rows = [row for chunk in chunks for row in chunk.rows]
    return rows, [reject for chunk in chunks for reject in chunk.rejects]


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def test_csv_rows_carry_the_line_they_begin_on(tmp_path):
    path = write(tmp_path, "a.csv", b'id,text\n1,"two\nlines"\n2,one\n')
    assert read(path)[0] == [
        (2, {"id": "1", "text": "two\nlines"}),
        (4, {"id": "2", "text": "one"}),
    ]


def test_an_empty_csv_field_is_unknown(tmp_path):
    assert read(write(tmp_path, "a.csv", b"id,text\n1,\n"))[0] == [(2, {"id": "1", "text": None})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_read_off_the_header(tmp_path, delimiter):
    content = f"id{delimiter}b\n1{delimiter}2\n".encode()
    assert read(write(tmp_path, "a.csv", content))[0] == [(2, {"id": "1", "b": "2"})]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    assert read(write(tmp_path, "a.csv", b"\xef\xbb\xbfid\n1\n"))[0] == [(2, {"id": "1"})]
    assert read(write(tmp_path, "a.jsonl", b'\xef\xbb\xbf{"id": 1}\n'))[0] == [(1, {"id": 1})]


def test_a_half_written_last_line_costs_only_itself(tmp_path):
    rows, rejects = read(write(tmp_path, "a.csv", b"id,text\n1,whole\n2"))
    assert [row["id"] for _, row in rows] == ["1"]
    assert rejects[0].place == "line 3"
    assert "has 1 fields; the header has 2" in rejects[0].reason
    rows, rejects = read(write(tmp_path, "a.jsonl", b'{"id": 1}\n{"id": 2, "te'))
    assert [row["id"] for _, row in rows] == [1]
    assert (rejects[0].place, rejects[0].excerpt) == ("line 2", '{"id": 2, "te')


def test_a_quote_that_never_closes_costs_only_itself(tmp_path):
    rows, rejects = read(write(tmp_path, "a.csv", b'id,text\n1,fine\n2,"open\n'))
    assert [row["id"] for _, row in rows] == ["1"]
    assert rejects[0].place == "line 3"


def test_a_line_that_is_not_json_costs_only_itself(tmp_path):
    rows, rejects = read(write(tmp_path, "a.jsonl", b'nope\n{"id": 2}\n[3]\n'))
    assert rows == [(2, {"id": 2})]
    assert [reject.place for reject in rejects] == ["line 1", "line 3"]
    assert "must be a JSON object" in rejects[1].reason


def test_nesting_deeper_than_python_can_follow_costs_only_itself(tmp_path):
    deep = b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n"
    rows, rejects = read(write(tmp_path, "a.jsonl", deep + b'{"id": 2}\n'))
    assert rows == [(2, {"id": 2})]
    assert len(rejects) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"id,text\n1,caf\xe9\n"),
        ("a.csv", b"id,text\n1,caf\x00\n"),
        ("a.jsonl", b'{"id": "1", "text": "caf\xe9"}\n'),
        ("a.jsonl", b'{"id": "1", "text": "caf\\u0000"}\n'),
        ("a.jsonl", b'{"id": "1", "text": "caf\\ud800"}\n'),
    ],
)
def test_bytes_that_are_no_text_are_replaced_and_noted(tmp_path, name, content):
    rows, rejects = read(write(tmp_path, name, content))
    assert rows[0][1] == {"id": "1", "text": "caf�"}
    assert rejects[0].field == "text"


@pytest.mark.parametrize(("name", "by"), [("a.csv", b","), ("a.tsv", b"\t")])
def test_columns_of_one_name_are_told_apart_and_noted(tmp_path, name, by):
    content = b"id,score,score,score_2,score\n1,0,1,2,3\n".replace(b",", by)
    rows, rejects = read(write(tmp_path, name, content))
    assert rows == [(2, {"id": "1", "score": "0", "score_3": "1", "score_2": "2", "score_4": "3"})]
    assert [(one.place, one.field) for one in rejects] == [
        ("line 1", "score_3"),
        ("line 1", "score_4"),
    ]
    assert "column 3 repeats the name 'score'; it is read as 'score_3'" in rejects[0].reason


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_an_empty_file_is_refused_or_has_no_rows(tmp_path, name):
    path = write(tmp_path, name, b"")
    if name == "a.csv":
        with pytest.raises(ReadError, match="must name the columns"):
            read(path)
    else:
        assert read(path) == ([], [])


def test_packed_files_read_alike(tmp_path):
    path = write(tmp_path, "a.csv.gz", gzip.compress(b"id\n1\n"))
    assert read(path)[0] == [(2, {"id": "1"})]


def test_a_packed_file_cut_short_keeps_what_stands_before_the_cut(tmp_path):
    lines = b"".join(b'{"id": %d, "noise": %d}\n' % (n, hash(str(n))) for n in range(20_000))
    packed = gzip.compress(lines)
    rows, rejects = read(write(tmp_path, "a.jsonl.gz", packed[: len(packed) // 2]))
    assert [row["id"] for _, row in rows] == list(range(len(rows)))
    assert len(rows) > 5_000
    assert rejects[-1].place == f"after line {rows[-1][0]}"
    assert "cannot be read from here on" in rejects[-1].reason


def test_a_packed_file_that_is_damaged_keeps_what_stands_before(tmp_path):
    lines = b"".join(b'{"id": %d, "noise": %d}\n' % (n, hash(str(n))) for n in range(20_000))
    packed = bytearray(gzip.compress(lines))
    packed[len(packed) // 2 :] = b"\xff" * (len(packed) // 2)
    rows, rejects = read(write(tmp_path, "a.jsonl.gz", bytes(packed)))
    assert [row["id"] for _, row in rows[:5_000]] == list(range(5_000))
    assert rejects


def test_a_packed_file_of_which_nothing_can_be_read_is_named(tmp_path):
    path = write(tmp_path, "a.jsonl.gz", gzip.compress(b'{"id": 1}\n')[:9])
    with pytest.raises(ReadError, match=r"a\.jsonl\.gz must be a whole file"):
        read(path)


def test_a_parquet_file_damaged_in_its_middle_keeps_what_stands_around(tmp_path):
    ids = pa.table({"id": [f"{hash(str(n))}" for n in range(3 * CHUNK_ROWS)]})
    pq.write_table(ids, tmp_path / "a.parquet", row_group_size=CHUNK_ROWS, use_dictionary=False)
    meta = pq.ParquetFile(tmp_path / "a.parquet").metadata
    start = meta.row_group(1).column(0).data_page_offset
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[start : start + 60] = b"\xff" * 60
    rows, rejects = read(write(tmp_path, "b.parquet", bytes(content)))
    assert [number for number, _ in rows[:2]] == [1, 2]
    assert len(rows) == 2 * CHUNK_ROWS
    assert rejects[0].place == f"rows {CHUNK_ROWS + 1} to {2 * CHUNK_ROWS}"


def test_a_number_of_many_digits_keeps_them(tmp_path):
    row = b'{"id": 123456789012345678901, "x": 1234567890123456789}\n'
    expected = {"id": 123456789012345678901, "x": 1234567890123456789}
    assert read(write(tmp_path, "a.jsonl", row))[0] == [(1, expected)]


def test_parquet_rows_keep_their_nesting(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [1, 2], "meta": [{"k": "v"}, None]}), path)
    assert read(path)[0] == [(1, {"id": 1, "meta": {"k": "v"}}), (2, {"id": 2, "meta": None})]


def test_a_parquet_file_cut_short_is_named(tmp_path):
    pq.write_table(pa.table({"id": list(range(1000))}), tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    with pytest.raises(ReadError, match=r"b\.parquet must be a readable Parquet file"):
        read(write(tmp_path, "b.parquet", content[:-20]))


def test_other_endings_are_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ReadError, match=r"\.csv, \.tsv, \.jsonl, .*\.parquet"):
        read(write(tmp_path, "a.text", b"id,score"))


def test_a_long_file_comes_in_chunks_that_know_how_far_they_are(tmp_path):
    lines = b"".join(json.dumps({"id": n}).encode() + b"\n" for n in range(2 * CHUNK_ROWS))
    chunks = list(scan(write(tmp_path, "a.jsonl", lines)))
    assert max(len(chunk.rows) for chunk in chunks) == CHUNK_ROWS
    assert chunks[-1].bytes_done == len(lines)


def test_a_stray_quote_costs_its_own_line_only(tmp_path):
    path = tmp_path / "a.csv"
    lines = [
        "id,text",
        '1,"fine, ""so"""',
        '2,"never closed',
        "3,next",
        '4,"two\nlines"',
        '5,6" disk',
        "6,last",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows, rejects = read(path)
    assert [row["id"] for _, row in rows] == ["1", "3", "4", "5", "6"]
    assert rows[2] == (5, {"id": "4", "text": "two\nlines"})
    assert rows[3][0] == 7
    assert [(one.place, one.excerpt) for one in rejects] == [("line 3", '2,"never closed')]


def test_members_of_lines_are_read_at_once_with_their_types(tmp_path):
    path = tmp_path / "a[1]*.jsonl"
    lines = [{"id": one, "score": one / 2, "what": "it's" if one else None} for one in range(3)]
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    batches = typed_lines(path, {"id": "BIGINT", "what": "VARCHAR", "none": "DOUBLE"})
    assert [row for batch in batches for row in batch.to_pylist()] == [
        {"id": 0, "what": None, "none": None},
        {"id": 1, "what": "it's", "none": None},
        {"id": 2, "what": "it's", "none": None},
    ]
    assert count_lines(path) == 3


@pytest.mark.parametrize("line", ['{"id": 1', "[1]", '{"id": "x"}', '{"id": NaN}'])
def test_members_of_a_broken_line_are_refused(tmp_path, line):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 0}\n' + line)
    with pytest.raises(ReadError, match="must hold whole JSON objects"):
        list(typed_lines(path, {"id": "BIGINT"}))
    assert count_lines(path) == 2


def test_a_name_of_half_a_character_is_made_whole_and_noted(tmp_path):
    path = write(tmp_path, "a.jsonl", b'{"id": 1, "sc\\ud800ore": 0.5}\n')
    rows, rejects = read(path)
    assert rows == [(1, {"id": 1, "sc\ufffdore": 0.5})]
    assert [(one.place, one.field) for one in rejects] == [("line 1", "sc\ufffdore")]


def test_of_many_lines_that_are_no_objects_the_rest_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(scan_text, "STRANGE", 3)
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' + "}0}\n" * 5 + '{"a": 2}\n}\n' + "x\n" * 4)
    (chunk,) = scan(path)
    assert [number for number, _ in chunk.rows] == [1, 7]
    told = [one.place for one in chunk.rejects]
    assert told == [f"line {n}" for n in (2, 3, 4, 5, 8, 9, 10, 11)]
    assert [one.reason[:13] for one in chunk.rejects if "either" in one.reason] == [
        "lines 5 to 6 ",
        "lines 11 to 1",
    ]

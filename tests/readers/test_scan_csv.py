"""CSV files read in blocks give what reading them record by record gives."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stresslab.store import scan_csv, scan_rows
from stresslab.store.scan import scan

FIELDS = st.one_of(
    st.sampled_from(["a", "", '"a,b"', '"a\nb"', '""', "é", "\udcff"]),
    st.sampled_from(["a", 'a"b', '"a', 'b"']),
)
PIECES = st.one_of(
    st.lists(FIELDS, min_size=3, max_size=3).map(",".join),
    st.lists(st.sampled_from(["a", 'a"b', '"a', 'b"']), min_size=3, max_size=3).map(",".join),
    st.sampled_from(["", "a,b", "a,\rb,c", "a,b,\x00"]),
)  # fmt: skip


def read(path):
    """Return rows with their numbers, and rejects, of a file."""
    rows, rejects = [], []
    for chunk in scan(path):
        rows += chunk.rows
        rejects += [(one.place, one.field, one.reason, one.excerpt) for one in chunk.rejects]
    return rows, sorted(rejects)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=12), st.sampled_from(["\n", "\r\n"]), st.integers(1, 7))
def test_blocks_and_single_records_give_equal_rows(tmp_path_factory, pieces, end, n_rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text = end.join(["x,y,z", *pieces])
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan_rows, "CHUNK_ROWS", n_rows)
        in_blocks = read(path)
        patch.setattr(scan_csv, "_plain", lambda *_: None)
        assert in_blocks == read(path)


def plain_blocks(monkeypatch):
    """Return a list that takes, block by block, whether it was read at once."""
    said, plain = [], scan_csv._plain

    def watched(*given):
        found = plain(*given)
        said.append(found is not None)
        return found

    monkeypatch.setattr(scan_csv, "_plain", watched)
    return said


@pytest.mark.parametrize(
    "text", ['1,2,3\n\n4,"5, ""6""\n and 7",é\n8,"",9', "1,2,3\r\n4,5,6\r\n", "1,2,3\r4,5,6\r"]
)
def test_quoted_texts_over_lines_empty_lines_and_any_line_end_are_read_at_once(
    tmp_path, monkeypatch, text
):
    (tmp_path / "a.csv").write_bytes(b"x,y,z\n" + text.encode())
    said = plain_blocks(monkeypatch)
    rows, rejects = read(tmp_path / "a.csv")
    assert said == [True]
    assert (rows[0], len(rejects)) == ((2, {"x": "1", "y": "2", "z": "3"}), 0)


def test_the_numbers_behind_records_of_several_lines_are_those_of_the_file(tmp_path):
    (tmp_path / "a.csv").write_text('x,y\n1,"a\nb\nc"\n\n2,d\n3,"e\nf"\n4,g\n')
    numbers = [number for number, _ in read(tmp_path / "a.csv")[0]]
    assert numbers == [2, 6, 7, 9]


def test_one_odd_record_costs_the_speed_of_its_block_only(tmp_path, monkeypatch):
    monkeypatch.setattr(scan_rows, "CHUNK_ROWS", 10)
    lines = [f"{n},a" for n in range(40)]
    lines[15] = "15,a,too much"
    (tmp_path / "a.csv").write_text("\n".join(["x,y", *lines]))
    said = plain_blocks(monkeypatch)
    rows, rejects = read(tmp_path / "a.csv")
    assert said == [True, False, True, True]
    assert len(rows) == 39
    assert [one[0] for one in rejects] == ["line 17"]


def test_a_packed_file_that_breaks_off_keeps_the_records_before(tmp_path):
    whole = gzip.compress(
        "".join(["x,y\n", *(f"{n},{n * 7919 % 1000}\n" for n in range(30_000))]).encode()
    )
    (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 2])
    rows, [reject] = read(tmp_path / "a.csv.gz")
    assert 10_000 < len(rows) < 20_000
    assert rows[-1][1]["x"] == str(len(rows) - 1)
    assert reject[0] == f"after line {len(rows) + 1}"


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_wide_file_cut_within_a_character_keeps_all_but_that(tmp_path, cut):
    kept = [{"x": f"{n}", "y": "é\U0001f600"} for n in range(9)]
    lines = ["x,y", *(f"{one['x']},{one['y']}" for one in kept), "9,\U0001f600"]
    (tmp_path / "a.csv").write_bytes("\n".join(lines).encode("utf-16")[:-cut])
    rows, [reject] = read(tmp_path / "a.csv")
    assert [values for _, values in rows] == [*kept, {"x": "9", "y": "�"}]
    assert reject[:2] == ("line 11", "y")


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_half_a_character_within_a_wide_file_costs_that_alone(tmp_path, order):
    content = "\ufeffx,y\n1,a\ud83d\n2,b\n".encode(order, "surrogatepass")
    (tmp_path / "a.csv").write_bytes(content)
    rows, [reject] = read(tmp_path / "a.csv")
    assert [values for _, values in rows] == [{"x": "1", "y": "a�"}, {"x": "2", "y": "b"}]
    assert reject[:2] == ("line 2", "y")

"""What holds for every reader, present and future."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stresslab import nouns
from stresslab.errors import ReadError
from stresslab.jobs.import_logs import reader_of
from stresslab.readers import Batch, readers
from stresslab.readers._mapping import Mapping
from stresslab.readers._propose import propose
from stresslab.store.scan import scan


@pytest.fixture(params=[name for name in readers.names() if readers.get(name).example])
def example(request, tmp_path):
    """Return a reader, its name and its example as a file."""
    reader = readers.get(request.param)
    path = tmp_path / f"example{reader.suffix}"
    path.write_text(reader.example, encoding="utf-8")
    return request.param, reader, path


def test_exactly_one_reader_is_surest_of_each_example(example):
    name, _, path = example
    assert reader_of(path)[0] == name


def test_a_reader_is_not_sure_of_what_is_none_of_its_own(example, tmp_path):
    _, reader, _ = example
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n")
    assert reader.sniff(tmp_path / "photo.png") == 0
    assert reader.sniff(tmp_path) == 0


def test_its_rows_have_the_fixed_columns_types_and_statuses(example):
    _, reader, path = example
    batches = list(reader.read(path, reader.propose(path)))
    tables = {batch.table for batch in batches} - {"rejects"}
    others = {"published", "traces", "ratings"}
    assert {"items", "variants", "outcomes"} <= tables or (tables and tables <= others)
    for batch in batches:
        assert isinstance(batch, Batch)
        assert batch.rows.schema == nouns.arrow_schema(batch.table)
        if batch.table == "outcomes":
            assert set(batch.rows["status"].to_pylist()) <= set(nouns.STATUSES)


def test_ids_hang_together(example):
    _, reader, path = example
    seen = {table: [] for table in nouns.TABLES}
    for batch in reader.read(path, reader.propose(path)):
        seen[batch.table] += [(batch.run, row) for row in batch.rows.to_pylist()]
    items = {(run, row["item_id"]) for run, row in seen["items"]}
    variants = {(run, row["variant_id"]) for run, row in seen["variants"]}
    assert {(run, row["item_id"]) for run, row in seen["variants"]} == items
    assert {(run, row["variant_id"]) for run, row in seen["outcomes"]} == variants
    assert {(run, row["variant_id"]) for run, row in seen["scores"]} <= variants


def test_reading_twice_gives_the_same(example):
    _, reader, path = example
    mapping = reader.propose(path)
    one, other = ([batch.rows for batch in reader.read(path, mapping)] for _ in range(2))
    assert all(a.equals(b) for a, b in zip(one, other, strict=True))


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.binary(max_size=400), st.sampled_from([".csv", ".jsonl", ".parquet", ".csv.gz"]))
def test_no_bytes_do_more_than_refuse_the_file(tmp_path, content, suffix):
    path = tmp_path / f"noise{suffix}"
    path.write_bytes(gzip.compress(content) if suffix == ".csv.gz" else content)
    try:
        rows = [row for chunk in scan(path) for _, row in chunk.rows]
    except ReadError:
        return
    json.dumps(rows, ensure_ascii=False).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
COLUMNS = ("id", "model", "tier", "score", "confidence", "text", "label", "status", "trial")


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(st.fixed_dictionaries({name: JSON for name in COLUMNS}), min_size=1, max_size=5))
def test_every_row_of_any_types_is_an_outcome_or_a_reject(tmp_path, lines):
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    kept, rejected = 0, set()
    for batch in readers.get("table").read(path, propose([dict.fromkeys(COLUMNS, 1)], stem="x")):
        kept += batch.rows.num_rows if batch.table == "outcomes" else 0
        if batch.table == "rejects":
            rejected |= set(batch.rows["line"].to_pylist())
    assert kept + len(rejected) >= len(lines)
    assert kept <= len(lines)


@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), JSON), min_size=1, max_size=5))
def test_a_mapping_can_be_proposed_for_rows_of_any_types(tmp_path, lines):
    mapping = propose(lines, stem="x")
    assert Mapping.parse(mapping.to_toml()) == mapping

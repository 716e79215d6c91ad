import hashlib

import pyarrow as pa
import pytest

from stresslab.nouns import KEYS, TABLES, arrow_schema, content_hash, item_id, variant_id


def test_ids_are_written_as_the_design_says():
    assert item_id("imdb", 7) == "imdb/7"
    assert variant_id("imdb/7") == "imdb/7"
    assert variant_id("imdb/7", "typos", 3) == "imdb/7#typos:3"
    assert variant_id("imdb/7", "typos", 3, 0) == "imdb/7#typos:3:0"


def test_a_content_hash_is_the_sha256_of_canonical_json():
    canonical = '{"choices":["A","B"],"input":"Which?","reference":["\\"A\\""]}'
    expected = hashlib.sha256(canonical.encode()).hexdigest()
    assert content_hash("Which?", ["A", "B"], "A") == expected


def test_what_was_not_seen_has_no_hash():
    assert content_hash(None, ["A"], "A") is None
    assert content_hash("") is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("caf\u00e9",), ("cafe\u0301",)),
        ((" a \n\t b",), ("a b",)),
        (("q", None, ["x", "y"]), ("q", [], ("y", "x"))),
        (("q", None, {"a": 1, "b": " c "}), ("q", None, {"b": "c", "a": 1})),
        (("q", [1, 2.0], True), ("q", '["1", "2"]', "true")),
    ],
)
def test_form_does_not_change_a_hash(one, other):
    assert content_hash(*one) == content_hash(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a",), ("A",)),
        (("q", ["x", "y"]), ("q", ["y", "x"])),
        (("q", None, "1"), ("q", None, 2)),
        (("q", ["x"], "x"), ("q", None, "x")),
    ],
)
def test_content_changes_a_hash(one, other):
    assert content_hash(*one) != content_hash(*other)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_schema_with_its_columns(table):
    schema = arrow_schema(table)
    assert schema.names == list(TABLES[table])
    assert set(KEYS.get(table, ())) <= set(schema.names)


def test_probabilities_are_lists_of_floats():
    assert arrow_schema("outcomes").field("probs").type == pa.list_(pa.float32())

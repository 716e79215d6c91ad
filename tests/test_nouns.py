import hashlib
import json
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(["[1, 2]", '["a"]', "[", " x  y\n", "e\u0301", '"', "\\u2028"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=6,
)  # fmt: skip


def plain(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        is_whole = isinstance(value, int) or value.is_integer()
        return str(int(value)) if is_whole else repr(value)
    if isinstance(value, str):
        return " ".join(unicodedata.normalize("NFC", value).split())
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def listed(value):
    try:
        is_list = isinstance(value, str) and value.lstrip().startswith("[")
        return json.loads(value) if is_list else value
    except ValueError:
        return value


@given(st.text(), st.none() | st.lists(JSON, max_size=4), JSON)
def test_a_content_hash_is_that_of_json_with_sorted_keys_for_every_value(text, choices, reference):
    right = listed(reference)
    right = right if isinstance(right, list) else [right]
    canonical = {
        "input": plain(text),
        "choices": [plain(one) for one in choices or ()],
        "reference": sorted(
            json.dumps(plain(one), sort_keys=True, ensure_ascii=False) for one in right
        ),
    }
    written = json.dumps(canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    expected = hashlib.sha256(written.encode()).hexdigest()
    assert content_hash(text, choices, reference) == expected


def test_a_number_of_many_digits_is_hashed():
    assert content_hash("q", None, 10**400) == content_hash("q", None, str(10**400))


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_schema_with_its_columns(table):
    schema = arrow_schema(table)
    assert schema.names == list(TABLES[table])
    assert set(KEYS.get(table, ())) <= set(schema.names)


def test_probabilities_are_lists_of_floats():
    assert arrow_schema("outcomes").field("probs").type == pa.list_(pa.float32())

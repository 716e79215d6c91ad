import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from stresslab.errors import RowError
from stresslab.nouns import TABLES, arrow_schema
from stresslab.store.conform import conform

OUTCOME = {"variant_id": "s/1", "status": "answered", "score": 1.0}


def one(table, **row):
    [found] = conform(table, [row], task="t").to_pylist()
    return found


@pytest.mark.parametrize("table", TABLES)
def test_no_rows_have_the_columns_of_their_table(table):
    assert conform(table, [], task="t").schema == arrow_schema(table)


@pytest.mark.parametrize("make", [list, pd.DataFrame, pa.Table.from_pylist])
def test_the_same_rows_in_three_forms_are_the_same(make):
    first = OUTCOME | {"probs": [0.25, 0.75]}
    rows = [first, first | {"variant_id": "s/2", "score": 0.5, "probs": None}]
    assert conform("outcomes", make(rows), task="t") == conform("outcomes", rows, task="t")


def test_flags_count_as_right_and_wrong():
    assert one("outcomes", **OUTCOME, correct=True)["correct"] == 1
    frame = pd.DataFrame([OUTCOME | {"correct": True}, OUTCOME | {"correct": None}])
    assert conform("outcomes", frame, task="t")["correct"].to_pylist() == [1, None]


@pytest.mark.parametrize("make", [list, pd.DataFrame])
def test_a_number_in_a_column_of_text_becomes_text(make):
    found = conform("outcomes", make([OUTCOME | {"answer": 5}]), task="t")
    assert found["answer"].to_pylist() == ["5"]


def test_nan_in_a_frame_is_not_known():
    frame = pd.DataFrame([OUTCOME, OUTCOME | {"score": np.nan, "status": "errored"}])
    assert conform("outcomes", frame, task="t")["score"].to_pylist() == [1.0, None]


def test_half_a_character_is_replaced():
    assert one("outcomes", **OUTCOME, output="x\ud83d y")["output"] == "x\ufffd y"


def test_a_row_without_status_is_answered_if_it_has_a_score():
    assert one("outcomes", variant_id="a", score=0.0)["status"] == "answered"
    assert one("outcomes", variant_id="a")["status"] == "unscored"


def test_lists_and_dicts_in_json_columns_become_text():
    row = one("items", item_id="s/1", reference=["é"], attributes={"b": np.int64(1), "a": np.nan})
    assert (row["reference"], row["attributes"]) == ('["é"]', '{"a": null, "b": 1}')
    frame = pd.DataFrame([{"item_id": "s/1", "attributes": {"a": 1}}])
    assert conform("items", frame, task="t")["attributes"].to_pylist() == ['{"a": 1}']


def test_the_item_set_is_named_by_the_id_or_else_by_the_task():
    assert one("items", item_id="s/1/2")["item_set"] == "s"
    assert one("items", item_id="17")["item_set"] == "t"
    assert one("items", item_id="s/1", item_set="own", task="u") | {"task": "u"} == one(
        "items", item_id="s/1", item_set="own", task="u"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"probs": [0.1, float("nan")]}, "probs are finite"),
        ({"confidence": float("inf")}, "confidence is a finite number"),
        ({"answer": [5]}, "outcomes.answer must be string"),
        ({"trial": 2**40}, "outcomes.trial must be int32"),
        ({"tokens_in": 1.5}, "outcomes.tokens_in must be int32"),
    ],
)
@pytest.mark.parametrize("make", [list, pd.DataFrame])
def test_a_value_of_the_wrong_kind_is_refused_with_its_column(row, message, make):
    with pytest.raises(RowError, match=message):
        conform("outcomes", make([OUTCOME | row]), task="t")


@pytest.mark.parametrize("attributes", ["hello", "[1]", '{"a": NaN}', "{"])
def test_attributes_are_a_json_object(attributes):
    with pytest.raises(RowError, match="attributes is a JSON object"):
        conform("items", [{"item_id": "s/1", "attributes": attributes}], task="t")


def test_a_set_is_no_json():
    with pytest.raises(RowError, match=r"Columns of JSON.*set"):
        conform("items", [{"item_id": "s/1", "attributes": {"a": {1}}}], task="t")


def test_a_strength_is_finite():
    row = {"variant_id": "v", "item_id": "s/1", "tier": 1, "strength": float("inf")}
    with pytest.raises(RowError, match="strength is a finite number"):
        conform("variants", [row], task="t")


def test_a_message_shows_the_beginning_of_long_texts_only():
    row = OUTCOME | {"status": "fine", "output": "x" * 10_000}
    with pytest.raises(RowError, match="1 of 1 rows break it") as error:
        conform("outcomes", [row], task="t")
    assert len(str(error.value)) < 500


def test_a_single_dict_is_no_list_of_rows():
    with pytest.raises(RowError, match="list of dicts; got dict"):
        conform("outcomes", OUTCOME, task="t")

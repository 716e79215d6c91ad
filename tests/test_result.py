import json
import math

import numpy as np
import pandas as pd
import pytest

from stresslab.errors import ReadError
from stresslab.result import Column, Result, Warn


def result_of(table, **more):
    return Result("ask", {"level": 0.95, "models": ("a", "b")}, {"ask": table}, **more)


TABLE = pd.DataFrame(
    {
        "model": ["a", "b", None],
        "value": [0.5, np.nan, 1 / 3],
        "n": [10, 2**53 + 1, 0],
        "below": [True, False, True],
    }
)


def reloaded(result, folder):
    result.save(folder / "r.json")
    return Result.load(folder / "r.json")


def test_the_first_table_answers_the_question():
    assert result_of(TABLE).table is TABLE


def test_a_result_comes_back_equal(tmp_path):
    result = result_of(
        TABLE,
        warnings=(Warn("few-clusters", "Below 10.", 3),),
        data_version="v1",
        columns={"ask": {"value": Column("number", "share", "up")}},
    )
    again = reloaded(result, tmp_path)
    pd.testing.assert_frame_equal(again.table, TABLE)
    assert again == result
    assert again.warnings == result.warnings
    assert again.columns["ask"]["value"] == Column("number", "share", "up")


def test_results_that_differ_in_anything_are_not_equal():
    result = result_of(TABLE, data_version="v1")
    assert result == result_of(TABLE.copy(), data_version="v1")
    assert result != result_of(TABLE, data_version="v2")
    assert result != result_of(TABLE.assign(n=0), data_version="v1")
    assert result != result_of(TABLE, data_version="v1", warnings=(Warn("odd", "Odd."),))
    assert result != "a result"


def test_columns_with_nulls_come_back_equal_and_save_again(tmp_path):
    table = pd.DataFrame(
        {
            "n": pd.array([1, None], dtype="Int64"),
            "seen": pd.array([True, None], dtype="boolean"),
            "text": pd.Series([None, None], dtype="str"),
        }
    )
    again = reloaded(result_of(table), tmp_path)
    pd.testing.assert_frame_equal(again.table, table)
    assert again.to_json() == result_of(table).to_json()


def test_an_empty_table_keeps_its_columns_and_types(tmp_path):
    pd.testing.assert_frame_equal(reloaded(result_of(TABLE[:0]), tmp_path).table, TABLE[:0])


def test_numbers_come_back_to_the_last_digit(tmp_path):
    table = pd.DataFrame({"value": np.random.default_rng(0).random(100) * 1e-5})
    assert (reloaded(result_of(table), tmp_path).table["value"] == table["value"]).all()


def test_what_is_not_finite_is_null():
    table = pd.DataFrame({"value": [math.inf, -math.inf, math.nan]})
    records = result_of(table).to_dict()["tables"]["ask"]
    assert records == [{"value": None}] * 3
    assert "NaN" not in result_of(table).to_json()


def test_arrays_times_and_missing_things_have_a_form():
    table = pd.DataFrame(
        {"one": [np.array([0.1, 0.9]), pd.NA, pd.NaT, pd.Timestamp("2024-01-02"), [1, np.nan]]},
        dtype=object,
    )
    found = [record["one"] for record in result_of(table).to_dict()["tables"]["ask"]]
    assert found == [[0.1, 0.9], None, None, "2024-01-02 00:00:00", [1, None]]


def test_the_json_form_has_the_promised_keys():
    found = json.loads(result_of(TABLE).to_json())
    assert list(found) == [
        "schema", "analysis", "params", "tables", "columns", "warnings", "data_version",
        "stresslab_version",
    ]  # fmt: skip
    assert found["schema"] == 1
    assert found["params"]["models"] == ["a", "b"]
    assert found["columns"]["ask"]["n"] == {"type": "integer", "unit": "", "direction": ""}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', "null"])
def test_what_is_no_result_is_refused_by_name(text, tmp_path):
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(ReadError, match=r"odd\.json"):
        Result.load(tmp_path / "odd.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ReadError, match=r"gone\.json"):
        Result.load(tmp_path / "gone.json")

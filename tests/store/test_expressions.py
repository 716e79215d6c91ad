"""A condition means the same on every engine: three-valued, with values that stay values."""

import duckdb
import narwhals as nw
import pandas as pd
import pytest

from stresslab.errors import ConditionError, UnknownColumnError
from stresslab.predicate import parse
from stresslab.store.contents import resolve
from stresslab.store.expressions import Compiler
from stresslab.store.fields import Source
from tests.factory import toy_workspace

SOURCES = {
    "x": Source("number", "x"),
    "text": Source("text", "text"),
    "flag": Source("bool", "flag"),
    "domain": Source("codes", "domain", values={0: "news", 1: "tweets"}),
}
ROWS = pd.DataFrame(
    {
        "task": [0, 0, 0, 0],
        "x": [1.0, 2.0, None, 4.0],
        "text": pd.Series(["a%b", "A'; --", None, "axb"], dtype="str"),
        "flag": pd.Series([True, False, None, True], dtype="boolean"),
        "domain": [0, 1, -1, 1],
    }
)


def met(text):
    compiler = Compiler(lambda parts: SOURCES[".".join(parts)])
    with duckdb.connect() as con:
        con.register("rows", ROWS.assign(row=range(len(ROWS))))
        con.execute(
            "CREATE TABLE typed AS SELECT * REPLACE (CASE WHEN isfinite(x) THEN x END AS x) FROM rows"
        )
        frame = nw.from_native(con.table("typed")).filter(compiler.expression(parse(text)))
        return frame.sort("row").to_native().df()["row"].tolist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3]),
        ("x = 2", [1]),
        ("x != 2", [0, 3]),
        ("not x = 2", [0, 2, 3]),
        ("x is null", [2]),
        ("x is not null and x >= 2", [1, 3]),
        ("x in (1, 4)", [0, 3]),
        ("x not in (1, 4)", [1, 2]),
        ('text contains "a%"', [0]),
        ('text = "A\'; --"', [1]),
        ('text matches "^a.b$"', [0, 3]),
        ('not text contains "a"', [1, 2]),
        ("flag = true", [0, 3]),
        ("flag != true", [1]),
        ('domain = "tweets"', [1, 3]),
        ('domain != "tweets"', [0]),
        ('not domain = "tweets"', [0, 2]),
        ("domain is null", [2]),
        ("domain is not null", [0, 1, 3]),
        ('domain in ("news", "none")', [0]),
        ('domain contains "ew"', [0]),
        ('domain matches "t{1}s?$" or x = 1', [0, 1, 3]),
        ('domain = "nowhere"', []),
        ('not domain = "nowhere"', [0, 1, 2, 3]),
        ('domain = "nowhere" or (x > 1 and not x > 2)', [1]),
    ],
)
def test_a_condition_chooses_these_rows(text, rows):
    assert met(text) == rows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('x = "2"', "x holds numbers; got the text '2'"),
        ('x contains "2"', "contains needs a text column"),
        ("flag > 1", "flag is true or false"),
    ],
)
def test_a_value_of_another_type_is_refused(text, message):
    with pytest.raises(ConditionError, match=message):
        met(text)


def test_an_unknown_column_names_near_ones_and_all(tmp_path):
    workspace = toy_workspace(tmp_path / "w", n_items=2)
    with pytest.raises(
        UnknownColumnError, match=r"'item.lenght' does not exist.*item\.length.*Known"
    ):
        resolve(workspace, where="item.lenght > 3")

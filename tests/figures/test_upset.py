"""Sets of failing models, and error consistency, as pictures."""

import pandas as pd
import pytest

from stresslab.figures import figures, kappas, upset
from tests.figures.conftest import texts


@pytest.fixture
def sets():
    return pd.DataFrame(
        {"failed": ["none", "a, b", "a"], "n_failed": [0, 2, 1], "count": [50, 30, 20],
         "value": [0.5, 0.3, 0.2], "low": [0.4, 0.2, 0.1], "high": [0.6, 0.4, 0.3], "n": [100] * 3,
         "by_chance": [0.4, 0.1, 0.3], "models": ["[]", '["a", "b"]', '["a"]']}
    )  # fmt: skip


@pytest.mark.parametrize("name", ["upset", "kappas"])
@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("narrow", [False, True])
def test_an_empty_table_says_so(name, mode, narrow):
    piece = figures.get(name)
    empty = pd.DataFrame({column: pd.Series(dtype=float) for column in piece.columns})
    assert texts(piece.draw(empty, mode=mode, narrow=narrow)) == ["No rows match."]


def test_rows_that_nobody_fails_have_no_column(sets):
    picture = upset.draw(sets, order=["b", "a"])
    assert list(picture.data[0].y) == [0.3, 0.2]
    assert list(picture.data[0].error_y.array) == pytest.approx([0.1, 0.1])
    lanes = {one.name: list(one.x) for one in picture.data[2:]}
    assert lanes == {"b": [0], "a": [0, 1]}


def test_what_may_be_chance_is_not_coloured():
    table = pd.DataFrame(
        {"model_a": ["a", "a"], "model_b": ["b", "c"], "value": [0.5, 0.1], "low": [0.4, -0.1],
         "high": [0.6, 0.3], "n": [100, 100]}
    )  # fmt: skip
    fills = [one.fillcolor for one in kappas.draw(table).layout.shapes]
    assert fills[0] == fills[1] != fills[2] == fills[3] == "#f7f8fa"

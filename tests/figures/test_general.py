"""The figures any study can use: dots, lines, matrix, ridge, scatter."""

import pandas as pd
import pytest

from stresslab.figures import dots, figures, lines, matrix, ridge, scatter
from tests.figures.conftest import texts

GENERAL = ("dots", "lines", "matrix", "ridge", "scatter")


@pytest.fixture
def rows():
    return pd.DataFrame(
        {"label": ["small", "large"], "value": [0.4, 0.7], "low": [0.2, 0.6], "high": [0.6, 0.8],
         "n": [5, 100], "kind": ["ours", "theirs"]}
    )  # fmt: skip


@pytest.mark.parametrize("name", GENERAL)
@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("narrow", [False, True])
def test_an_empty_table_says_so(name, mode, narrow):
    piece = figures.get(name)
    empty = pd.DataFrame({column: pd.Series(dtype=float) for column in piece.columns})
    assert texts(piece.draw(empty, mode=mode, narrow=narrow)) == ["No rows match."]


def test_dots_of_few_rows_are_hollow_and_whiskers_are_intervals(rows):
    trace = dots.draw(rows, lines=[(0.5, "chance")]).data[0]
    assert trace.marker.color[0] != trace.marker.color[1]
    assert list(trace.error_x.array) == pytest.approx([0.2, 0.1])
    assert "chance" in texts(dots.draw(rows, lines=[(0.5, "chance")]))


def test_series_of_dots_stand_apart(rows):
    picture = dots.draw(rows, series="kind")
    assert len(picture.data) == 2
    assert picture.data[0].y[0] != picture.data[1].y[0]


def test_a_line_of_printed_numbers_is_thin_and_dashed(rows):
    table = pd.concat(
        [rows.assign(x=[1, 2], model="ours", published=False),
         rows.assign(x=[1, 2], model="paper", published=True)]
    )  # fmt: skip
    drawn = {one.name: one for one in lines.draw(table).data if one.mode == "lines+markers"}
    assert (drawn["ours"].line.dash, drawn["paper"].line.dash) == ("solid", "dash")
    assert "printed in the paper" in lines.draw(table).layout.meta["caption"]


def test_panels_share_one_vertical_axis_range(rows):
    table = rows.assign(x=[1, 2], model="m", panel=["a", "b"])
    picture = lines.draw(table, panel="panel")
    assert picture.layout.yaxis.range == picture.layout.yaxis2.range
    assert {"<b>a</b>", "<b>b</b>"} <= set(texts(picture))


def test_a_matrix_writes_every_number_once(rows):
    table = rows.assign(row=["a", "b"], column=["x", "y"], note=["held out", ""])
    said = texts(matrix.draw(table))
    assert "(.40)<br>held out" in said  # few rows: in brackets
    assert ".70" in said


def test_a_diverging_matrix_has_one_neutral_zero(rows):
    table = pd.DataFrame({"row": ["a"] * 3, "column": list("xyz"), "value": [-1.0, 0.0, 2.0]})
    fills = [shape.fillcolor for shape in matrix.draw(table, diverging=True).layout.shapes]
    assert fills[1] == "#f3f4f6"


def test_a_scatter_with_a_diagonal_has_equal_axes(rows):
    table = rows.assign(x=[0.1, 0.5], y=[0.2, 0.9], chosen=[True, False])
    picture = scatter.draw(table, diagonal=True)
    assert picture.layout.xaxis.range == picture.layout.yaxis.range
    assert "small" in texts(picture)
    assert picture.data[0].marker.size[0] > picture.data[0].marker.size[1]


def test_hills_stand_on_their_rows_and_are_coloured_by_tier():
    table = pd.DataFrame(
        {"row": ["tier 0"] * 3 + ["tier 1"] * 3, "tier": [0] * 3 + [1] * 3, "x": [0.0, 1, 2] * 2,
         "value": [0.0, 2.0, 0.0, 0.0, 1.0, 0.0], "median": [1.0] * 3 + [float("nan")] * 3,
         "n": [80] * 3 + [8] * 3}
    )  # fmt: skip
    first, tick, second = ridge.draw(table, marks=[(1.5, "limit")]).data
    assert (min(first.y), min(second.y)) == (0, -1)
    assert max(first.y) - 0 == pytest.approx(2 * (max(second.y) + 1))
    assert list(tick.x) == [1.0, 1.0]
    assert first.line.color != second.line.color
    assert second.fillcolor.endswith(",0.0)")
    assert "limit" in texts(ridge.draw(table, marks=[(1.5, "limit")]))
    assert len(ridge.draw(table.assign(panel="a"), panel="panel", narrow=True).data) == 3


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_panels_of_a_scatter_stay_within_the_picture(n, narrow):
    table = pd.DataFrame({"panel": range(n), "x": [0.0] * n, "y": [1.0] * n})
    assert len(scatter.draw(table, panel="panel", narrow=narrow).data) == n


def test_markup_in_names_stays_text(rows):
    table = rows.assign(label="<b>x</b>", x=[1.0, 2.0], y=[1.0, 2.0], row="<i>", column="c")
    for piece in (dots, scatter, matrix):
        said = texts(piece.draw(table))
        assert not any(one == "<b>x</b>" or one.startswith("<i>") for one in said)

"""A number per row and column, coloured by its size, with its interval on hover."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

ROW_PX, HEAD, FOOT = 44, 44, 24
WIDE, NARROW = 640, 420
"""Pixels that a page has for a picture at least (800 pixels wide), and half of a wide page."""


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    row: str = "row",
    column: str = "column",
    row_title: str = "",
    column_title: str = "",
    diverging: bool = False,
    bounds: tuple[float, float] | None = None,
    titles: Mapping[str, str] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw one cell per row of the table; a cell that is not there stays empty.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, `row` and `column`; a text in the column ``note`` is added to a cell,
        a true ``ringed`` draws a line around it.
    row, column : str
        Columns that name the rows and columns, in the order of the table.
    row_title, column_title : str
        What they are.
    diverging : bool
        Whether the sign matters: blue above 0, orange below.
    bounds : tuple of float, optional
        Values of the lightest and the darkest cell.
    """
    rows = table[table["value"].notna()]
    if rows.empty:
        return theme.empty(mode)
    names = [str(one) for one in dict.fromkeys(table[row])]
    heads = [str(one) for one in dict.fromkeys(table[column])]
    picture = _axes(names, heads, column_title, dict(titles or {}), mode, narrow)
    marks = theme.Marks()
    span = bounds or _span(rows, diverging)
    counts = bool((rows["value"] % 1 == 0).all()) and rows["value"].abs().max() > 1
    for one in rows.to_dict("records"):
        place = heads.index(str(one[column])), names.index(str(one[row]))
        said = f"{one['value']:.0f}" if counts else theme.number(one["value"])
        fill = _fill(float(one["value"]), span, diverging, mode)
        _cell(marks, {**one, "said": said}, place, fill, mode)
    marks.add_trace(_hovers(rows, row, column, heads, names))
    marks.onto(picture)
    if row_title:
        picture.layout.meta = {"caption": f"Rows: {row_title}."}
    return picture


def _axes(
    names: list[str], heads: list[str], title: str, shown: Mapping[str, str], mode: Mode,
    narrow: bool,
) -> go.Figure:  # fmt: skip
    """Return an empty picture with names at the rows and heads over the columns."""

    def told(one: str, most: int) -> str:
        return theme.shorten(shown.get(one, one), most)

    rows = [told(one, 18 if narrow else 30) for one in names]
    left = 28 + int(7 * max(map(len, rows)))
    labels = [theme.plain(told(one, 16)) for one in heads]
    longest = 7 * max(map(len, labels))
    slanted = longest > ((NARROW if narrow else WIDE) - left) / len(labels)
    top = HEAD + (22 if title else 0) + (int(0.65 * longest) if slanted else 0)
    right = 16 + (int(0.75 * 7 * len(labels[-1])) if slanted else 0)
    picture = theme.figure(
        mode, height=top + FOOT + max(ROW_PX * len(names), 120),
        margin={"l": left, "r": right, "t": top, "b": FOOT},
    )  # fmt: skip
    picture.layout.xaxis = theme.axis(
        mode, side="top", tickmode="array", tickvals=list(range(len(heads))),
        ticktext=labels, range=[-0.5, len(heads) - 0.5], tickangle=-40 if slanted else 0,
    )  # fmt: skip
    picture.layout.xaxis.title.text = theme.plain(title)
    picture.layout.yaxis = theme.axis(
        mode, tickmode="array", tickvals=list(range(len(names))),
        ticktext=list(map(theme.plain, rows)), range=[len(names) - 0.5, -0.5],
    )  # fmt: skip
    return picture


def _span(rows: pd.DataFrame, diverging: bool) -> tuple[float, float]:
    low, high = float(rows["value"].min()), float(rows["value"].max())
    if diverging:
        most = max(abs(low), abs(high)) or 1.0
        return -most, most
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _fill(value: float, span: tuple[float, float], diverging: bool, mode: Mode) -> str:
    place = (value - span[0]) / (span[1] - span[0])
    return theme.diverging(2 * place - 1, mode) if diverging else theme.sequential(place, mode)


def _cell(
    marks: theme.Marks, row: Mapping[Any, Any], place: tuple[int, int], fill: str, mode: Mode
) -> None:
    x, y = place
    look, ringed = theme.tokens(mode), row.get("ringed") is True
    half = 0.47 if ringed else 0.5  # two rings side by side do not touch
    marks.add_shape(
        type="rect", x0=x - half, x1=x + half, y0=y - half, y1=y + half, fillcolor=fill,
        layer="below", line={"width": 2, "color": look.text if ringed else look.background},
    )  # fmt: skip
    few = row.get("n") is not None and row["n"] < theme.HOLLOW_BELOW
    said = f"({row['said']})" if few else str(row["said"])
    note = row.get("note")
    if isinstance(note, str) and note:
        said += f"<br>{theme.plain(note)}"
    marks.add_annotation(
        text=said, x=x, y=y, showarrow=False, font={"size": 13, "color": theme.ink(fill)}
    )


def _hovers(
    rows: pd.DataFrame, row: str, column: str, heads: list[str], names: list[str]
) -> go.Scatter:
    said = []
    for one in rows.to_dict("records"):
        text = [
            f"{theme.plain(one[row])} · {theme.plain(one[column])}",
            f"<b>{theme.number(one['value'])}</b> "
            f"{theme.interval(one.get('low'), one.get('high'))}",
        ]
        if one.get("n") is not None and one["n"] == one["n"]:
            text.append(f"n = {int(one['n']):,}")
        said.append(theme.told("<br>".join(text), one))
    return go.Scatter(
        x=[heads.index(str(one)) for one in rows[column]],
        y=[names.index(str(one)) for one in rows[row]],
        mode="markers", marker={"size": 36, "opacity": 0, "symbol": "square"}, name="",
        customdata=said, hovertemplate=theme.HOVER,
    )  # fmt: skip


PIECE = Figure(
    title="Matrix",
    columns=("value", "low", "high", "n"),
    draw=draw,
    table="matrix",
)

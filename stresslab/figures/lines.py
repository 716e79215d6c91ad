"""A value along an axis, one line and band per series, in one or several panels."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._blocks import arrange
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

PANEL_PX, HEAD, FOOT, GAP_PX = 300, 44, 54, 84
MOST_PER_ROW = 3


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    x: str = "x",
    series: str = "model",
    panel: str | None = None,
    x_title: str = "",
    y_title: str = "value",
    bounds: tuple[float, float] | None = None,
    log_x: bool = False,
    lines: Sequence[tuple[float, str]] = (),
    marks: Sequence[tuple[float, str]] = (),
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw one line per series and panel; what a paper printed is thin, grey and dashed.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, `x`, `series` and `panel`; rows whose ``published`` is true are printed
        numbers.
    x, series, panel : str
        Columns.
    x_title, y_title : str
        Titles of the axes, with their direction.
    bounds : tuple of float, optional
        Ends of the vertical axis.
    log_x : bool
        Whether the horizontal axis is logarithmic.
    lines, marks : sequence of (value, words)
        Levels, and places on the horizontal axis, to point out.
    """
    rows = table[table["value"].notna()]
    if rows.empty:
        return theme.empty(mode)
    panels = [str(one) for one in dict.fromkeys(rows[panel])] if panel else [""]
    names = [str(one) for one in dict.fromkeys(rows[series])]
    styles = {**theme.styles(names), **dict(styles or {})}
    grid = arrange([1.0] * len(panels), most=1 if narrow else MOST_PER_ROW, gap=0.3)
    height = HEAD + FOOT + grid.n_rows * PANEL_PX + (grid.n_rows - 1) * GAP_PX
    right = 20 + int(6.6 * max(len(theme.shorten(styles[one].name, 18)) for one in names))
    picture = theme.figure(mode, height=height, margin={"l": 60, "r": right, "t": HEAD, "b": FOOT})
    span = list(bounds) if bounds else _span(rows, lines)
    drawn = theme.Marks()
    for number, (name, cell) in enumerate(zip(panels, grid.cells, strict=True)):
        mine = rows[rows[panel].astype(str) == name] if panel else rows
        axes = _frame(picture, number, cell, span, (x_title, y_title), log_x, mode)
        ends = []
        for one in names:
            line = mine[mine[series].astype(str) == one].sort_values(x)
            if line.empty:
                continue
            _line(drawn, line, x, styles[one], axes, mode)
            ends.append((float(line["value"].iloc[-1]), one))
        labels = [
            (y, theme.plain(theme.shorten(styles[one].name, 18)), styles[one].colour)
            for y, one in ends
        ]
        theme.direct_labels(
            drawn, labels, mode=mode, height=PANEL_PX, y_range=(span[0], span[1]),
            xref=axes["xaxis"], yref=axes["yaxis"],
        )  # fmt: skip
        _points_out(drawn, lines, marks, axes, log_x, mode)
        _head(drawn, name, axes, mode)
    drawn.onto(picture)
    printed = "published" in rows and bool(rows["published"].fillna(False).any())
    said = "Bands are intervals." if "low" in rows and rows["low"].notna().any() else ""
    said += " Grey dashes are numbers printed in the paper." if printed else ""
    picture.layout.meta = {"caption": said.strip()}
    return picture


def _span(rows: pd.DataFrame, lines: Sequence[tuple[float, str]]) -> list[float]:
    ends = pd.concat([rows[name] for name in ("value", "low", "high") if name in rows])
    low = min([float(ends.min()), *(value for value, _ in lines)])
    high = max([float(ends.max()), *(value for value, _ in lines)])
    pad = 0.06 * ((high - low) or 1.0)
    return [low - pad, high + pad]


def _frame(
    picture: go.Figure, number: int, cell: Any, span: list[float], titles: tuple[str, str],
    log_x: bool, mode: Mode,
) -> dict[str, str]:  # fmt: skip
    tail = "" if number == 0 else str(number + 1)
    inner = picture.layout.height - HEAD - FOOT
    top = 1 - cell.row * (PANEL_PX + GAP_PX) / inner
    picture.layout[f"xaxis{tail}"] = theme.axis(
        mode, domain=[cell.x0, cell.x1], anchor=f"y{tail}", showline=True,
        type="log" if log_x else "linear",
    )  # fmt: skip
    picture.layout[f"xaxis{tail}"].title.text = theme.plain(titles[0])
    picture.layout[f"yaxis{tail}"] = theme.axis(
        mode, domain=[max(top - PANEL_PX / inner, 0.0), top], anchor=f"x{tail}", showgrid=True,
        range=span,
    )  # fmt: skip
    if cell.column == 0:
        picture.layout[f"yaxis{tail}"].title.text = theme.plain(titles[1])
    return {"xaxis": f"x{tail}", "yaxis": f"y{tail}"}


def _line(
    marks: theme.Marks, line: pd.DataFrame, x: str, style: theme.Style, axes: dict[str, str],
    mode: Mode,
) -> None:  # fmt: skip
    look = theme.tokens(mode)
    printed = "published" in line and bool(line["published"].fillna(False).all())
    colour = look.muted if printed else style.colour
    if "low" in line and "high" in line:
        banded = line[line["low"].notna() & line["high"].notna()]
        if len(banded) > 1:
            at, low, high = (banded[name].tolist() for name in (x, "low", "high"))
            marks.add_trace(theme.band(at, low, high, colour).update(axes))
    few = (line["n"] < theme.HOLLOW_BELOW).fillna(False).tolist() if "n" in line else None
    marks.add_trace(
        go.Scatter(
            x=line[x].tolist(), y=line["value"].tolist(), mode="lines+markers",
            name=theme.plain(style.name),
            line={
                "color": colour, "width": 1.2 if printed else 2.2,
                "dash": "dash" if printed else style.dash,
            },
            marker={
                "size": 4 if printed else 7,
                "color": [look.background if one else colour for one in few] if few else colour,
                "line": {"width": 1.6, "color": colour},
            },
            customdata=[
                theme.told(_hover(row, x, style), row) for row in line.to_dict("records")
            ],
            hovertemplate=theme.HOVER, cliponaxis=False, **axes,
        )
    )  # fmt: skip


def _hover(row: Mapping[Any, Any], x: str, style: theme.Style) -> str:
    said = [
        f"{theme.plain(style.name)} at {theme.number(row[x])}",
        f"<b>{theme.number(row['value'])}</b> {theme.interval(row.get('low'), row.get('high'))}",
    ]
    if row.get("n") is not None and row["n"] == row["n"]:
        said.append(f"n = {int(row['n']):,}")
    if row.get("published") is True:
        said.append("printed in the paper")
    return "<br>".join(said)


def _points_out(
    drawn: theme.Marks, lines: Sequence[tuple[float, str]], marks: Sequence[tuple[float, str]],
    axes: dict[str, str], log_x: bool, mode: Mode,
) -> None:  # fmt: skip
    from math import log10

    look = theme.tokens(mode)
    thin = {"color": look.muted, "width": 1, "dash": "dot"}
    font = {"size": 11, "color": look.muted}
    x, y = axes["xaxis"], axes["yaxis"]
    for value, words in lines:
        drawn.add_shape(
            type="line", x0=0, x1=1, y0=value, y1=value, xref=f"{x} domain", yref=y, line=thin,
            layer="below",
        )  # fmt: skip
        drawn.add_annotation(
            text=theme.plain(words), x=1, y=value, xref=f"{x} domain", yref=y, xanchor="right",
            yanchor="bottom", showarrow=False, font=font,
        )  # fmt: skip
    for value, words in marks:
        drawn.add_shape(
            type="line", x0=value, x1=value, y0=0, y1=1, xref=x, yref=f"{y} domain", line=thin,
            layer="below",
        )  # fmt: skip
        drawn.add_annotation(
            text=theme.plain(words), x=log10(value) if log_x else value, y=1, xref=x,
            yref=f"{y} domain", yanchor="bottom", yshift=2, showarrow=False, font=font,
        )  # fmt: skip


def _head(drawn: theme.Marks, name: str, axes: dict[str, str], mode: Mode) -> None:
    if name:
        drawn.add_annotation(
            text=f"<b>{theme.plain(name)}</b>", x=0, y=1, xref=f"{axes['xaxis']} domain",
            yref=f"{axes['yaxis']} domain", xanchor="left", yanchor="bottom", yshift=10,
            showarrow=False, font={"size": 15, "color": theme.tokens(mode).text},
        )  # fmt: skip


PIECE = Figure(
    title="Lines",
    columns=("value", "low", "high", "n"),
    draw=draw,
    table="lines",
)

"""Two numbers per point with their intervals, the line they should follow, and names."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

HEIGHT = 420
KEY_ROW, KEY_WIDE, KEY_NARROW = 22, 860, 420
ROW = 320
GAPS = 0.09, 0.16
"""Between panels, across and down, as shares of the picture for two of them."""

MOST_NAMES = 12


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    label: str = "label",
    series: str | None = None,
    panel: str | None = None,
    x_title: str = "x",
    y_title: str = "y",
    diagonal: bool = False,
    across: int = 4,
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw one point per row, in one or several panels.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`; ``x_low, x_high, y_low, y_high`` draw whiskers, a true ``chosen`` rings
        a point and names it.
    label, series, panel : str
        Columns that name a point, colour it, and place it in a panel.
    x_title, y_title : str
        Titles of the axes, with their direction.
    diagonal : bool
        Whether to draw the line of equal values.
    across : int
        Panels beside each other; further ones stand in rows below.
    """
    rows = table[table["x"].notna() & table["y"].notna()]
    if rows.empty:
        return theme.empty(mode)
    panels = [str(one) for one in dict.fromkeys(rows[panel])] if panel else [""]
    names = [str(one) for one in dict.fromkeys(rows[series])] if series else [""]
    styles = {**theme.styles(names), **dict(styles or {})}
    across = 1 if narrow else min(across, len(panels))
    n_down = -(-len(panels) // across)
    height = (HEIGHT if n_down == 1 or across == 1 else ROW) * n_down
    top = 44 + KEY_ROW * ((len(panels) > 1) + narrow * (len(names) // 4)) if series else 44
    picture = theme.figure(
        mode, height=height + top - 44, margin={"l": 60, "r": 20, "t": top, "b": 56}
    )
    spans = _span(rows, "x"), _span(rows, "y")
    if diagonal:
        both = [min(spans[0][0], spans[1][0]), max(spans[0][1], spans[1][1])]
        spans = both, both
    marks = theme.Marks()
    for number, name in enumerate(panels):
        mine = rows[rows[panel].astype(str) == name] if panel else rows
        axes = _frame(picture, number, (across, n_down), spans, (x_title, y_title), mode)
        if diagonal:
            _diagonal(marks, spans[0], axes, mode)
        for one in names:
            of_series = mine[mine[series].astype(str) == one] if series else mine
            _points(marks, of_series, styles[one], axes, label, mode)
        _head(marks, name, axes, mode)
        _names(marks, mine, label, axes, mode, middle=sum(spans[0]) / 2)
    if series:
        _key(marks, names, styles, mode, low=28 if len(panels) > 1 else 8, narrow=narrow)
    marks.onto(picture)
    return picture


def _span(rows: pd.DataFrame, name: str) -> list[float]:
    columns = [one for one in (name, f"{name}_low", f"{name}_high") if one in rows]
    low = float(min(rows[one].min() for one in columns))
    high = float(max(rows[one].max() for one in columns))
    pad = 0.06 * ((high - low) or 1.0)
    return [low - pad, high + pad]


def _frame(
    picture: go.Figure, number: int, grid: tuple[int, int],
    spans: tuple[list[float], list[float]], titles: tuple[str, str], mode: Mode,
) -> dict[str, str]:  # fmt: skip
    tail = "" if number == 0 else str(number + 1)
    place = number % grid[0], number // grid[0]
    gaps = [2 * gap / max(n, 2) for gap, n in zip(GAPS, grid, strict=True)]
    size = [(1 - gap * (n - 1)) / n for gap, n in zip(gaps, grid, strict=True)]
    across, down = (
        [at * (one + gap), min(at * (one + gap) + one, 1.0)]
        for at, one, gap in zip(place, size, gaps, strict=True)
    )
    down = [max(1 - down[1], 0.0), 1 - down[0]]
    picture.layout[f"xaxis{tail}"] = theme.axis(
        mode, domain=across, anchor=f"y{tail}", range=spans[0], showgrid=True, showline=True
    )
    picture.layout[f"yaxis{tail}"] = theme.axis(
        mode, domain=down, anchor=f"x{tail}", range=spans[1], showgrid=True
    )
    picture.layout[f"xaxis{tail}"].title.text = theme.plain(titles[0])
    if place[0] == 0:
        picture.layout[f"yaxis{tail}"].title.text = theme.plain(titles[1])
    return {"xaxis": f"x{tail}", "yaxis": f"y{tail}"}


def _diagonal(marks: theme.Marks, span: list[float], axes: dict[str, str], mode: Mode) -> None:
    marks.add_shape(
        type="line", x0=span[0], y0=span[0], x1=span[1], y1=span[1], xref=axes["xaxis"],
        yref=axes["yaxis"], line={"color": theme.tokens(mode).muted, "width": 1, "dash": "dot"},
        layer="below",
    )  # fmt: skip


def _points(
    marks: theme.Marks, rows: pd.DataFrame, style: theme.Style, axes: dict[str, str], label: str,
    mode: Mode,
) -> None:  # fmt: skip
    if rows.empty:
        return
    chosen = rows["chosen"].fillna(False).astype(bool) if "chosen" in rows else rows["x"].isna()
    few = (rows["n"] < theme.HOLLOW_BELOW).fillna(False).tolist() if "n" in rows else None
    fills = [theme.translucent(style.colour, 0.75)] * len(rows)
    if few:
        background = theme.tokens(mode).background
        fills = [background if one else fill for one, fill in zip(few, fills, strict=True)]
    text = theme.tokens(mode).text
    marks.add_trace(
        go.Scatter(
            x=rows["x"].tolist(), y=rows["y"].tolist(), mode="markers",
            name=theme.plain(style.name), error_x=_whiskers(rows, "x", style.colour),
            error_y=_whiskers(rows, "y", style.colour),
            marker={
                "size": [13 if one else 8 for one in chosen], "color": fills,
                "line": {
                    "width": [2.4 if one else 1.2 for one in chosen],
                    "color": [text if one else style.colour for one in chosen],
                },
            },
            customdata=[
                theme.told(_hover(row, label), row) for row in rows.to_dict("records")
            ],
            hovertemplate=theme.HOVER, cliponaxis=False, **axes,
        )
    )  # fmt: skip


def _whiskers(rows: pd.DataFrame, name: str, colour: str) -> dict[str, Any] | None:
    low, high = f"{name}_low", f"{name}_high"
    if low not in rows or high not in rows:
        return None
    return {
        "type": "data", "symmetric": False, "thickness": 1, "width": 0, "color": colour,
        "array": (rows[high] - rows[name]).fillna(0).tolist(),
        "arrayminus": (rows[name] - rows[low]).fillna(0).tolist(),
    }  # fmt: skip


def _hover(row: Mapping[Any, Any], label: str) -> str:
    said = [theme.plain(row.get(label, ""))]
    for name in ("x", "y"):
        ends = theme.interval(row.get(f"{name}_low"), row.get(f"{name}_high"))
        said.append(f"{name}: <b>{theme.number(row[name])}</b> {ends}")
    if row.get("n") is not None and row["n"] == row["n"]:
        said.append(f"n = {int(row['n']):,}")
    return "<br>".join(said)


def _head(marks: theme.Marks, name: str, axes: dict[str, str], mode: Mode) -> None:
    if name:
        marks.add_annotation(
            text=f"<b>{theme.plain(name)}</b>", x=0, y=1, xref=f"{axes['xaxis']} domain",
            yref=f"{axes['yaxis']} domain", xanchor="left", yanchor="bottom", yshift=8,
            showarrow=False, font={"size": 15, "color": theme.tokens(mode).text},
        )  # fmt: skip


def _names(
    marks: theme.Marks, rows: pd.DataFrame, label: str, axes: dict[str, str], mode: Mode,
    *, middle: float,
) -> None:  # fmt: skip
    """Write names beside points: of all where these are few, else of the chosen ones."""
    if label not in rows:
        return
    named = rows
    if len(rows) > MOST_NAMES:
        named = rows[rows["chosen"].fillna(False).astype(bool)] if "chosen" in rows else rows[:0]
    for row in named.to_dict("records"):
        side = ("right", -6) if row["x"] > middle else ("left", 6)  # not beyond the panel
        marks.add_annotation(
            text=theme.plain(theme.shorten(str(row[label]), 22)), x=row["x"], y=row["y"],
            xref=axes["xaxis"], yref=axes["yaxis"], xanchor=side[0], yanchor="bottom",
            xshift=side[1],
            yshift=2, showarrow=False, font={"size": 11, "color": theme.tokens(mode).muted},
        )  # fmt: skip


def _key(
    marks: theme.Marks, names: list[str], styles: Mapping[str, theme.Style], mode: Mode,
    *, low: int, narrow: bool,
) -> None:  # fmt: skip
    """Name the colours above the panels and their heads, in rows from the right."""
    shift = 0
    for name in names:
        said = theme.shorten(styles[name].name, 20)
        if shift + 7 * len(said) > (KEY_NARROW if narrow else KEY_WIDE):
            shift, low = 0, low + KEY_ROW
        marks.add_annotation(
            text=f"● {theme.plain(said)}", x=1, y=1, xref="paper", yref="paper", xanchor="right",
            yanchor="bottom", yshift=low, xshift=-shift, showarrow=False,
            font={"size": 12, "color": theme.readable(styles[name].colour, mode)},
        )  # fmt: skip
        shift += 26 + 7 * len(said)


PIECE = Figure(
    title="Scatter",
    columns=("x", "y"),
    draw=draw,
    table="scatter",
)

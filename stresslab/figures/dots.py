"""One value with its interval per row: a forest plot, in the order of the table."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

LANE_PX, HEAD, FOOT = 26, 34, 52
NAME_PX = 15
"""Room of the name of a series, so that names beside their dots do not touch."""
BAND = 0.75
"""Part of the room of a label that its series share."""


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    label: str = "label",
    series: str | None = None,
    x_title: str = "value",
    bounds: tuple[float, float] | None = None,
    lines: Sequence[tuple[float, str]] = (),
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw a dot and its interval per row; rows of one label and several series share a place.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, `label` and `series`. Rows of fewer than ten are hollow; rows whose
        column ``published`` is true are thin grey ticks.
    label, series : str
        Columns that name a row, and that colour it.
    x_title : str
        Title of the axis, with its direction.
    bounds : tuple of float, optional
        Ends of the axis.
    lines : sequence of (value, words)
        Levels to compare with, such as zero or chance.
    """
    rows = table[table["value"].notna()]
    if rows.empty:
        return theme.empty(mode)
    labels = [str(one) for one in dict.fromkeys(rows[label])]
    names = [str(one) for one in dict.fromkeys(rows[series])] if series else [""]
    styles = {**theme.styles(names), **dict(styles or {})}
    lanes = max(len(names), 1)
    each = LANE_PX + 8 if lanes == 1 else round(lanes * NAME_PX / BAND)
    height = HEAD + FOOT + max(len(labels) * each, 90)
    most = 18 if narrow else 34
    named = [_lines(one, most) for one in labels]
    left = 24 + int(6.8 * max(len(line) for lines in named for line in lines))
    right = 24 + (int(6.6 * max(map(len, names))) if series else 0)
    picture = theme.figure(
        mode, height=height, margin={"l": left, "r": right, "t": HEAD, "b": FOOT}
    )
    picture.layout.xaxis = theme.axis(mode, showgrid=True, range=_range(rows, bounds, lines))
    picture.layout.xaxis.title.text = theme.plain(x_title)
    picture.layout.yaxis = theme.axis(
        mode, tickmode="array", tickvals=[-place for place in range(len(labels))],
        ticktext=["<br>".join(map(theme.plain, one)) for one in named],
        range=[-len(labels) + 0.4, 0.6],
    )  # fmt: skip
    marks = theme.Marks()
    _levels(marks, lines, mode)
    for number, name in enumerate(names):
        mine = rows[rows[series].astype(str) == name] if series else rows
        shift = 0.0 if lanes == 1 else (0.5 - (number + 0.5) / lanes) * BAND
        where = [-labels.index(str(one)) + shift for one in mine[label]]
        _dots(marks, mine, where, styles[name], mode, label)
        if series and len(mine):
            marks.add_annotation(
                text=theme.plain(theme.shorten(styles[name].name)), x=1, y=where[0],
                xref="x domain", xanchor="left", xshift=6, showarrow=False,
                font={"size": 12, "color": theme.readable(styles[name].colour, mode)},
            )  # fmt: skip
    marks.onto(picture)
    picture.layout.meta = {"caption": "Whiskers are intervals; hollow dots rest on fewer than 10."}
    return picture


def _lines(label: str, most: int) -> list[str]:
    """Return a label in one line, or in two where it has a comma to break it at."""
    cut = label.rfind(", ", 0, most) + 1
    if len(label) <= most or cut < 2:
        return [theme.shorten(label, most)]
    return [label[:cut], theme.shorten(label[cut:].strip(), most)]


def _range(
    rows: pd.DataFrame, bounds: tuple[float, float] | None, lines: Sequence[tuple[float, str]]
) -> list[float]:
    if bounds is not None:
        return [bounds[0], bounds[1]]
    ends = pd.concat([rows[name] for name in ("value", "low", "high") if name in rows])
    low = min([float(ends.min()), *(value for value, _ in lines)])
    high = max([float(ends.max()), *(value for value, _ in lines)])
    pad = 0.06 * ((high - low) or 1.0)
    return [low - pad, high + pad]


def _levels(marks: theme.Marks, lines: Sequence[tuple[float, str]], mode: Mode) -> None:
    look = theme.tokens(mode)
    for value, words in lines:
        marks.add_shape(
            type="line", x0=value, x1=value, y0=0, y1=1, yref="paper", layer="below",
            line={"color": look.muted, "width": 1, "dash": "dot"},
        )  # fmt: skip
        marks.add_annotation(
            text=theme.plain(words), x=value, y=1, yref="paper", yanchor="bottom", showarrow=False,
            font={"size": 11, "color": look.muted},
        )  # fmt: skip


def _dots(
    marks: theme.Marks, rows: pd.DataFrame, where: list[float], style: theme.Style, mode: Mode,
    label: str,
) -> None:  # fmt: skip
    look = theme.tokens(mode)
    printed = rows["published"].fillna(False).astype(bool) if "published" in rows else None
    grey = [False] * len(rows) if printed is None else printed.tolist()
    few = (rows["n"] < theme.HOLLOW_BELOW).fillna(False).tolist() if "n" in rows else grey
    colours = [look.muted if one else style.colour for one in grey]
    marks.add_trace(
        go.Scatter(
            x=rows["value"].tolist(), y=where, mode="markers", name=theme.plain(style.name),
            error_x=_whiskers(rows, style.colour),
            marker={
                "size": 9, "symbol": ["line-ns-open" if one else "circle" for one in grey],
                "color": [
                    look.background if one else colour
                    for one, colour in zip(few, colours, strict=True)
                ],
                "line": {"width": 1.6, "color": colours},
            },
            customdata=[
                theme.told(_hover(row, style, label), row) for row in rows.to_dict("records")
            ],
            hovertemplate=theme.HOVER, cliponaxis=False,
        )
    )  # fmt: skip


def _whiskers(rows: pd.DataFrame, colour: str) -> dict[str, Any] | None:
    if "low" not in rows or "high" not in rows:
        return None
    return {
        "type": "data", "symmetric": False, "thickness": 1.6, "width": 4, "color": colour,
        "array": (rows["high"] - rows["value"]).fillna(0).tolist(),
        "arrayminus": (rows["value"] - rows["low"]).fillna(0).tolist(),
    }  # fmt: skip


def _hover(row: Mapping[Any, Any], style: theme.Style, label: str) -> str:
    name = theme.plain(row[label])
    lines = [f"{theme.plain(style.name)} · {name}" if style.name else name]
    lines.append(
        f"<b>{theme.number(row['value'])}</b> {theme.interval(row.get('low'), row.get('high'))}"
    )
    if row.get("n") is not None and row["n"] == row["n"]:
        lines.append(f"n = {int(row['n']):,}")
    if row.get("published") is True:
        lines.append("printed in the paper")
    return "<br>".join(lines)


PIECE = Figure(
    title="Values with intervals",
    columns=("value", "low", "high", "n"),
    draw=draw,
    table="dots",
)

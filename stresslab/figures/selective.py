"""Accuracy of the answers given, beside how many were given and what both earn together."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

ROW, HEAD, FOOT = 38, 44, 28


def draw(
    table: pd.DataFrame,
    *,
    score: pd.DataFrame | None = None,
    mode: Mode = "light",
    chance: float | None = None,
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw coverage on the left and right-when-answering beside the score on the right.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, one row per model; where there are several, the first counts.
    score : DataFrame, optional
        ``model, value, low, high, n``: the metric that counts an abstention as earning nothing.
    """
    rows = table[table["value"].notna()].drop_duplicates("model") if not table.empty else table
    if rows.empty:
        return theme.empty(mode)
    styles = styles or theme.styles(rows["model"])
    names = [theme.plain(theme.shorten(styles[model].name)) for model in rows["model"]]
    picture = theme.figure(
        mode,
        height=HEAD + FOOT + ROW * len(names),
        margin={"l": 34 + int(7.2 * max(map(len, names))), "r": 24, "t": HEAD, "b": FOOT},
    )
    _frame(picture, rows, names, styles, mode)
    earned = {} if score is None else {row["model"]: row for row in score.to_dict("records")[::-1]}
    for place, row in enumerate(rows.to_dict("records")):
        colour = styles[row["model"]].colour
        cover = {name: row[f"coverage{tail}"] for name, tail in _ENDS} | {"n": row["n"]}
        _point(picture, cover, place, colour, mode, axis="x", symbol="square", said="answered")
        if row["model"] in earned:
            other = earned[row["model"]]
            picture.add_shape(
                type="line", x0=other["value"], x1=row["value"], y0=place, y1=place, xref="x2",
                yref="y2", line={"color": theme.translucent(colour, 0.45), "width": 6},
                layer="below",
            )  # fmt: skip
            _point(picture, other, place, colour, mode, axis="x2", symbol="circle", said="score")
        _point(
            picture, row, place, colour, mode, axis="x2", symbol="diamond", said="right if answered"
        )
    if chance is not None and chance == chance:
        picture.add_shape(
            type="line", x0=chance, x1=chance, y0=0, y1=1, xref="x2", yref="y2 domain",
            line={"color": theme.tokens(mode).muted, "width": 1, "dash": "dot"}, layer="below",
        )  # fmt: skip
    picture.layout.meta = {
        "caption": "● score: an abstention earns nothing.  ◆ share right among the answers given.  "
        "■ share of inputs answered. A model that abstains can lead on one and not on the other."
    }
    return picture


_ENDS = (("value", ""), ("low", "_low"), ("high", "_high"))


def _frame(
    picture: go.Figure, rows: pd.DataFrame, names: list[str],
    styles: Mapping[str, theme.Style], mode: Mode,
) -> None:  # fmt: skip
    look = theme.tokens(mode)
    ticks = [
        f'{name}  <span style="color:{styles[model].colour}">■</span> '
        for name, model in zip(names, rows["model"], strict=True)
    ]
    parts = (("", [0.0, 0.3], "Answers given"), ("2", [0.36, 1.0], "Score, and right if answered"))
    for tail, domain, title in parts:
        picture.layout[f"xaxis{tail}"] = theme.axis(
            mode, domain=domain, anchor=f"y{tail}", range=[0, 1.02], showgrid=True,
            dtick=0.25 if tail else 0.5, tickangle=0,
            tickformat=".0%" if not tail else ".2~f",
        )  # fmt: skip
        picture.layout[f"yaxis{tail}"] = theme.axis(
            mode, anchor=f"x{tail}", range=[len(names) - 0.5, -0.5], tickmode="array",
            tickvals=list(range(len(names))), ticktext=ticks, showticklabels=not tail,
            tickfont={"size": 13, "color": look.text},
        )  # fmt: skip
        picture.add_annotation(
            text=f"<b>{title}</b>", x=0, y=1, xref=f"x{tail} domain", yref="paper", xanchor="left",
            yanchor="bottom", yshift=10, showarrow=False, font={"size": 15, "color": look.text},
        )  # fmt: skip


def _point(
    picture: go.Figure, row: Mapping[Any, Any], place: int, colour: str, mode: Mode, *,
    axis: str, symbol: str, said: str,
) -> None:  # fmt: skip
    value, low, high = (row.get(name) for name in ("value", "low", "high"))
    if value is None or pd.isna(value):
        return
    look = theme.tokens(mode)
    hollow = (row.get("n") or 0) < theme.HOLLOW_BELOW
    whisker = None
    if low is not None and not pd.isna(low) and high is not None and not pd.isna(high):
        whisker = {
            "type": "data", "symmetric": False, "array": [high - value],
            "arrayminus": [value - low], "color": colour, "thickness": 1.4, "width": 4,
        }  # fmt: skip
    picture.add_trace(
        go.Scatter(
            x=[value], y=[place], error_x=whisker, mode="markers", name=said, cliponaxis=False,
            marker={
                "symbol": symbol, "size": 11, "color": look.background if hollow else colour,
                "line": {"width": 1.8, "color": colour},
            },
            customdata=[
                f"{said}: <b>{theme.number(value)}</b> {theme.interval(low, high)}<br>"
                f"n = {int(row.get('n') or 0):,}"
            ],
            hovertemplate="%{customdata}<extra></extra>",
            xaxis=axis, yaxis=axis.replace("x", "y"),
        )
    )  # fmt: skip


PIECE = Figure(
    title="Coverage beside accuracy",
    columns=("model", "value", "low", "high", "n", "coverage", "coverage_low", "coverage_high"),
    draw=draw,
    table="selective",
)

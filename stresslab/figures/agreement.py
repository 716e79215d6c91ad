"""Who is right on the same items: a two by two mosaic, areas in proportion."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

CELLS = ("both_right", "only_a", "only_b", "both_wrong")
TEXT_FITS = 0.34
"""Narrower cells show their count alone; the rest is in the hover text."""


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw the first pair of models in `table`.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, one row per pair of models.
    """
    rows = table[table["n_pairs"] > 0] if not table.empty else table
    if rows.empty:
        return theme.empty(mode, "Counted for pairs of models that answered the same items.")
    row = rows.to_dict("records")[0]
    styles = styles or theme.styles([row["model_a"], row["model_b"]])
    first, second = styles[str(row["model_a"])], styles[str(row["model_b"])]
    picture = theme.figure(mode, height=340, margin={"l": 116, "r": 16, "t": 56, "b": 16})
    for name in ("xaxis", "yaxis"):
        picture.layout[name] = theme.axis(mode, visible=False, range=[0, 1])
    counts = {name: float(row[name]) for name in CELLS}
    top = (counts["both_right"] + counts["only_a"]) / float(row["n_pairs"])
    bands = ((1 - top, 1.0, "both_right", "only_a"), (0.0, 1 - top, "only_b", "both_wrong"))
    for y0, y1, left, right in bands:
        total = counts[left] + counts[right]
        edge = counts[left] / total if total else 0.0
        _cell(picture, left, (0.0, edge, y0, y1), row, (first, second), mode)
        _cell(picture, right, (edge, 1.0, y0, y1), row, (first, second), mode)
    _heads(picture, (first, second), top, mode)
    picture.layout.meta = {
        "caption": "Areas are in proportion to the number of pairs. An abstention is not right."
    }
    return picture


def _cell(
    picture: go.Figure, name: str, box: tuple[float, float, float, float], row: Mapping[Any, Any],
    pair: tuple[theme.Style, theme.Style], mode: Mode,
) -> None:  # fmt: skip
    x0, x1, y0, y1 = box
    if x1 <= x0 or y1 <= y0:
        return
    look = theme.tokens(mode)
    first, second = (theme.plain(theme.shorten(style.name, 18)) for style in pair)
    said, colour, strength = {
        "both_right": ("✓ both right", look.muted, 0.16),
        "only_a": (f"✓ only {first}", pair[0].colour, 0.55),
        "only_b": (f"✓ only {second}", pair[1].colour, 0.55),
        "both_wrong": ("✗ neither right", look.muted, 0.38),
    }[name]
    fill = theme.mix(look.background, colour, strength)
    n, of = int(row[name]), int(row["n_pairs"])
    picture.add_shape(
        type="rect", x0=x0, x1=x1, y0=y0, y1=y1, fillcolor=fill, layer="below",
        line={"width": 3, "color": look.background},
    )  # fmt: skip
    text = ""
    if x1 - x0 >= TEXT_FITS and y1 - y0 >= TEXT_FITS / 2:
        text = f"{said}<br><b>{n:,}</b>  {theme.share(n / of)}"
    elif x1 - x0 >= TEXT_FITS / 5 and y1 - y0 >= TEXT_FITS / 3:
        text = f"<b>{n:,}</b><br>{theme.share(n / of)}"
    picture.add_trace(
        go.Scatter(
            x=[(x0 + x1) / 2], y=[(y0 + y1) / 2], mode="markers+text", text=[text],
            textposition="middle center", marker={"size": 40, "opacity": 0},
            textfont={"size": 14, "color": theme.ink(fill)}, name=name, cliponaxis=False,
            customdata=[f"{said}<br><b>{n:,}</b> of {of:,} pairs ({theme.share(n / of)})"],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip


def _heads(
    picture: go.Figure, pair: tuple[theme.Style, theme.Style], top: float, mode: Mode
) -> None:
    look = theme.tokens(mode)
    first, second = (theme.plain(theme.shorten(style.name, 18)) for style in pair)
    sides = [(1 - top / 2, f"{first}<br>right"), ((1 - top) / 2, f"{first}<br>not right")]
    for y, text in sides:
        if (top if "not" not in text else 1 - top) < 0.08:
            continue
        picture.add_annotation(
            text=text, x=0, y=y, xanchor="right", xshift=-10, showarrow=False, align="right",
            font={"size": 13, "color": theme.readable(pair[0].colour, mode)},
        )  # fmt: skip
    ends = ((0, f"{second}<br>right", "left"), (1, f"{second}<br>not right", "right"))
    for x, text, anchor in ends:
        picture.add_annotation(
            text=text, x=x, y=1, xanchor=anchor, yanchor="bottom", yshift=8, showarrow=False,
            align=anchor,
            font={"size": 13, "color": theme.readable(pair[1].colour, mode)},
        )  # fmt: skip
    picture.layout.font.color = look.text


PIECE = Figure(
    title="Who is right",
    columns=("model_a", "model_b", *CELLS, "n_pairs"),
    draw=draw,
    table="agreement",
)

"""Value out of distribution over value in, one point per model, with the line they follow."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

HEIGHT = 440


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    curve: pd.DataFrame | None = None,
    metric: str = "score",
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw every model with both intervals, the line of equal values and the line over models.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`.
    curve : DataFrame, optional
        Lines as computed: ``in_distribution, out_of_distribution, x, y, low, high``.
    metric : str
        Name of the metric.
    """
    rows = table[table["value_in"].notna() & table["value_out"].notna()]
    if rows.empty:
        return theme.empty(mode, "No model has a value on both sides.")
    styles = styles or theme.styles(rows["model"])
    picture = theme.figure(mode, height=HEIGHT, margin={"l": 62, "r": 24, "t": 24, "b": 58})
    across, down = _span(rows, "in"), _span(rows, "out")
    picture.layout.xaxis = theme.axis(mode, showgrid=True, showline=True, range=across)
    picture.layout.yaxis = theme.axis(mode, showgrid=True, range=down)
    picture.layout.xaxis.title.text = f"{theme.plain(metric).capitalize()} in distribution"
    picture.layout.yaxis.title.text = f"{theme.plain(metric).capitalize()} out of distribution"
    marks = theme.Marks()
    low, high = max(across[0], down[0]), min(across[1], down[1])
    if low < high:
        marks.add_shape(
            type="line", x0=low, y0=low, x1=high, y1=high, layer="below",
            line={"color": theme.tokens(mode).muted, "width": 1, "dash": "dot"},
        )  # fmt: skip
    said = _lines(marks, curve, down, mode)
    for row in rows.to_dict("records"):
        _point(marks, row, styles[str(row["model"])], mode)
    _names(marks, rows, styles, down, mode)
    marks.onto(picture)
    text = "Whiskers are intervals; on the dotted line nothing is lost."
    picture.layout.meta = {"caption": text + said}
    return picture


def _span(rows: pd.DataFrame, side: str) -> list[float]:
    ends = pd.concat([rows[f"{one}_{side}"] for one in ("value", "low", "high")]).astype(float)
    low, high = float(ends.min()), float(ends.max())
    pad = 0.08 * ((high - low) or 1.0)
    return [low - pad, high + pad]


def _lines(marks: theme.Marks, curve: pd.DataFrame | None, down: list[float], mode: Mode) -> str:
    if curve is None or curve.empty:
        return ""
    look = theme.tokens(mode)
    for _, part in curve.groupby(["in_distribution", "out_of_distribution"], sort=False):
        x, y, low, high = (part[name].tolist() for name in ("x", "y", "low", "high"))
        ends = [[min(max(one, down[0]), down[1]) for one in side] for side in (low, high)]
        marks.add_trace(theme.band(x, ends[0], ends[1], look.muted))
        marks.add_trace(
            go.Scatter(
                x=x, y=y, mode="lines", name="line over models", hoverinfo="skip",
                line={"color": look.muted, "width": 2},
            )
        )  # fmt: skip
    return " The grey line is least squares on the probit scale over models, with its interval."


def _point(marks: theme.Marks, row: Mapping[Any, Any], style: theme.Style, mode: Mode) -> None:
    few = min(row["n_in"], row["n_out"]) < theme.HOLLOW_BELOW
    marks.add_trace(
        go.Scatter(
            x=[row["value_in"]], y=[row["value_out"]], mode="markers",
            name=theme.plain(style.name), error_x=_whisker(row, "in", style.colour),
            error_y=_whisker(row, "out", style.colour),
            marker={
                "size": 10, "color": theme.tokens(mode).background if few else style.colour,
                "line": {"width": 1.6, "color": style.colour},
            },
            customdata=[theme.told(_hover(row, style), row)], hovertemplate=theme.HOVER,
        )
    )  # fmt: skip


def _whisker(row: Mapping[Any, Any], side: str, colour: str) -> dict[str, Any]:
    value, low, high = (row[f"{one}_{side}"] for one in ("value", "low", "high"))
    return {
        "type": "data", "symmetric": False, "thickness": 1.2, "width": 0, "color": colour,
        "array": [high - value if high == high else 0],
        "arrayminus": [value - low if low == low else 0],
    }  # fmt: skip


def _names(
    marks: theme.Marks, rows: pd.DataFrame, styles: Mapping[str, theme.Style], down: list[float],
    mode: Mode,
) -> None:  # fmt: skip
    """Write names beside the points, moved up or down where they would collide."""
    gap = (down[1] - down[0]) * 17 / (HEIGHT - 82)
    middle = float(rows["value_in"].median())
    for left in (True, False):
        part = rows[(rows["value_in"] > middle) == left]
        places = theme.spread(part["value_out"].tolist(), gap, down[0], down[1])
        for place, row in zip(places, part.to_dict("records"), strict=True):
            style = styles[str(row["model"])]
            marks.add_annotation(
                text=theme.plain(theme.shorten(style.name, 20)), x=row["value_in"], y=place,
                xanchor="right" if left else "left", yanchor="bottom", yshift=3,
                xshift=-9 if left else 9, showarrow=False,
                font={"size": 12, "color": theme.readable(style.colour, mode)},
            )  # fmt: skip


def _hover(row: Mapping[Any, Any], style: theme.Style) -> str:
    said = [theme.plain(style.name)]
    for side, words in (("in", "in distribution"), ("out", "out of it")):
        ends = theme.interval(row[f"low_{side}"], row[f"high_{side}"])
        n = int(row[f"n_{side}"])
        said.append(f"{words}: <b>{theme.number(row[f'value_{side}'])}</b> {ends}, n = {n:,}")
    return "<br>".join(said)


PIECE = Figure(
    title="Accuracy on the line",
    columns=(
        "model",
        "value_in",
        "low_in",
        "high_in",
        "n_in",
        "value_out",
        "low_out",
        "high_out",
        "n_out",
    ),
    draw=draw,
    table="ood_gap",
)

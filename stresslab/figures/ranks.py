"""Places of the models: how often each is held, and the range that cannot be ruled out."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

LANE_PX, HEAD, FOOT = 40, 16, 54
LARGEST = 30
"""Diameter of the blob of a place that is held in every resample."""


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    often: pd.DataFrame | None = None,
    metric: str = "score",
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw a lane per model: a bar over its possible places, and a blob per place it takes.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, the best first.
    often : DataFrame, optional
        ``model, rank, share``: in what share of the resamples a model has a place.
    metric : str
        What models are ranked by.
    """
    if table.empty:
        return theme.empty(mode)
    models = table["model"].tolist()
    styles = {**theme.styles(models), **dict(styles or {})}
    most = 16 if narrow else 30
    names = [theme.shorten(styles[one].name, most) for one in models]
    picture = theme.figure(
        mode, height=HEAD + FOOT + max(LANE_PX * len(models), 120),
        margin={"l": 28 + int(7 * max(map(len, names))), "r": 16, "t": HEAD, "b": FOOT},
    )  # fmt: skip
    step = max(1, -(-len(models) // (6 if narrow else 12)))
    picture.layout.xaxis = theme.axis(
        mode, showgrid=True, tickmode="array", tickvals=list(range(1, len(models) + 1, step)),
        range=[0.5, len(models) + 0.5],
    )  # fmt: skip
    picture.layout.xaxis.title.text = theme.plain(f"place by {metric}, 1 is the best")
    picture.layout.yaxis = theme.axis(
        mode, tickmode="array", tickvals=list(range(len(models))),
        ticktext=[theme.plain(one) for one in names], range=[len(models) - 0.5, -0.5],
    )  # fmt: skip
    marks = theme.Marks()
    _groups(marks, table, mode)
    for place, row in enumerate(table.to_dict("records")):
        style = styles[row["model"]]
        marks.add_shape(
            type="line", x0=row["rank_low"], x1=row["rank_high"], y0=place, y1=place,
            layer="below", line={"color": theme.mix(style.colour, theme.tokens(mode).background,
                                                    0.55), "width": 5},
        )  # fmt: skip
        if often is not None:
            _blobs(marks, often[often["model"] == row["model"]], place, style)
        _own(marks, row, place, style, mode)
    marks.onto(picture)
    picture.layout.meta = {
        "caption": "Bar: places that cannot be ruled out. Blobs: places when items are drawn "
        "again, larger is more often. Lines part groups that are told apart."
    }
    return picture


def _groups(marks: theme.Marks, table: pd.DataFrame, mode: Mode) -> None:
    """Draw a thin line where a group of tied models ends."""
    group = table["tie_group"].tolist()
    for place in range(1, len(group)):
        if group[place] != group[place - 1]:
            marks.add_shape(
                type="line", x0=0, x1=1, xref="x domain", y0=place - 0.5, y1=place - 0.5,
                layer="below", line={"color": theme.tokens(mode).muted, "width": 1, "dash": "dot"},
            )  # fmt: skip


def _blobs(marks: theme.Marks, rows: pd.DataFrame, place: int, style: theme.Style) -> None:
    marks.add_trace(
        go.Scatter(
            x=rows["rank"].tolist(), y=[place] * len(rows), mode="markers",
            name=theme.plain(style.name),
            marker={
                "size": [max(3.0, LARGEST * float(one) ** 0.5) for one in rows["share"]],
                "color": style.colour, "opacity": 0.45, "line": {"width": 0},
            },
            customdata=[
                f"{theme.plain(style.name)} · place {row['rank']}<br>in "
                f"{theme.share(row['share'])} of {int(row['n']):,} resamples"
                for row in rows.to_dict("records")
            ],
            hovertemplate="%{customdata}<extra></extra>", cliponaxis=False,
        )
    )  # fmt: skip


def _own(
    marks: theme.Marks, row: Mapping[Any, Any], place: int, style: theme.Style, mode: Mode
) -> None:
    few = row["n"] < theme.HOLLOW_BELOW
    marks.add_trace(
        go.Scatter(
            x=[row["rank"]], y=[place], mode="markers", name=theme.plain(style.name),
            marker={
                "size": 9, "color": theme.tokens(mode).background if few else style.colour,
                "line": {"width": 1.6, "color": style.colour},
            },
            customdata=[
                f"<b>{theme.plain(style.name)}</b> · place {row['rank']} "
                f"({row['rank_low']} to {row['rank_high']} possible)<br>"
                f"{theme.number(row['value'])} {theme.interval(row['low'], row['high'])}"
                f"<br>n = {int(row['n']):,}"
            ],
            hovertemplate="%{customdata}<extra></extra>", cliponaxis=False,
        )
    )  # fmt: skip


PIECE = Figure(
    title="Places",
    columns=("model", "rank", "rank_low", "rank_high", "tie_group", "value", "low", "high", "n"),
    draw=draw,
    table="rankings",
)

"""Which models fail together: a column per set of models, its share above, its members below."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

BARS, LANE_PX, HEAD, FOOT = 190, 26, 24, 14
LARGEST, NARROW = 20, 10
"""Sets that have room."""


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    order: Sequence[str] = (),
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw how often each set of models fails together, beside what chance would give.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, the most frequent set first; ``models`` is a JSON list of who fails.
    order : sequence of str
        All models, from the top lane down; those of the table when empty.
    """
    rows = table[table["n_failed"] > 0].head(NARROW if narrow else LARGEST)
    if rows.empty:
        return theme.empty(mode)
    sets = [json.loads(one) for one in rows["models"]]
    models = list(order) or list(dict.fromkeys(model for one in sets for model in one))
    styles = {**theme.styles(models), **dict(styles or {})}
    most = 14 if narrow else 28
    names = [theme.plain(theme.shorten(styles[one].name, most)) for one in models]
    lanes = LANE_PX * len(models)
    height = HEAD + FOOT + BARS + lanes
    picture = theme.figure(
        mode, height=height, margin={"l": 28 + int(7 * max(map(len, names))), "r": 16, "t": HEAD,
                                     "b": FOOT},
    )  # fmt: skip
    split = lanes / (lanes + BARS)
    picture.layout.xaxis = theme.axis(
        mode, showticklabels=False, range=[-0.6, len(rows) - 0.4], anchor="y2"
    )
    ends = pd.concat([rows["value"], rows["high"], rows["by_chance"]]).dropna()
    picture.layout.yaxis = theme.axis(
        mode, domain=[split + 0.03, 1], range=[0, 1.12 * float(ends.max())], showgrid=True,
        tickformat=".0%", nticks=5,
    )  # fmt: skip
    picture.layout.yaxis.title.text = "share of rows"
    picture.layout.yaxis2 = theme.axis(
        mode, domain=[0, split], tickmode="array", tickvals=list(range(len(models))),
        ticktext=names, range=[len(models) - 0.5, -0.5],
    )  # fmt: skip
    marks = theme.Marks()
    _bars(marks, rows, mode)
    _lanes(marks, sets, models, styles, mode)
    marks.onto(picture)
    picture.layout.meta = {
        "caption": "Bar: share of rows on which exactly these models fail, with its interval. "
        "Tick: the share if they failed independently."
    }
    return picture


def _bars(marks: theme.Marks, rows: pd.DataFrame, mode: Mode) -> None:
    look = theme.tokens(mode)
    records = rows.to_dict("records")
    for place, row in enumerate(records):
        marks.add_shape(
            type="rect", x0=place - 0.34, x1=place + 0.34, y0=0, y1=row["value"], layer="below",
            fillcolor=theme.mix(look.accent, look.background, 0.45), line={"width": 0},
        )  # fmt: skip
        marks.add_shape(
            type="line", x0=place - 0.42, x1=place + 0.42, y0=row["by_chance"],
            y1=row["by_chance"], line={"color": look.text, "width": 1.6},
        )  # fmt: skip
    marks.add_trace(
        go.Scatter(
            x=list(range(len(rows))), y=rows["value"].tolist(), mode="markers", name="",
            marker={"size": 7, "color": look.accent},
            error_y={
                "type": "data", "symmetric": False, "thickness": 1.6, "width": 4,
                "color": look.accent, "array": (rows["high"] - rows["value"]).fillna(0).tolist(),
                "arrayminus": (rows["value"] - rows["low"]).fillna(0).tolist(),
            },
            customdata=[theme.told(_hover(row), row) for row in records],
            hovertemplate=theme.HOVER, cliponaxis=False,
        )
    )  # fmt: skip


def _hover(row: Mapping[Any, Any]) -> str:
    return (
        f"fail: {theme.plain(row['failed'])}<br><b>{theme.share(row['value'])}</b> "
        f"{theme.interval(row['low'], row['high'])}<br>{int(row['count']):,} of "
        f"{int(row['n']):,} rows; chance alone: {theme.share(row['by_chance'])}"
    )


def _lanes(
    marks: theme.Marks, sets: Sequence[Sequence[str]], models: Sequence[str],
    styles: Mapping[str, theme.Style], mode: Mode,
) -> None:  # fmt: skip
    look = theme.tokens(mode)
    place = {model: number for number, model in enumerate(models)}
    blank = [(x, y) for x, one in enumerate(sets) for y, m in enumerate(models) if m not in one]
    for x, one in enumerate(sets):
        inside = [place[model] for model in one if model in place]
        if len(inside) > 1:
            marks.add_shape(
                type="line", x0=x, x1=x, y0=min(inside), y1=max(inside), yref="y2", layer="below",
                line={"color": look.muted, "width": 2},
            )  # fmt: skip
    marks.add_trace(
        go.Scatter(
            x=[x for x, _ in blank], y=[y for _, y in blank], yaxis="y2", mode="markers", name="",
            marker={"size": 8, "color": look.line}, hoverinfo="skip",
        )
    )  # fmt: skip
    for model, lane in place.items():
        at = [x for x, one in enumerate(sets) if model in one]
        marks.add_trace(
            go.Scatter(
                x=at, y=[lane] * len(at), yaxis="y2", mode="markers",
                name=theme.plain(styles[model].name), hoverinfo="skip",
                marker={"size": 11, "color": styles[model].colour},
            )
        )  # fmt: skip


PIECE = Figure(
    title="Who fails together",
    columns=("failed", "n_failed", "count", "value", "low", "high", "n", "by_chance", "models"),
    draw=draw,
    table="overlap",
)

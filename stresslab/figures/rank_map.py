"""Which model is better than which: a square per pair, coloured only where it is told."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

CELL_PX, HEAD, FOOT = 36, 100, 10
UPRIGHT_FROM = 7
"""Models beyond which their names stand upright over the columns."""

TURNED = {"better": "worse", "worse": "better"}
SIGNS = {"better": "▲", "worse": "▼", "equivalent": "=", "cannot tell": "?"}


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    order: Sequence[str] = (),
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw the verdict on every pair: the row's model against the column's.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, each pair once.
    order : sequence of str
        Models from the first place down; the order of the table when empty.
    """
    if table.empty:
        return theme.empty(mode)
    there = dict.fromkeys([*table["model_a"], *table["model_b"]])
    models = [one for one in order if one in there] or list(there)
    styles = {**theme.styles(models), **dict(styles or {})}
    most = 12 if narrow else 26
    names = [theme.plain(theme.shorten(styles[one].name, most)) for one in models]
    heads = [theme.plain(theme.shorten(styles[one].name, 12)) for one in models]
    picture = theme.figure(
        mode, height=HEAD + FOOT + max(CELL_PX * len(models), 120),
        margin={"l": 28 + int(7 * max(map(len, names))), "r": 64, "t": HEAD, "b": FOOT},
    )  # fmt: skip
    ends = len(models) - 0.5
    picture.layout.xaxis = theme.axis(
        mode, side="top", tickmode="array", tickvals=list(range(len(models))), ticktext=heads,
        range=[-0.5, ends], tickangle=-35 if len(models) <= UPRIGHT_FROM else -90,
    )  # fmt: skip
    picture.layout.yaxis = theme.axis(
        mode, tickmode="array", tickvals=list(range(len(models))), ticktext=names,
        range=[ends, -0.5],
    )  # fmt: skip
    place = {model: number for number, model in enumerate(models)}
    marks, hovers = theme.Marks(), []
    for row in table.to_dict("records"):
        if row["model_a"] in place and row["model_b"] in place:
            for turned in (False, True):
                hovers.append(_cell(marks, _seen(row, turned), place, styles, mode))
    marks.add_trace(
        go.Scatter(
            x=[one[0] for one in hovers], y=[one[1] for one in hovers], mode="markers", name="",
            marker={"size": 32, "opacity": 0, "symbol": "square"},
            customdata=[one[2] for one in hovers], hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    marks.onto(picture)
    picture.layout.meta = {
        "caption": "Row against column: ▲ better, ▼ worse, = level, ? cannot tell; "
        "all pairs corrected as one family."
    }
    return picture


def _seen(row: Mapping[Any, Any], turned: bool) -> dict[Any, Any]:
    """Return a pair as its other model sees it."""
    if not turned:
        return dict(row)
    return {
        **row, "model_a": row["model_b"], "model_b": row["model_a"],
        "difference": -row["difference"], "low": -row["high"], "high": -row["low"],
        "verdict": TURNED.get(row["verdict"], row["verdict"]),
    }  # fmt: skip


def _cell(
    marks: theme.Marks, row: Mapping[Any, Any], place: Mapping[str, int],
    styles: Mapping[str, theme.Style], mode: Mode,
) -> tuple[int, int, str]:  # fmt: skip
    look = theme.tokens(mode)
    x, y = place[row["model_b"]], place[row["model_a"]]
    verdict = str(row["verdict"])
    sure = verdict in TURNED
    fill = theme.mix(theme.verdict_colour(verdict, mode), look.background, 0.3) if sure else (
        look.surface
    )  # fmt: skip
    marks.add_shape(
        type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, fillcolor=fill, layer="below",
        line={"width": 2, "color": look.background},
    )  # fmt: skip
    marks.add_annotation(
        text=SIGNS[verdict], x=x, y=y, showarrow=False,
        font={"size": 13, "color": theme.ink(fill) if sure else look.muted},
    )  # fmt: skip
    a, b = (theme.plain(styles[row[side]].name) for side in ("model_a", "model_b"))
    said = (
        f"{a} against {b}: <b>{verdict}</b><br>{theme.signed(row['difference'])} "
        f"{theme.interval(row['low'], row['high'])}<br>n = {int(row['n_pairs']):,}"
    )
    return x, y, said


PIECE = Figure(
    title="Who is better than whom",
    columns=("model_a", "model_b", "difference", "low", "high", "verdict", "n_pairs"),
    draw=draw,
    table="map",
)

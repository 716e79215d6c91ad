"""Error consistency of every pair of models: a square each, blank where it may be chance."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

CELL_PX, HEAD, FOOT = 36, 110, 10
UPRIGHT_FROM = 7
"""Models beyond which their names stand upright over the columns."""


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    order: Sequence[str] = (),
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw kappa of every pair; a pair whose interval holds 0 is grey.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, each pair once. Where the columns ``within, within_low, within_high``
        are known for all pairs, they are drawn.
    order : sequence of str
        Models from the top down; the order of the table when empty.
    """
    rows, within = _drawn(table)
    if rows.empty:
        return theme.empty(mode)
    there = dict.fromkeys([*table["model_a"], *table["model_b"]])
    models = [one for one in order if one in there] or list(there)
    styles = {**theme.styles(models), **dict(styles or {})}
    picture = _axes(models, styles, mode, narrow)
    marks, hovers = theme.Marks(), []
    place = {model: number for number, model in enumerate(models)}
    look = theme.tokens(mode)
    for row in rows.to_dict("records"):
        a, b = place[row["model_a"]], place[row["model_b"]]
        sure = row["low"] > 0 or row["high"] < 0
        fill = theme.diverging(float(row["value"]), mode) if sure else look.surface
        said = (
            f"{theme.plain(styles[row['model_a']].name)} and "
            f"{theme.plain(styles[row['model_b']].name)}<br><b>{theme.number(row['value'])}</b> "
            f"{theme.interval(row['low'], row['high'])}<br>n = {int(row['n']):,}"
        )
        for x, y in ((a, b), (b, a)):
            _cell(marks, x, y, theme.number(row["value"]), fill, mode, sure=sure)
            hovers.append((x, y, theme.told(said, row)))
    marks.add_trace(
        go.Scatter(
            x=[one[0] for one in hovers], y=[one[1] for one in hovers], mode="markers", name="",
            marker={"size": 32, "opacity": 0, "symbol": "square"},
            customdata=[one[2] for one in hovers], hovertemplate=theme.HOVER,
        )
    )  # fmt: skip
    marks.onto(picture)
    picture.layout.meta = {
        "caption": "Error consistency: 0 is chance, 1 the same errors, below 0 opposite ones. "
        "Grey: may be chance." + (" Mean over conditions." if within else "")
    }
    return picture


def _axes(
    models: list[str], styles: Mapping[str, theme.Style], mode: Mode, narrow: bool
) -> go.Figure:
    """Return an empty picture with the models at the rows and over the columns."""
    names = [theme.plain(theme.shorten(styles[one].name, 12 if narrow else 24)) for one in models]
    picture = theme.figure(
        mode, height=HEAD + FOOT + max(CELL_PX * len(models), 120),
        margin={"l": 28 + int(7 * max(map(len, names))), "r": 64, "t": HEAD, "b": FOOT},
    )  # fmt: skip
    ticks = {"tickmode": "array", "tickvals": list(range(len(models)))}
    heads = [theme.plain(theme.shorten(styles[one].name, 14)) for one in models]
    end = len(models) - 0.5
    picture.layout.xaxis = theme.axis(
        mode, side="top", ticktext=heads, range=[-0.5, end],
        tickangle=-35 if len(models) <= UPRIGHT_FROM else -90, **ticks,
    )  # fmt: skip
    picture.layout.yaxis = theme.axis(mode, ticktext=names, range=[end, -0.5], **ticks)
    return picture


def _cell(
    marks: theme.Marks, x: int, y: int, said: str, fill: str, mode: Mode, *, sure: bool
) -> None:
    look = theme.tokens(mode)
    marks.add_shape(
        type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, fillcolor=fill,
        layer="below", line={"width": 2, "color": look.background},
    )  # fmt: skip
    marks.add_annotation(
        text=said, x=x, y=y, showarrow=False,
        font={"size": 12, "color": theme.ink(fill) if sure else look.muted},
    )  # fmt: skip


def _drawn(table: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Return the known pairs, and whether their value is the mean over conditions.

    That mean does not count shared difficulty as agreement.
    """
    rows = table[table["value"].notna()]
    if "within" not in rows or not rows["within"].notna().all():
        return rows, False
    own = rows.assign(value=rows["within"], low=rows["within_low"], high=rows["within_high"])
    return own, True


PIECE = Figure(
    title="Error consistency",
    columns=("model_a", "model_b", "value", "low", "high", "n"),
    draw=draw,
    table="consistency",
)

"""In against out of distribution: one row per model, from the filled dot to the open square."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

ROW_PX, HEAD, FOOT = 46, 40, 54


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    metric: str = "score",
    higher_is_better: bool = True,
    bounds: tuple[float, float] | None = None,
    chance: float | None = None,
    styles: Mapping[str, theme.Style] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw both values of every model with their intervals, and the gap in words at the end.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`; models keep its order. A gap that cannot be told is grey.
    metric : str
        Name of the metric.
    higher_is_better : bool
        Its direction.
    bounds : tuple of float, optional
        Ends of the axis.
    chance : float, optional
        Level of a guess.
    """
    rows = table[table["value_in"].notna() | table["value_out"].notna()]
    if rows.empty:
        return theme.empty(mode)
    models = [str(one) for one in rows["model"]]
    styles = styles or theme.styles(models)
    most = 18 if narrow else 26
    left = 26 + int(7 * max(len(theme.shorten(styles[one].name, most)) for one in models))
    height = HEAD + FOOT + max(ROW_PX * len(models), 120)
    picture = theme.figure(mode, height=height, margin={"l": left, "r": 130, "t": HEAD, "b": FOOT})
    picture.layout.xaxis = theme.axis(mode, showgrid=True, range=_range(rows, bounds))
    picture.layout.xaxis.title.text = theme.direction(metric, higher_is_better)
    picture.layout.yaxis = theme.axis(
        mode, tickmode="array", tickvals=[-place for place in range(len(models))],
        ticktext=[theme.plain(theme.shorten(styles[one].name, most)) for one in models],
        range=[-len(models) + 0.4, 0.6],
    )  # fmt: skip
    marks = theme.Marks()
    _guess(marks, chance, mode)
    for place, row in enumerate(rows.to_dict("records")):
        style = styles[str(row["model"])]
        _way(marks, row, -place, style, mode)
        for side in ("out", "in"):
            _end(marks, row, side, -place, style, mode)
        _words(marks, row, -place, mode)
    marks.add_annotation(
        text="<b>gap</b>", x=1, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom",
        xshift=14, yshift=6, showarrow=False,
        font={"size": 12, "color": theme.tokens(mode).muted},
    )  # fmt: skip
    marks.onto(picture)
    picture.layout.meta = {
        "caption": "● in distribution, □ out of it; whiskers are intervals of either. The gap at "
        "the right has its simultaneous interval, and is grey where it cannot be told from none."
    }
    return picture


def _range(rows: pd.DataFrame, bounds: tuple[float, float] | None) -> list[float]:
    if bounds is not None and all(abs(end) < float("inf") for end in bounds):
        return [bounds[0] - 0.01, bounds[1] + 0.01]
    names = [f"{one}_{side}" for one in ("value", "low", "high") for side in ("in", "out")]
    ends = pd.concat([rows[name] for name in names]).astype(float).dropna()
    pad = 0.06 * ((float(ends.max()) - float(ends.min())) or 1.0)
    return [float(ends.min()) - pad, float(ends.max()) + pad]


def _guess(marks: theme.Marks, chance: float | None, mode: Mode) -> None:
    if chance is None or chance != chance:
        return
    look = theme.tokens(mode)
    marks.add_shape(
        type="line", x0=chance, x1=chance, y0=0, y1=1, yref="paper", layer="below",
        line={"color": look.muted, "width": 1, "dash": "dot"},
    )  # fmt: skip
    marks.add_annotation(
        text=f"chance {theme.number(chance)}", x=chance, y=1, yref="paper", yanchor="bottom",
        showarrow=False, font={"size": 11, "color": look.muted},
    )  # fmt: skip


def _way(
    marks: theme.Marks, row: Mapping[Any, Any], y: float, style: theme.Style, mode: Mode
) -> None:
    """Draw the way from one value to the other."""
    if row["value_in"] != row["value_in"] or row["value_out"] != row["value_out"]:
        return
    told = row.get("verdict") in ("better", "worse")
    colour = style.colour if told else theme.tokens(mode).muted
    marks.add_shape(
        type="line", x0=row["value_in"], x1=row["value_out"], y0=y, y1=y, layer="below",
        line={"color": theme.translucent(colour, 0.35), "width": 7},
    )  # fmt: skip


def _end(
    marks: theme.Marks, row: Mapping[Any, Any], side: str, y: float, style: theme.Style, mode: Mode
) -> None:
    value = row[f"value_{side}"]
    if value != value:
        return
    few = row[f"n_{side}"] < theme.HOLLOW_BELOW
    low, high = row[f"low_{side}"], row[f"high_{side}"]
    hollow = few or side == "out"
    marks.add_trace(
        go.Scatter(
            x=[value], y=[y], mode="markers", name=theme.plain(style.name),
            error_x={
                "type": "data", "symmetric": False, "thickness": 1.6, "width": 4,
                "color": style.colour, "array": [high - value if high == high else 0],
                "arrayminus": [value - low if low == low else 0],
            },
            marker={
                "size": 11, "symbol": "circle" if side == "in" else "square",
                "color": theme.tokens(mode).background if hollow else style.colour,
                "line": {"width": 2, "color": style.colour},
            },
            customdata=[theme.told(_hover(row, side, style), row)], hovertemplate=theme.HOVER,
            cliponaxis=False,
        )
    )  # fmt: skip


def _words(marks: theme.Marks, row: Mapping[Any, Any], y: float, mode: Mode) -> None:
    look = theme.tokens(mode)
    told = row.get("verdict") in ("better", "worse")
    gap = row.get("gap")
    said = "one side only"
    if gap is not None and gap == gap:
        ends = theme.interval(row.get("low_adjusted"), row.get("high_adjusted"))
        said = f"<b>{theme.number(gap)}</b> {ends}" if told else f"{theme.number(gap)} {ends}"
    marks.add_annotation(
        text=said, x=1, y=y, xref="paper", xanchor="left", xshift=14, showarrow=False,
        font={"size": 12, "color": look.text if told else look.muted},
    )  # fmt: skip


def _hover(row: Mapping[Any, Any], side: str, style: theme.Style) -> str:
    where = row.get("in_distribution" if side == "in" else "out_of_distribution") or ""
    ends = theme.interval(row[f"low_{side}"], row[f"high_{side}"])
    return "<br>".join(
        [
            f"{theme.plain(style.name)} · {side} of distribution"
            if side == "out"
            else f"{theme.plain(style.name)} · in distribution",
            theme.plain(theme.shorten(str(where), 60)),
            f"<b>{theme.number(row[f'value_{side}'])}</b> {ends}",
            f"n = {int(row[f'n_{side}']):,}",
        ]
    )


PIECE = Figure(
    title="In and out of distribution",
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

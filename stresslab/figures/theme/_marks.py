"""Marks every figure shares: the empty frame, axes, bands, direct labels, the chance line."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures.theme._colour import Mode, readable, tokens
from stresslab.figures.theme._words import FONT, number


def figure(mode: Mode, *, height: int = 420, **layout: Any) -> go.Figure:
    """Return an empty figure in our type, colours and margins."""
    look = tokens(mode)
    base: dict[str, Any] = {
        "template": None,
        "height": height,
        "font": {"family": FONT, "size": 13, "color": look.text},
        "paper_bgcolor": look.background,
        "plot_bgcolor": look.background,
        "margin": {"l": 56, "r": 24, "t": 40, "b": 44},
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": look.surface,
            "bordercolor": look.line,
            "font": {"family": FONT, "size": 13, "color": look.text},
            "align": "left",
        },
        "dragmode": False,
        "modebar": {"remove": ["zoom", "pan", "select", "lasso", "autoscale"]},
    }
    return go.Figure(layout=base | layout)


@dataclass
class Marks:
    """Traces, shapes and annotations that are put onto a figure together.

    Plotly checks all of a figure's shapes again whenever one is added: 200 take it seconds.
    """

    traces: list[Any] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)

    def add_trace(self, trace: Any) -> None:
        """Note a trace."""
        self.traces.append(trace)

    def add_shape(self, **settings: Any) -> None:
        """Note a shape."""
        self.shapes.append(settings)

    def add_annotation(self, **settings: Any) -> None:
        """Note an annotation."""
        self.annotations.append(settings)

    def onto(self, picture: go.Figure) -> None:
        """Put everything noted onto a figure, over what it has."""
        picture.add_traces(self.traces)
        for name, new in (("shapes", self.shapes), ("annotations", self.annotations)):
            if new:
                picture.layout[name] = [*picture.layout[name], *new]


def outside(rows: pd.DataFrame, column: str = "in_training") -> "pd.Series[bool]":
    """Return which rows are of a domain their model was not trained on."""
    if column not in rows:
        return pd.Series(False, index=rows.index)
    return rows[column].eq("out").fillna(False).astype(bool)


def axis(mode: Mode, **settings: Any) -> dict[str, Any]:
    """Return an axis: at most 7 ticks, a faint grid, no zero line."""
    look = tokens(mode)
    return {
        "showgrid": False,
        "gridcolor": look.line,
        "zeroline": False,
        "showline": False,
        "linecolor": look.line,
        "ticks": "",
        "nticks": 7,
        "fixedrange": True,
        "tickfont": {"size": 12, "color": look.muted},
        "title": {"font": {"size": 13, "color": look.muted}, "standoff": 10},
        "automargin": False,
    } | settings


def empty(mode: Mode, sentence: str = "No rows match.") -> go.Figure:
    """Return a figure that says why there is nothing to see."""
    blank = figure(mode, height=360)
    blank.update_xaxes(visible=False)
    blank.update_yaxes(visible=False)
    blank.add_annotation(
        text=sentence,
        showarrow=False,
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        font={"size": 15, "color": tokens(mode).muted},
    )
    return blank


def band(x: Sequence[Any], low: Sequence[float], high: Sequence[float], colour: str) -> go.Scatter:
    """Return the interval around a line as one filled outline."""
    return go.Scatter(
        x=[*x, *reversed(x)],
        y=[*high, *reversed(low)],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=translucent(colour, 0.14),
        hoverinfo="skip",
        name="interval",
    )


def translucent(colour: str, opacity: float) -> str:
    """Return `colour` as rgba text."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places moved as little as needed to stand `gap` apart within [low, high].

    Parameters
    ----------
    places : sequence of float
        Where labels would like to stand, in any order; at most a few dozen.
    gap : float
        Smallest distance between two labels, in the same unit.
    low, high : float
        Ends of the axis. If there is no room for all, labels overrun `low`.
    """
    order = sorted(range(len(places)), key=lambda one: places[one])
    blocks: list[list[float]] = []  # [centre, number of labels]
    for one in order:
        blocks.append([places[one], 1])
        while len(blocks) > 1 and _touch(blocks[-2], blocks[-1], gap):
            (first, m), (second, n) = blocks[-2:]
            blocks[-2:] = [[(first * m + second * n) / (m + n), m + n]]
    moved = [
        centre + gap * (place - (n - 1) / 2) for centre, n in blocks for place in range(int(n))
    ]
    ceiling = high
    for place in range(len(moved) - 1, -1, -1):
        moved[place] = min(moved[place], ceiling)
        ceiling = moved[place] - gap
    floor = low
    for place in range(len(moved)):
        moved[place] = max(moved[place], floor)
        floor = moved[place] + gap
    result = [0.0] * len(places)
    for one, target in zip(order, moved, strict=True):
        result[one] = target
    return result


def direct_labels(
    picture: go.Figure | Marks,
    labels: Sequence[tuple[float, str, str]],
    *,
    mode: Mode,
    height: int,
    y_range: tuple[float, float],
    xref: str = "x",
    yref: str = "y",
) -> None:
    """Write names at the ends of lines, moved apart where they would collide.

    Parameters
    ----------
    picture : go.Figure
        Changed in place.
    labels : sequence of (y, name, colour)
        One per line.
    height : int
        Height of the panel in pixels.
    """
    gap = (y_range[1] - y_range[0]) * 16 / height
    places = spread([y for y, _, _ in labels], gap, *y_range)
    for place, (_, name, colour) in zip(places, labels, strict=True):
        picture.add_annotation(
            text=name,
            x=1,
            y=place,
            xref=f"{xref} domain",
            yref=yref,
            xanchor="left",
            yanchor="middle",
            xshift=6,
            showarrow=False,
            align="left",
            font={"size": 12, "color": readable(colour, mode)},
        )


def chance_line(
    picture: go.Figure | Marks,
    chance: float | None,
    *,
    mode: Mode,
    xref: str = "x",
    yref: str = "y",
) -> None:
    """Draw and name the level a guess would reach."""
    if chance is None or chance != chance:
        return
    look = tokens(mode)
    where = {"xref": f"{xref} domain", "yref": yref}
    picture.add_shape(
        type="line",
        x0=0,
        x1=1,
        y0=chance,
        y1=chance,
        line={"color": look.muted, "width": 1, "dash": "dot"},
        layer="below",
        **where,
    )
    picture.add_annotation(
        text=f"chance {number(chance)}",
        x=0,
        y=chance,
        xanchor="left",
        yanchor="top",
        showarrow=False,
        font={"size": 11, "color": look.muted},
        **where,
    )


def _touch(first: list[float], second: list[float], gap: float) -> bool:
    top = first[0] + gap * (first[1] - 1) / 2
    bottom = second[0] - gap * (second[1] - 1) / 2
    return bottom - top < gap - 1e-12

"""How values are spread, one hill per row, the rows of a panel above each other."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._blocks import arrange
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

ROW_PX, HEAD, FOOT, GAP_PX = 46, 56, 54, 70
TALLEST = 1.7
"""Height of the highest hill, in rows: hills overlap a little, as on a ridge."""
MOST_PER_ROW = 3


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    row: str = "row",
    panel: str | None = None,
    x_title: str = "value",
    log_x: bool = False,
    marks: Sequence[tuple[float, str]] = (),
    narrow: bool = False,
) -> go.Figure:
    """Draw one hill per row and panel; a tick stands at its median.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`, `row` and `panel`; ``value`` is the density at ``x``. Rows of a column
        ``tier`` are coloured by it; ``median`` and ``n`` hold for the whole row.
    row, panel : str
        Columns that name the row and the panel.
    x_title : str
        Title of the axis, with its direction.
    log_x : bool
        Whether the axis is logarithmic.
    marks : sequence of (value, words)
        Places on the axis to point out.
    """
    rows = table[table["value"].notna()]
    if rows.empty:
        return theme.empty(mode)
    panels = [str(one) for one in dict.fromkeys(rows[panel])] if panel else [""]
    names = [str(one) for one in dict.fromkeys(rows[row])]
    grid = arrange([1.0] * len(panels), most=1 if narrow else MOST_PER_ROW, gap=0.08)
    each = HEAD + ROW_PX * len(names)
    height = grid.n_rows * each + (grid.n_rows - 1) * GAP_PX + FOOT
    left = 24 + int(6.8 * max(len(theme.shorten(one, 22)) for one in names))
    picture = theme.figure(mode, height=height, margin={"l": left, "r": 20, "t": 0, "b": FOOT})
    scale = TALLEST / float(rows["value"].max())
    drawn = theme.Marks()
    for number, (name, cell) in enumerate(zip(panels, grid.cells, strict=True)):
        top = 1 - cell.row * (each + GAP_PX) / (height - FOOT)
        space = (top - each / (height - FOOT), top)
        axes = _frame(picture, number, cell, space, names, x_title, log_x, mode)
        mine = rows[rows[panel].astype(str) == name] if panel else rows
        for place, one in enumerate(names):
            hill = mine[mine[row].astype(str) == one].sort_values("x")
            if len(hill):
                _hill(drawn, hill, -place, scale, _colour(rows, hill, mode), axes, mode)
        _points_out(drawn, name, marks, axes, log_x, mode)
    drawn.onto(picture)
    picture.layout.meta = {
        "caption": "A hill is high where values are many; ticks are medians; hills of fewer than "
        "10 are hollow."
    }
    return picture


def _frame(
    picture: go.Figure, number: int, cell: Any, space: tuple[float, float], names: list[str],
    x_title: str, log_x: bool, mode: Mode,
) -> dict[str, str]:  # fmt: skip
    tail = "" if number == 0 else str(number + 1)
    rows_px = ROW_PX * len(names)
    picture.layout[f"xaxis{tail}"] = theme.axis(
        mode, domain=[cell.x0, cell.x1], anchor=f"y{tail}", showline=True, showgrid=True,
        type="log" if log_x else "linear",
    )  # fmt: skip
    picture.layout[f"xaxis{tail}"].title.text = theme.plain(x_title)
    picture.layout[f"yaxis{tail}"] = theme.axis(
        mode, domain=[max(space[0], 0.0), min(space[1], 1.0)], anchor=f"x{tail}",
        range=[0.15 - len(names), HEAD / rows_px * len(names) + 0.15], tickmode="array",
        tickvals=[-place for place in range(len(names))], showticklabels=cell.column == 0,
        ticktext=[theme.plain(theme.shorten(one, 22)) for one in names],
    )  # fmt: skip
    return {"xaxis": f"x{tail}", "yaxis": f"y{tail}"}


def _colour(rows: pd.DataFrame, hill: pd.DataFrame, mode: Mode) -> str:
    if "tier" not in rows or pd.isna(hill["tier"].iloc[0]):
        return theme.tokens(mode).accent
    return theme.tier_colour(int(hill["tier"].iloc[0]), int(rows["tier"].max()), mode)


def _hill(
    drawn: theme.Marks, hill: pd.DataFrame, base: float, scale: float, colour: str,
    axes: dict[str, str], mode: Mode,
) -> None:  # fmt: skip
    look = theme.tokens(mode)
    x = hill["x"].tolist()
    heights = (base + scale * hill["value"]).tolist()
    first = hill.iloc[0].to_dict()
    said = theme.told(_hover(first), first)
    few = first.get("n") is not None and first["n"] < theme.HOLLOW_BELOW
    drawn.add_trace(
        go.Scatter(
            x=[x[0], *x, x[-1]], y=[base, *heights, base], mode="lines", fill="toself",
            fillcolor=theme.translucent(colour, 0.0 if few else 0.55),
            line={"color": theme.mix(colour, look.text, 0.35), "width": 1.4},
            customdata=[said] * (len(x) + 2), hovertemplate=theme.HOVER, cliponaxis=False,
            name=theme.plain(first.get("row", "")), **axes,
        )
    )  # fmt: skip
    middle = first.get("median")
    if middle is not None and middle == middle:
        drawn.add_trace(
            go.Scatter(
                x=[middle, middle], y=[base, base + 0.28], mode="lines",
                line={"color": look.text, "width": 2.4}, hoverinfo="skip", name="median", **axes,
            )
        )  # fmt: skip


def _hover(first: Mapping[Any, Any]) -> str:
    said = [theme.plain(first.get("row", ""))]
    if first.get("median") is not None and first["median"] == first["median"]:
        said.append(f"median <b>{theme.number(first['median'])}</b>")
    if first.get("n") is not None and first["n"] == first["n"]:
        said.append(f"n = {int(first['n']):,}")
    return "<br>".join(said)


def _points_out(
    drawn: theme.Marks, name: str, marks: Sequence[tuple[float, str]], axes: dict[str, str],
    log_x: bool, mode: Mode,
) -> None:  # fmt: skip
    from math import log10

    look = theme.tokens(mode)
    x, y = axes["xaxis"], axes["yaxis"]
    if name:
        drawn.add_annotation(
            text=f"<b>{theme.plain(name)}</b>", x=0, y=1, xref=f"{x} domain", yref=f"{y} domain",
            xanchor="left", yanchor="top", yshift=-2, showarrow=False,
            font={"size": 15, "color": look.text},
        )  # fmt: skip
    for value, words in marks:
        drawn.add_shape(
            type="line", x0=value, x1=value, y0=0, y1=0.94, xref=x, yref=f"{y} domain",
            line={"color": look.muted, "width": 1, "dash": "dot"}, layer="below",
        )  # fmt: skip
        drawn.add_annotation(
            text=theme.plain(words), x=log10(value) if log_x else value, y=1, xref=x,
            yref=f"{y} domain", yanchor="top", yshift=-22, xanchor="right", xshift=-4,
            showarrow=False, font={"size": 11, "color": look.muted},
        )  # fmt: skip


PIECE = Figure(
    title="Hills",
    columns=("x", "value", "median", "n"),
    draw=draw,
    table="ridge",
)

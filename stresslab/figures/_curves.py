"""Lines over tiers in small multiples: shared by every figure whose x axis is the tier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._blocks import Block, Cell, arrange, blocks_of
from stresslab.figures.theme._colour import Mode

HEAD, FOOT, GAP_PX = 44, 52, 78
MOST_PER_ROW = 3


@dataclass(frozen=True)
class Curves:
    """What differs between two figures of lines over tiers."""

    value: str
    y_title: str
    y_range: tuple[float, float] | None
    chance: float | None = None
    steps: bool = False
    fan: bool = True
    fitted: pd.DataFrame | None = None


def draw_curves(
    table: pd.DataFrame,
    curves: Curves,
    *,
    by: Sequence[str],
    mode: Mode,
    styles: Mapping[str, theme.Style] | None,
    titles: Mapping[str, str] | None,
    narrow: bool = False,
) -> go.Figure:
    """Draw one panel per combination of `by` and one line with its band per model."""
    rows = table[table["tier"].notna()]
    if rows.empty:
        return theme.empty(mode)
    styles = styles or theme.styles(rows["model"])
    blocks = blocks_of(rows, by, titles)
    most = 1 if narrow else MOST_PER_ROW
    named = min(len(blocks), most) <= 2  # room for names beside every panel
    grid = arrange([1.0] * len(blocks), most=most, gap=0.4 if named else 0.1)
    panel = 320 if grid.n_rows == 1 else 220
    height = HEAD + FOOT + grid.n_rows * panel + (grid.n_rows - 1) * GAP_PX
    y_range = curves.y_range or _range(rows, curves)
    fits = {} if curves.fitted is None else _fits(curves.fitted, by, titles)
    last = {cell.row: number for number, cell in enumerate(grid.cells)}
    names = [theme.shorten(styles[model].name) for model in dict.fromkeys(rows["model"])]
    right = 20 + int(6.6 * max(map(len, names)))
    picture = theme.figure(
        mode, height=height, margin={"l": 58, "r": right, "t": HEAD, "b": FOOT}, hovermode="closest"
    )
    marks = theme.Marks()
    for number, (block, cell) in enumerate(zip(blocks, grid.cells, strict=True)):
        axes = _frame(picture, marks, number, block, cell, curves, y_range, panel, mode)
        ends = []
        for model, line in block.rows.groupby("model", sort=False):
            style = styles[str(model)]
            ordered = line.sort_values("tier")
            _line(marks, ordered, style, curves, axes, mode, block.title)
            if (block.title, str(model)) in fits:
                marks.add_trace(_fit(fits[block.title, str(model)], style).update(axes))
            known = ordered[ordered[curves.value].notna()]
            if not known.empty:
                ends.append((float(known[curves.value].iloc[-1]), style))
        theme.chance_line(marks, curves.chance, mode=mode, xref=axes["xaxis"], yref=axes["yaxis"])
        if named or number == last[cell.row]:
            room = 22 if number == last[cell.row] else 16
            theme.direct_labels(
                marks,
                [(y, theme.plain(theme.shorten(s.name, room)), s.colour) for y, s in ends],
                mode=mode,
                height=panel,
                y_range=y_range,
                xref=axes["xaxis"],
                yref=axes["yaxis"],
            )
    marks.onto(picture)
    return picture


def _fits(
    fitted: pd.DataFrame, by: Sequence[str], titles: Mapping[str, str] | None
) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the fitted curves by the title of their panel and their model."""
    return {
        (block.title, str(model)): rows
        for block in blocks_of(fitted, by, titles)
        for model, rows in block.rows.groupby("model", sort=False)
    }


def _fit(rows: pd.DataFrame, style: theme.Style) -> go.Scatter:
    return go.Scatter(
        x=rows["position"].tolist(), y=rows["fitted"].tolist(), mode="lines", hoverinfo="skip",
        name=f"fitted, {theme.plain(style.name)}",
        line={"color": style.colour, "width": 1.4, "dash": "4px,3px"},
    )  # fmt: skip


def _range(rows: pd.DataFrame, curves: Curves) -> tuple[float, float]:
    low = rows["low"].fillna(rows[curves.value]).min()
    high = rows["high"].fillna(rows[curves.value]).max()
    if low != low:
        return (0.0, 1.0)
    pad = 0.05 * ((high - low) or 1.0)
    return (float(low - pad), float(high + pad))


def _frame(
    picture: go.Figure, marks: theme.Marks, number: int, block: Block, cell: Cell, curves: Curves,
    y_range: tuple[float, float], panel: int, mode: Mode,
) -> dict[str, str]:  # fmt: skip
    tail = "" if number == 0 else str(number + 1)
    inner = picture.layout.height - HEAD - FOOT
    top = 1 - cell.row * (panel + GAP_PX) / inner
    tiers = block.tiers
    thin = -(-len(tiers) // 7)
    picture.layout[f"xaxis{tail}"] = theme.axis(
        mode,
        domain=[cell.x0, cell.x1],
        anchor=f"y{tail}",
        tickmode="array",
        tickvals=list(tiers[::thin]),
        showline=True,
        range=[tiers[0] - 0.15, tiers[-1] + 0.15 + (0.5 if len(tiers) == 1 else 0)],
    )
    picture.layout[f"xaxis{tail}"].title.text = _x_title(block)
    picture.layout[f"yaxis{tail}"] = theme.axis(
        mode,
        domain=[max(top - panel / inner, 0.0), top],
        anchor=f"x{tail}",
        showgrid=True,
        range=list(y_range),
        tickformat=".2~f" if y_range[1] - y_range[0] < 5 else None,
    )
    if cell.column == 0:
        picture.layout[f"yaxis{tail}"].title.text = curves.y_title
    else:
        picture.layout[f"yaxis{tail}"].showticklabels = False
    marks.add_annotation(
        text=f"<b>{block.title}</b>", x=0, y=1, xref=f"x{tail} domain", yref=f"y{tail} domain",
        xanchor="left", yanchor="bottom", yshift=10, showarrow=False,
        font={"size": 15, "color": theme.tokens(mode).text},
    )  # fmt: skip
    return {"xaxis": f"x{tail}", "yaxis": f"y{tail}"}


def _x_title(block: Block) -> str:
    axis = block.rows["axis"].dropna() if "axis" in block.rows else pd.Series(dtype=object)
    if (axis == "graded").any():
        return "tier (different items at each tier)"
    return "tier (0 = untouched)" if 0 in block.tiers else "tier"


def _line(
    marks: theme.Marks, line: pd.DataFrame, style: theme.Style, curves: Curves,
    axes: dict[str, str], mode: Mode, title: str,
) -> None:  # fmt: skip
    known = line[line[curves.value].notna()]
    banded = known[known["low"].notna() & known["high"].notna()]
    if curves.fan and len(banded) > 1:
        x, low, high = (banded[name].tolist() for name in ("tier", "low", "high"))
        if curves.steps:
            x, low, high = _stairs(x, low, high)
        marks.add_trace(theme.band(x, low, high, style.colour).update(axes))
    out = theme.outside(known)
    hollow = ((known["n"] < theme.HOLLOW_BELOW) | out).tolist()
    background = theme.tokens(mode).background
    whisker: dict[str, Any] | None = None
    if not curves.fan or len(banded) == 1:
        whisker = {
            "type": "data",
            "symmetric": False,
            "array": (known["high"] - known[curves.value]).tolist(),
            "arrayminus": (known[curves.value] - known["low"]).tolist(),
            "thickness": 1.2,
            "width": 3,
            "color": style.colour,
        }
    marks.add_trace(
        go.Scatter(
            x=known["tier"].tolist(),
            y=known[curves.value].tolist(),
            error_y=whisker,
            mode="lines+markers",
            name=theme.plain(style.name),
            line={
                "color": style.colour,
                "width": 2.2,
                "dash": style.dash,
                "shape": "hv" if curves.steps else "linear",
            },
            marker={
                "size": [8 if one else 7 for one in out],
                "symbol": ["square" if one else "circle" for one in out],
                "color": [background if few else style.colour for few in hollow],
                "line": {"width": 1.6, "color": style.colour},
            },
            customdata=[
                theme.told(_hover(row, style, curves, title), row)
                for row in known.to_dict("records")
            ],
            hovertemplate=theme.HOVER,
            cliponaxis=False,
            **axes,
        )
    )


def _stairs(x: list[Any], low: list[Any], high: list[Any]) -> list[list[Any]]:
    """Return the corners of bands that hold their height until the next step."""
    return [
        [one for one in x for _ in range(2)][1:],
        [one for one in low for _ in range(2)][:-1],
        [one for one in high for _ in range(2)][:-1],
    ]


def _hover(row: Mapping[Any, Any], style: theme.Style, curves: Curves, title: str) -> str:
    strength = ""
    if row.get("strength") is not None and not pd.isna(row["strength"]):
        unit = row.get("unit")
        strength = f" (strength {theme.number(row['strength'])}"
        strength += f" {theme.plain(unit)})" if isinstance(unit, str) and unit else ")"
    return "<br>".join(
        [
            f"{theme.plain(style.name)} · {title}, tier {int(row['tier'])}{strength}",
            f"<b>{theme.number(row[curves.value])}</b> {theme.interval(row['low'], row['high'])}",
            f"n = {int(row['n']):,}",
        ]
    )

"""Points of a map, or a raster of very many with some points upon it."""

import base64
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

SYMBOLS = ("circle", "diamond", "square", "triangle-up")
UNKNOWN = "not known"


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    colour: str = "failure",
    colours: pd.DataFrame | None = None,
    raster: pd.DataFrame | None = None,
    frame: pd.DataFrame | None = None,
    arrows: pd.DataFrame | None = None,
    region: str = "",
    axes: tuple[str, str] = ("x", "y"),
    drag: str = "lasso",
    title: str = "",
    view: bool = False,
    narrow: bool = False,
) -> go.Figure:
    """Draw a map; a drag selects.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`: the points drawn.
    colour : str
        What `colour` holds.
    colours : DataFrame, optional
        ``code, name`` where colours are codes.
    raster, frame : DataFrame, optional
        Cells of the raster (``column, row, count, colour``) and its place.
    arrows : DataFrame, optional
        ``x0, y0, x1, y1, failure``: where inputs moved; the points are drawn faint then.
    region : str
        Corners of the region that is looked at. On other axes than ``x, y`` its points (those
        that are ``chosen``) stand out from the rest.
    axes : tuple of str
        Columns of the places.
    drag : {"lasso", "select"}
        What a drag draws.
    view : bool
        Keep to the ends of `frame`.
    """
    x, y = axes
    rows = table[table[x].notna() & table[y].notna()] if len(table) else table
    if rows.empty and (raster is None or raster.empty):
        return theme.empty(mode, "No map to draw yet.")
    picture = theme.figure(
        mode, height=420 if narrow else 520, margin={"l": 8, "r": 8, "t": 34, "b": 8},
        dragmode=drag, showlegend=True, title={"text": theme.plain(title), "font": {"size": 14}},
        legend={
            "orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "itemsizing": "constant",
            "bgcolor": "rgba(0,0,0,0)", "font": {"size": 12},
        },
        newselection={"line": {"color": theme.tokens(mode).accent, "width": 2}},
    )  # fmt: skip
    picture.layout.modebar = {"remove": ["autoscale"]}
    for name in ("xaxis", "yaxis"):
        picture.layout[name] = theme.axis(mode, visible=False, showgrid=False, zeroline=False)
    if raster is not None and len(raster) and frame is not None:
        _raster(picture, raster, frame.iloc[0].to_dict(), colour, colours, mode)
    if (view or (raster is not None and len(raster))) and frame is not None and len(frame):
        ends = frame.iloc[0]
        picture.layout.xaxis.range = [ends["left"], ends["right"]]
        picture.layout.yaxis.range = [ends["bottom"], ends["top"]]
    moved = arrows is not None and len(arrows) > 0
    if region.strip() and axes != ("x", "y") and "chosen" in rows and rows["chosen"].any():
        _elsewhere(picture, rows[~rows["chosen"]], axes, mode)
        rows = rows[rows["chosen"]]
    _points(picture, rows, axes, (colour, colours), mode, faint=moved)
    if moved and arrows is not None:
        _arrows(picture, arrows, mode)
    if region.strip() and axes == ("x", "y"):
        _outline(picture, json.loads(region), mode)
    picture.layout.meta = {"caption": _caption(frame, arrows)}
    return picture


def _points(
    picture: go.Figure, rows: pd.DataFrame, axes: tuple[str, str],
    how: tuple[str, pd.DataFrame | None], mode: Mode, *, faint: bool,
) -> None:  # fmt: skip
    colour, colours = how
    size = 4 if len(rows) > 2000 else 6
    base = {"size": size, "opacity": 0.25 if faint else 0.8, "line": {"width": 0}}
    numbers = colour not in ("failure", "tier") and (colours is None or colours.empty)
    if numbers:
        known = rows["colour"].notna()
        _trace(picture, rows[~known], axes, UNKNOWN, base | {"color": theme.tokens(mode).muted})
        scale = [[step / 4, theme.tier_colour(step, 4, mode)] for step in range(5)]
        bar = {"title": {"text": colour, "side": "right"}, "thickness": 10, "len": 0.7}
        marker = base | {"color": rows.loc[known, "colour"], "colorscale": scale, "colorbar": bar}
        _trace(picture, rows[known], axes, colour, marker, legend=False)
        return
    for name, mask, look in _groups(rows, colour, colours, mode):
        _trace(picture, rows[mask], axes, name, base | look)


def _elsewhere(picture: go.Figure, rows: pd.DataFrame, axes: tuple[str, str], mode: Mode) -> None:
    """Draw the points outside of the region as a pale ground."""
    picture.add_trace(
        go.Scattergl(
            x=rows[axes[0]], y=rows[axes[1]], mode="markers", name="elsewhere", hoverinfo="skip",
            marker={"size": 3, "opacity": 0.3, "color": theme.tokens(mode).muted},
        )
    )  # fmt: skip


def _groups(
    rows: pd.DataFrame, colour: str, colours: pd.DataFrame | None, mode: Mode
) -> Sequence[tuple[str, Any, dict[str, Any]]]:
    """Return name, rows and look of each group, those that matter most drawn last."""
    value = rows["colour"]
    muted = theme.tokens(mode).muted
    none = (UNKNOWN if colour != "cluster" else "in no cluster", None, {"color": muted})
    if colour == "failure":
        found = [
            ("right", value < 0.5, {"color": theme.RIGHT, "symbol": "circle"}),
            ("wrong", value >= 0.5, {"color": theme.WRONG, "symbol": "x"}),
        ]
        return [(none[0], value.isna(), none[2]), *found]
    if colour == "tier":
        tiers = sorted(value.dropna().unique())
        last = int(max(tiers, default=1))
        return [
            (f"tier {int(one)}", value == one, {"color": theme.tier_colour(int(one), last, mode)})
            for one in tiers
        ]
    assert colours is not None
    names = dict(zip(colours["code"], colours["name"], strict=True))
    found = []
    for place, code in enumerate(sorted(one for one in value.dropna().unique() if one >= 0)):
        turn, at = divmod(place, len(theme.MODEL_COLOURS))
        look = {"color": theme.MODEL_COLOURS[at], "symbol": SYMBOLS[turn % len(SYMBOLS)]}
        found.append((str(names.get(code, code)), value == code, look))
    return [(none[0], value.isna() | (value < 0), none[2]), *found]


def _trace(
    picture: go.Figure, rows: pd.DataFrame, axes: tuple[str, str], name: str,
    marker: dict[str, Any], *, legend: bool = True,
) -> None:  # fmt: skip
    if rows.empty:
        return
    said = [
        f"{theme.plain(str(text)) if isinstance(text, str) and text else theme.plain(str(one))}"
        f"<br>{theme.plain(str(kind)) + f', tier {tier}' if isinstance(kind, str) else 'untouched'}"
        for text, one, kind, tier in zip(
            rows["text"], rows["variant_id"], rows["perturbation"], rows["tier"], strict=True
        )
    ]
    picture.add_trace(
        go.Scattergl(
            x=rows[axes[0]], y=rows[axes[1]], mode="markers", name=theme.plain(name),
            marker=marker, showlegend=legend, customdata=rows["item_id"], text=said,
            hovertemplate="%{text}<extra></extra>",
            selected={"marker": {"opacity": 0.9}}, unselected={"marker": {"opacity": 0.15}},
        )
    )  # fmt: skip


def _arrows(picture: go.Figure, arrows: pd.DataFrame, mode: Mode) -> None:
    blank = np.full(len(arrows), np.nan)
    picture.add_trace(
        go.Scattergl(
            x=np.column_stack([arrows["x0"], arrows["x1"], blank]).ravel(),
            y=np.column_stack([arrows["y0"], arrows["y1"], blank]).ravel(),
            mode="lines", name="path from tier 0", hoverinfo="skip",
            line={"width": 1, "color": theme.translucent(theme.tokens(mode).muted, 0.45)},
        )
    )  # fmt: skip
    looks = (("right after", arrows["failure"] < 0.5, theme.RIGHT, "circle"),
             ("wrong after", arrows["failure"] >= 0.5, theme.WRONG, "x"))  # fmt: skip
    for name, mask, colour, symbol in looks:
        picture.add_trace(
            go.Scattergl(
                x=arrows.loc[mask, "x1"], y=arrows.loc[mask, "y1"], mode="markers", name=name,
                marker={"size": 7, "color": colour, "symbol": symbol, "line": {"width": 0}},
                customdata=arrows.loc[mask, "item_id"],
                hovertemplate="%{customdata}<extra></extra>",
            )
        )  # fmt: skip


def _outline(picture: go.Figure, corners: Sequence[Sequence[float]], mode: Mode) -> None:
    path = " L ".join(f"{x},{y}" for x, y in corners)
    look = theme.tokens(mode)
    picture.add_shape(
        type="path", path=f"M {path} Z", line={"color": look.accent, "width": 2},
        fillcolor=theme.translucent(look.accent, 0.06), layer="above",
    )  # fmt: skip


def _raster(
    picture: go.Figure, raster: pd.DataFrame, ends: dict[Any, Any], colour: str,
    colours: pd.DataFrame | None, mode: Mode,
) -> None:  # fmt: skip
    """Put an image under the points: colour by mean or commonest, paler where points are few."""
    from PIL import Image

    wide, high = int(ends["wide"]), int(ends["high"])
    pixels = np.zeros((high, wide, 4), dtype=np.uint8)
    value = raster["colour"].to_numpy(float)
    stops = _palette(colour, colours, mode)
    codes = np.nan_to_num(value, nan=-1)
    if colour != "cluster" and (colours is None or colours.empty):
        top = 1.0 if colour in ("failure", "disagreement", "confidence") else np.nanmax(value)
        low = 0.0 if top == 1.0 else np.nanmin(value)
        codes = np.where(np.isfinite(value), (value - low) / max(top - low, 1e-12) * 255, -1)
    inked = stops[np.clip(codes, -1, len(stops) - 2).astype(int)]
    weight = np.log1p(raster["count"].to_numpy(float))
    alpha = 70 + 185 * weight / max(weight.max(), 1e-12)
    row, column = high - 1 - raster["row"].to_numpy(), raster["column"].to_numpy()
    pixels[row, column, :3], pixels[row, column, 3] = inked, alpha
    held = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(held, "png")
    address = "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()
    picture.add_layout_image(
        source=address, xref="x", yref="y", x=ends["left"], y=ends["top"], layer="below",
        sizex=ends["right"] - ends["left"], sizey=ends["top"] - ends["bottom"], sizing="stretch",
    )  # fmt: skip


def _palette(colour: str, colours: pd.DataFrame | None, mode: Mode) -> Any:
    """Return colours by code, the last one (-1) for what is not known."""
    muted = theme.tokens(mode).muted
    if colours is not None and len(colours):
        names = [theme.MODEL_COLOURS[one % len(theme.MODEL_COLOURS)] for one in colours["code"]]
    elif colour == "failure":
        names = [theme.mix(theme.RIGHT, theme.WRONG, step / 255) for step in range(256)]
    else:
        names = [theme.tier_colour(step, 255, mode) for step in range(256)]
    return np.array(
        [[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in (*names, muted)], dtype=np.uint8
    )


def _caption(frame: pd.DataFrame | None, arrows: pd.DataFrame | None) -> str:
    said = "Axes of a map have no unit. Drag around points to hold them against the rest."
    if arrows is not None and len(arrows):
        said = (
            f"Lines lead from the untouched input to the same one under stress ({len(arrows):,})."
        )
    if frame is not None and len(frame) and frame["n_drawn"].iloc[0] < frame["n_points"].iloc[0]:
        ends = frame.iloc[0]
        said += (
            f" {int(ends['n_points']):,} inputs as a raster; {int(ends['n_drawn']):,} of them as "
            "points: failures and those that stand alone first."
        )
    return said


PIECE = Figure(
    title="Map of a space",
    columns=("variant_id", "item_id", "perturbation", "tier", "x", "y", "colour", "text"),
    draw=draw,
    table="points",
)

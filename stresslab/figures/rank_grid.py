"""The place of every model in every view and under every rule, side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

ROW_PX, HEAD, FOOT = 34, 124, 10
GAP = 0.5
"""Room between one kind of view and the next, in cells."""


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    rules: pd.DataFrame | None = None,
    order: Sequence[str] = (),
    styles: Mapping[str, theme.Style] | None = None,
    titles: Mapping[str, str] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw the places as numbers, the first place dark; a place that is not sure is in brackets.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`: a row per view and model, views in order.
    rules : DataFrame, optional
        The same by rule; its first rule is that of all views and left out.
    order : sequence of str
        Models from the first place down.
    titles : mapping, optional
        Names of perturbations as people read them.
    """
    if table.empty:
        return theme.empty(mode)
    rows = table if rules is None or rules.empty else pd.concat(
        [table, rules[rules["view"] != rules["view"].iloc[0]].assign(kind="rule")],
        ignore_index=True,
    )  # fmt: skip
    columns, at = _columns(rows, dict(titles or {}))
    models = [one for one in order if one in set(rows["model"])] or list(
        dict.fromkeys(rows["model"])
    )
    styles = {**theme.styles(models), **dict(styles or {})}
    most = 14 if narrow else 28
    names = [theme.plain(theme.shorten(styles[one].name, most)) for one in models]
    picture = theme.figure(
        mode, height=HEAD + FOOT + max(ROW_PX * len(models), 100),
        margin={"l": 28 + int(7 * max(map(len, names))), "r": 64, "t": HEAD, "b": FOOT},
    )  # fmt: skip
    picture.layout.xaxis = theme.axis(
        mode, side="top", tickmode="array", tickvals=list(at.values()),
        ticktext=[theme.plain(theme.shorten(one, 22)) for one in columns.values()],
        range=[-0.5, max(at.values()) + 0.5], tickangle=-40,
    )  # fmt: skip
    picture.layout.yaxis = theme.axis(
        mode, tickmode="array", tickvals=list(range(len(models))), ticktext=names,
        range=[len(models) - 0.5, -0.5],
    )  # fmt: skip
    marks, hovers = theme.Marks(), []
    for row in rows.to_dict("records"):
        spot = at[row["kind"], row["view"]], models.index(row["model"])
        hovers.append(_cell(marks, row, spot, len(models), mode))
    marks.add_trace(
        go.Scatter(
            x=[one[0] for one in hovers], y=[one[1] for one in hovers], mode="markers", name="",
            marker={"size": 26, "opacity": 0, "symbol": "square"},
            customdata=[
                f"{theme.plain(styles[row['model']].name)}<br>{text}"
                for row, (_, _, text) in zip(rows.to_dict("records"), hovers, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    marks.onto(picture)
    picture.layout.meta = {
        "caption": "Place in each view; in brackets where redrawn items move it. "
        "Dark is first."
    }  # fmt: skip
    return picture


def _columns(
    rows: pd.DataFrame, titles: Mapping[str, str]
) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], float]]:
    """Return what each view is called, and where it stands."""
    keys = list(dict.fromkeys(zip(rows["kind"], rows["view"], strict=True)))
    names, at, shift = {}, {}, 0.0
    for number, (kind, view) in enumerate(keys):
        if number and keys[number - 1][0] != kind:
            shift += GAP
        names[kind, view] = f"tier {view}" if kind == "tier" else titles.get(view, view)
        at[kind, view] = number + shift
    return names, at


def _cell(
    marks: theme.Marks, row: Mapping[Any, Any], spot: tuple[float, int], k: int, mode: Mode
) -> tuple[float, int, str]:
    x, y = spot
    fill = theme.sequential((k - row["rank"]) / max(k - 1, 1), mode)
    marks.add_shape(
        type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, fillcolor=fill, layer="below",
        line={"width": 2, "color": theme.tokens(mode).background},
    )  # fmt: skip
    moves = not row["often_low"] == row["often_high"] == row["rank"]
    marks.add_annotation(
        text=f"({row['rank']})" if moves else f"{row['rank']}", x=x, y=y, showarrow=False,
        font={"size": 12, "color": theme.ink(fill)},
    )  # fmt: skip
    said = f"{theme.plain(row['view'])}: place <b>{row['rank']}</b>"
    if row["often_low"] == row["often_low"]:
        said += f" ({row['often_low']:.0f} to {row['often_high']:.0f} when redrawn)"
    said += f"<br>{theme.number(row['value'])} {theme.interval(row['low'], row['high'])}"
    return x, y, f"{said}<br>n = {int(row['n']):,}"


PIECE = Figure(
    title="Places by view",
    columns=(
        "view",
        "kind",
        "model",
        "rank",
        "often_low",
        "often_high",
        "value",
        "low",
        "high",
        "n",
    ),
    draw=draw,
    table="places",
)

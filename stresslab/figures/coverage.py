"""What each model was run on: one cell per model and part of the data."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

ROW, HEAD = 36, 30


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    across: tuple[str, ...] = ("task",),
    styles: Mapping[str, theme.Style] | None = None,
    titles: Mapping[str, str] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw the share of variants each model has outcomes for.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`.
    across : tuple of str
        Columns whose combinations stand across the top.
    """
    if table.empty:
        return theme.empty(mode, "No runs yet.")
    styles = styles or theme.styles(table["model"])
    models = list(dict.fromkeys(table["model"]))
    keys = [tuple(row) for row in table[list(across)].astype(str).itertuples(index=False)]
    heads = list(dict.fromkeys(keys))
    place = {model: number for number, model in enumerate(models)}
    column = {key: number for number, key in enumerate(heads)}
    longest = max(len(theme.shorten(styles[model].name)) for model in models)
    head = HEAD + 18 * (len(across) - 1)
    picture = theme.figure(
        mode,
        height=head + ROW * len(models) + 8,
        margin={"l": 34 + int(7.2 * longest), "r": 12, "t": head, "b": 8},
    )
    picture.layout.xaxis = theme.axis(
        mode,
        side="top",
        tickmode="array",
        tickvals=list(column.values()),
        ticktext=[_head(key, titles) for key in heads],
        range=[-0.5, max(len(heads), 2 if narrow else 4) - 0.5],
        tickangle=0,
    )
    picture.layout.yaxis = theme.axis(
        mode,
        tickmode="array",
        tickvals=list(place.values()),
        ticktext=[
            f"{theme.plain(theme.shorten(styles[model].name))}  "
            f'<span style="color:{styles[model].colour}">■</span> '
            for model in models
        ],
        range=[len(models) - 0.5, -0.5],
        tickfont={"size": 13, "color": theme.tokens(mode).text},
    )
    marks = theme.Marks()
    _cells(picture, marks, table, keys, place, column, mode)
    _gaps(marks, keys, table["model"].tolist(), place, column, mode)
    marks.onto(picture)
    return picture


def _cells(
    picture: go.Figure, marks: theme.Marks, table: pd.DataFrame, keys: list[tuple[str, ...]],
    place: Mapping[str, int], column: Mapping[tuple[str, ...], int], mode: Mode,
) -> None:  # fmt: skip
    look = theme.tokens(mode)
    xs, ys, texts, inks, hovers = [], [], [], [], []
    for key, row in zip(keys, table.to_dict("records"), strict=True):
        x, y, share = column[key], place[row["model"]], row["coverage"]
        held = not pd.isna(share) and share > 0
        fill = theme.sequential(0.15 + 0.55 * share, mode) if held else look.surface
        marks.add_shape(
            type="rect", x0=x - 0.48, x1=x + 0.48, y0=y - 0.45, y1=y + 0.45, fillcolor=fill,
            line={"width": 0}, layer="below",
        )  # fmt: skip
        xs.append(x)
        ys.append(y)
        texts.append(theme.share(share) if held else "–")
        inks.append(theme.ink(fill) if held else look.muted)
        hovers.append(
            f"{theme.plain(row['model'])} · {theme.plain(' · '.join(key))}<br>"
            f"<b>{theme.share(share)}</b>, n = {int(row['n'] or 0):,}"
        )
    picture.add_trace(
        go.Scatter(
            x=xs, y=ys, text=texts, mode="text", textfont={"size": 13, "color": inks},
            customdata=hovers, hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip


def _gaps(
    marks: theme.Marks, keys: list[tuple[str, ...]], models: list[str], place: Mapping[str, int],
    column: Mapping[tuple[str, ...], int], mode: Mode,
) -> None:  # fmt: skip
    look = theme.tokens(mode)
    held = set(zip(models, keys, strict=True))
    for model, y in place.items():
        for key, x in column.items():
            if (model, key) not in held:
                marks.add_annotation(
                    text="–", x=x, y=y, showarrow=False, font={"size": 13, "color": look.muted}
                )


def _head(key: tuple[str, ...], titles: Mapping[str, str] | None) -> str:
    return "<br>".join(
        theme.plain(theme.shorten((titles or {}).get(part, part), 24)) for part in key
    )


PIECE = Figure(
    title="Coverage",
    columns=("model", "task", "coverage", "n"),
    draw=draw,
    table="coverage",
)

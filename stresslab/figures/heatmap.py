"""Models by tiers, one block per perturbation: where it breaks, at a glance."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._blocks import Block, Grid, arrange, blocks_of
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

ROW, HEAD, FOOT = 46, 58, 8
MOST, GAP = 18, 0.5
"""Columns in a row of blocks, and columns between two."""

COLUMN, LETTER = 56, 8.4
"""Pixels of the narrowest column and of a letter of a title."""

ABSTAINED_MARK = 0.05
"""Cells where more than this share abstained carry a corner mark."""


@dataclass(frozen=True)
class Scale:
    """How a value becomes a colour: around chance where there is one, else from low to high."""

    low: float
    high: float
    middle: float | None
    higher_is_better: bool

    def place(self, value: float) -> float:
        """Return the place of a value: [-1, 1] around the middle, else [0, 1]."""
        if self.middle is None:
            part = (value - self.low) / ((self.high - self.low) or 1.0)
            return part if self.higher_is_better else 1 - part
        reach = max(self.high - self.middle, self.middle - self.low) or 1.0
        return (value - self.middle) / reach * (1 if self.higher_is_better else -1)

    def colour(self, value: float, mode: Mode) -> str:
        """Return the fill of a cell."""
        pick = theme.sequential if self.middle is None else theme.diverging
        return pick(self.place(value), mode)


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    metric: str = "score",
    higher_is_better: bool = True,
    chance: float | None = None,
    below: Collection[str] = (),
    styles: Mapping[str, theme.Style] | None = None,
    titles: Mapping[str, str] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw one row per model and one column per tier, a block per perturbation.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`; also ``n_abstained`` where known. Rows stand in the order given.
    chance : float, optional
        Level of a guess; the colour turns there.
    below : collection of str
        Models under the coverage line; drawn under a rule, outside the ranking.
    narrow : bool
        Stack the blocks, for a page of under about 700 pixels.
    """
    rows = table[table["tier"].notna()]
    if rows.empty:
        return theme.empty(mode)
    styles = styles or theme.styles(rows["model"])
    models = list(dict.fromkeys(rows["model"]))
    scale = _scale(rows, chance, higher_is_better)
    blocks = blocks_of(rows, ("perturbation",), titles)
    grid = arrange([_width(block) for block in blocks], most=1 if narrow else MOST, gap=GAP)
    bands = _bands(blocks, grid, models, below)
    inner = sum(band.height for band in bands) + (len(bands) - 1) * HEAD
    picture = theme.figure(
        mode,
        height=HEAD + FOOT + inner,
        margin={"l": _left(styles, models), "r": 12, "t": HEAD, "b": FOOT},
    )
    marks, tops = theme.Marks(), _tops(bands)
    for number, (block, cell) in enumerate(zip(blocks, grid.cells, strict=True), start=1):
        band, top = bands[cell.row], 1 - tops[cell.row] / inner
        bottom = max(top - band.height / inner, 0.0)
        axes = _axes(picture, marks, number, block, cell.x0, cell.x1, bottom, top, mode)
        _name_rows(picture, number, styles, band, first=cell.column == 0)
        _cells(picture, marks, block, band.places, scale, axes, mode)
        if band.rule is not None:
            _rule(marks, axes, band.rule, mode, first=cell.column == 0)
    marks.onto(picture)
    picture.layout.meta = {"caption": _caption(scale, rows, metric)}
    return picture


@dataclass(frozen=True)
class Band:
    """The models that stand beside one row of blocks."""

    places: Mapping[str, float]
    rule: float | None
    """Where the line under the ranked ones is; None if nobody stands under it."""

    @property
    def span(self) -> float:
        """Return how many rows high it is."""
        return max(self.places.values()) + 1

    @property
    def height(self) -> int:
        """Return its height in pixels."""
        return int(ROW * self.span)


def _bands(
    blocks: list[Block], grid: Grid, models: list[str], below: Collection[str]
) -> list[Band]:
    """Return the models of each row of blocks: all ranked ones, of the rest those with a value."""
    ranked = [model for model in models if model not in below]
    there: list[set[str]] = [set() for _ in range(grid.n_rows)]
    for block, cell in zip(blocks, grid.cells, strict=True):
        there[cell.row] |= set(block.rows["model"])
    bands = []
    for known in there:
        places: dict[str, float] = {model: place for place, model in enumerate(ranked)}
        rest = [model for model in models if model in below and model in known]
        places |= {model: len(ranked) + 0.7 + place for place, model in enumerate(rest)}
        bands.append(Band(places, len(ranked) + 0.1 if rest else None))
    return bands


def _tops(bands: list[Band]) -> list[int]:
    """Return how far each row of blocks begins under the first, in pixels."""
    return [sum(band.height + HEAD for band in bands[:place]) for place in range(len(bands))]


def _width(block: Block) -> int:
    """Return the columns a block takes: its tiers, and what its title needs."""
    return max(len(block.tiers), 2, math.ceil(len(block.title) * LETTER / COLUMN))


def _scale(rows: pd.DataFrame, chance: float | None, higher_is_better: bool) -> Scale:
    values = rows["value"].dropna()
    unit = values.empty or (values.min() >= 0 and values.max() <= 1)
    low, high = (0.0, 1.0) if unit else (float(values.min()), float(values.max()))
    inside = chance is not None and low < chance < high
    return Scale(low, high, chance if inside else None, higher_is_better)


def _left(styles: Mapping[str, theme.Style], models: list[str]) -> int:
    longest = max(len(theme.shorten(styles[model].name)) for model in models)
    return 34 + int(7.2 * longest)


def _axes(
    picture: go.Figure, marks: theme.Marks, number: int, block: Block,
    x0: float, x1: float, y0: float, y1: float, mode: Mode,
) -> dict[str, str]:  # fmt: skip
    tail = "" if number == 1 else str(number)
    ticks = list(range(len(block.tiers)))
    picture.layout[f"xaxis{tail}"] = theme.axis(
        mode,
        domain=[x0, x1],
        anchor=f"y{tail}",
        side="top",
        tickmode="array",
        tickvals=ticks,
        ticktext=[f"tier {tier}" if tier == block.tiers[0] else str(tier) for tier in block.tiers],
        range=[-0.5, _width(block) - 0.5],
    )
    picture.layout[f"yaxis{tail}"] = theme.axis(mode, domain=[y0, y1], anchor=f"x{tail}")
    marks.add_annotation(
        text=f"<b>{block.title}</b>",
        x=0,
        y=1,
        xref=f"x{tail} domain",
        yref=f"y{tail} domain",
        xanchor="left",
        yanchor="bottom",
        yshift=26,
        showarrow=False,
        font={"size": 15, "color": theme.tokens(mode).text},
    )
    return {"xaxis": f"x{tail}", "yaxis": f"y{tail}"}


def _name_rows(
    picture: go.Figure, number: int, styles: Mapping[str, theme.Style], band: Band, *, first: bool
) -> None:
    names = [
        f"{theme.plain(theme.shorten(styles[model].name))}  "
        f'<span style="color:{styles[model].colour}">■</span> '
        for model in band.places
    ]
    picture.layout[f"yaxis{'' if number == 1 else number}"].update(
        tickmode="array",
        tickvals=list(band.places.values()),
        ticktext=names,
        range=[band.span - 0.5, -0.5],
        showticklabels=first,
        tickfont={"size": 13, "color": picture.layout.font.color},
    )


def _cells(
    picture: go.Figure, marks: theme.Marks, block: Block, places: Mapping[str, float], scale: Scale,
    axes: Mapping[str, str], mode: Mode,
) -> None:  # fmt: skip
    look = theme.tokens(mode)
    column = {tier: place for place, tier in enumerate(block.tiers)}
    xs, ys, big, small, inks, hovers = [], [], [], [], [], []
    for row in block.rows.to_dict("records"):
        x, y, value = column[int(row["tier"])], places[row["model"]], row["value"]
        known = _finite(value)
        few = known and (row["n"] or 0) < theme.HOLLOW_BELOW
        fill = scale.colour(value, mode) if known and not few else look.background
        marks.add_shape(
            type="rect", x0=x - 0.48, x1=x + 0.48, y0=y - 0.47, y1=y + 0.47,
            fillcolor=fill, layer="below",
            line={"width": 1.5 if few else 0, "color": look.line if few else fill},
            xref=axes["xaxis"], yref=axes["yaxis"],
        )  # fmt: skip
        xs.append(x)
        ys.append(y)
        big.append(theme.number(value))
        small.append(f"{theme.number(row['low'])}–{theme.number(row['high'])}" if known else "")
        inks.append(theme.ink(fill) if known and not few else look.muted)
        hovers.append(theme.told(_hover(row, block.title), row))
    for texts, size, position in ((big, 15, "top center"), (small, 10, "bottom center")):
        picture.add_trace(
            go.Scatter(
                x=xs, y=[y + 0.14 for y in ys], text=texts, mode="text", textposition=position,
                textfont={"size": size, "color": inks}, customdata=hovers, cliponaxis=False,
                hovertemplate=theme.HOVER, **axes,
            )
        )  # fmt: skip
    _abstained(picture, block, places, column, axes, mode)


def _abstained(
    picture: go.Figure, block: Block, places: Mapping[str, float], column: Mapping[int, int],
    axes: Mapping[str, str], mode: Mode,
) -> None:  # fmt: skip
    if "n_abstained" not in block.rows:
        return
    marked = block.rows[block.rows["n_abstained"] > ABSTAINED_MARK * block.rows["n"]]
    picture.add_trace(
        go.Scatter(
            x=[column[int(tier)] + 0.38 for tier in marked["tier"]],
            y=[places[model] - 0.33 for model in marked["model"]],
            mode="markers",
            marker={
                "symbol": "diamond-open",
                "size": 6,
                "color": theme.tokens(mode).text,
                "line": {"width": 1},
            },
            hoverinfo="skip",
            name="abstained",
            **axes,
        )
    )


def _hover(row: Mapping[Any, Any], title: str) -> str:
    left = [
        f"{int(row[name])} {word}"
        for name, word in (
            ("n_abstained", "abstained"), ("n_errored", "errored"), ("n_unscored", "unscored"),
        )
        if _finite(row.get(name)) and row[name]
    ]  # fmt: skip
    said = f"<b>{theme.number(row['value'])}</b> {theme.interval(row['low'], row['high'])}"
    lines = [
        f"{theme.plain(row['model'])} · {title}, tier {int(row['tier'])}",
        said if _finite(row["value"]) else "no value",
        f"n = {int(row['n'] or 0):,}" + (f"; {', '.join(left)}" if left else ""),
    ]
    return "<br>".join(lines)


def _rule(
    marks: theme.Marks, axes: Mapping[str, str], y: float, mode: Mode, *, first: bool
) -> None:
    look = theme.tokens(mode)
    marks.add_shape(
        type="line", x0=0, x1=1, y0=y - 0.25, y1=y - 0.25, xref=f"{axes['xaxis']} domain",
        yref=axes["yaxis"], line={"color": look.muted, "width": 1},
    )  # fmt: skip
    if first:
        marks.add_annotation(
            text="under half the coverage: outside the ranking", x=0, y=y - 0.25,
            xref=f"{axes['xaxis']} domain", yref=axes["yaxis"], xanchor="left", yanchor="top",
            showarrow=False, font={"size": 11, "color": look.muted},
        )  # fmt: skip


def _caption(scale: Scale, rows: pd.DataFrame, metric: str) -> str:
    words = [f"In each cell the {metric}, under it the interval."]
    if scale.middle is None:
        words.append("Deeper blue is better.")
    elif scale.higher_is_better:
        words.append(f"Blue is above chance ({theme.number(scale.middle)}), orange below.")
    else:
        words.append(f"Blue is under {theme.number(scale.middle)} (better), orange over it.")
    if "n_abstained" in rows and (rows["n_abstained"] > ABSTAINED_MARK * rows["n"]).any():
        words.append("◇ more than 5 % abstained.")
    if (rows["n"] < theme.HOLLOW_BELOW).any():
        words.append(f"Outlined only: fewer than {theme.HOLLOW_BELOW} outcomes.")
    return " ".join(words)


def _finite(value: Any) -> bool:
    return value is not None and not pd.isna(value) and math.isfinite(value)


PIECE = Figure(
    title="Models by tiers",
    columns=("model", "perturbation", "tier", "value", "low", "high", "n"),
    draw=draw,
    table="overview",
)

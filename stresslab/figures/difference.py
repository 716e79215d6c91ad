"""Differences between two models with their intervals and verdicts, one row per group."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode

ROW, HEAD, FOOT = 34, 34, 50
CIRCLES = {"in": "●", "out": "○"}
"""Whether a model was trained on a domain."""

SYMBOLS = {"better": "circle", "worse": "diamond", "equivalent": "square"}


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    metric: str = "score",
    higher_is_better: bool = True,
    by: Sequence[str] = ("domain",),
    margin: float | None = None,
    styles: Mapping[str, theme.Style] | None = None,
    titles: Mapping[str, str] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw difference, interval and verdict of every comparison.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE` and the `by` columns. Rows stand in the order given.
    margin : float, optional
        Differences within it count as equal; drawn as a quiet band.
    """
    rows = table[table["difference"].notna()] if not table.empty else table
    if rows.empty:
        return theme.empty(mode, "No pairs to compare.")
    named = [*rows["model_a"], *rows["model_b"]]
    styles = styles or theme.styles(named)
    rest = {one: theme.Style(one, theme.tokens(mode).muted) for one in named if one not in styles}
    styles = {**styles, **rest}
    pairs = list(dict.fromkeys(zip(rows["model_a"], rows["model_b"], strict=True)))
    records = rows.to_dict("records")
    names = _without_repeats(
        [_row_name(row, by, styles, titles, n_pairs=len(pairs)) for row in records]
    )
    head = HEAD + (16 if narrow else 0)
    height = head + FOOT + ROW * len(records)
    marked = [_domain_mark(row, styles, mode) for row in records]
    longest = max(map(len, names)) + (3 if any(marked) else 0)
    picture = theme.figure(
        mode,
        height=max(height, 150),
        margin={"l": 24 + int(6.9 * longest), "r": 130 if narrow else 250, "t": head, "b": FOOT},
    )
    low, high = _reach(rows)
    labels = [f"{name}{mark}" for name, mark in zip(names, marked, strict=True)]
    _frame(picture, labels, (low, high), mode, narrow=narrow)
    picture.layout.xaxis.title.text = _title(pairs, styles, metric)
    _zero(picture, margin, mode)
    marks = theme.Marks()
    for place, row in enumerate(records):
        _whisker(picture, marks, row, place, mode, names[place], narrow=narrow)
    marks.onto(picture)
    _sides(picture, pairs, styles, mode, higher_is_better, stacked=narrow)
    picture.layout.meta = {"caption": _caption(rows, margin)}
    return picture


def _row_name(
    row: Mapping[Any, Any], by: Sequence[str], styles: Mapping[str, theme.Style],
    titles: Mapping[str, str] | None, *, n_pairs: int,
) -> str:  # fmt: skip
    parts = [_part(name, row[name], titles) for name in by if name in row]
    if n_pairs > 1 or not parts:
        parts.insert(0, f"{styles[row['model_a']].name} − {styles[row['model_b']].name}")
    return " · ".join(theme.plain(theme.shorten(part, 26)) for part in parts if part)


def _domain_mark(row: Mapping[Any, Any], styles: Mapping[str, theme.Style], mode: Mode) -> str:
    """Return a filled or an open circle per model: trained on this domain, or not."""
    told = [(row["model_a"], row.get("in_training_a")), (row["model_b"], row.get("in_training_b"))]
    if not any(said in CIRCLES for _, said in told):
        return ""
    circles = (
        f'<span style="color:{theme.readable(styles[model].colour, mode)}">'
        f"{CIRCLES.get(str(said), '·')}</span>"
        for model, said in told
    )
    return " " + "".join(circles)


def _without_repeats(names: list[str]) -> list[str]:
    """Return row names in which a first part that only repeats the row above is left out."""
    shown, before = [], ""
    for name in names:
        first, dot, rest = name.partition(" · ")
        shown.append(rest if dot and first == before else name)
        before = first
    return shown


def _part(name: str, value: Any, titles: Mapping[str, str] | None) -> str:
    if value is None or pd.isna(value):
        return "untouched" if name == "perturbation" else "–"
    if name == "tier":
        return f"tier {int(value)}"
    return (titles or {}).get(str(value), str(value))


def _reach(rows: pd.DataFrame) -> tuple[float, float]:
    columns = [name for name in ("difference", "low", "high", "low_adjusted", "high_adjusted")]
    known = rows[[name for name in columns if name in rows]].astype(float)
    reach = float(known.abs().max().max()) * 1.08
    return (-reach, reach) if reach else (-1.0, 1.0)


def _frame(
    picture: go.Figure, names: list[str], reach: tuple[float, float], mode: Mode, *, narrow: bool
) -> None:
    look = theme.tokens(mode)
    picture.layout.xaxis = theme.axis(
        mode, range=list(reach), showgrid=True, tickformat="+.2~f", tickangle=0,
        nticks=5 if narrow else 9,
    )  # fmt: skip
    picture.layout.yaxis = theme.axis(
        mode,
        range=[len(names) - 0.5, -0.5],
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=[f"{name}  " for name in names],
        tickfont={"size": 13, "color": look.text},
    )


def _zero(picture: go.Figure, margin: float | None, mode: Mode) -> None:
    look = theme.tokens(mode)
    if margin:
        picture.add_shape(
            type="rect", x0=-margin, x1=margin, y0=0, y1=1, yref="paper", layer="below",
            line={"width": 0}, fillcolor=theme.translucent(look.muted, 0.12),
        )  # fmt: skip
    picture.add_shape(
        type="line", x0=0, x1=0, y0=0, y1=1, yref="paper", line={"color": look.muted, "width": 1}
    )


def _whisker(
    picture: go.Figure, marks: theme.Marks, row: Mapping[Any, Any], place: int, mode: Mode,
    name: str, *, narrow: bool,
) -> None:  # fmt: skip
    look = theme.tokens(mode)
    verdict = str(row["verdict"])
    unsure = verdict not in SYMBOLS
    colour = theme.verdict_colour(verdict, mode)
    hover = _hover(row, name)
    for low, high, width in (("low_adjusted", "high_adjusted", 1.2), ("low", "high", 4)):
        if not (_finite(row.get(low)) and _finite(row.get(high))):
            continue
        picture.add_trace(
            go.Scatter(
                x=[row[low], row[high]], y=[place, place], mode="lines", hoverinfo="skip",
                line={"color": colour, "width": width, "dash": "dot" if unsure else "solid"},
                opacity=0.75 if unsure else 1, name="interval",
            )
        )  # fmt: skip
    hollow = unsure or (row.get("n_pairs") or 0) < theme.HOLLOW_BELOW
    picture.add_trace(
        go.Scatter(
            x=[row["difference"]], y=[place], mode="markers", customdata=[theme.told(hover, row)],
            hovertemplate=theme.HOVER, name=verdict,
            marker={
                "symbol": SYMBOLS.get(verdict, "circle"), "size": 12,
                "color": look.background if hollow else colour,
                "line": {"width": 2, "color": colour},
            },
        )
    )  # fmt: skip
    said = _said(row)
    number = theme.signed(row["difference"])
    marks.add_annotation(
        text=f"<b>{number}</b>  {verdict}" if narrow else f"<b>{number}</b>  {said}",
        x=1, y=place, xref="paper", yref="y", xanchor="left", xshift=12, showarrow=False,
        align="left", font={"size": 13, "color": look.muted if unsure else look.text},
    )  # fmt: skip


def _said(row: Mapping[Any, Any]) -> str:
    if row["verdict"] == "cannot tell" and _finite(row.get("n_needed")):
        return f"cannot tell (needs about {theme.about(row['n_needed'])})"
    return theme.plain(row["verdict"])


def _hover(row: Mapping[Any, Any], name: str) -> str:
    lines = [
        name,
        f"<b>{theme.signed(row['difference'])}</b> {theme.interval(row['low'], row['high'])} "
        f"unadjusted, {theme.interval(row.get('low_adjusted'), row.get('high_adjusted'))} adjusted",
        f"{theme.plain(row['verdict'])}; {int(row['n_pairs']):,} pairs",
    ]
    if _finite(row.get("n_discordant")):
        lines[-1] += f", {int(row['n_discordant']):,} differ"
    return "<br>".join(lines)


def _title(
    pairs: list[tuple[str, str]], styles: Mapping[str, theme.Style], metric: str
) -> str:  # fmt: skip
    if len(pairs) > 1:
        return f"difference in {theme.plain(metric)}"
    first, second = (theme.plain(theme.shorten(styles[model].name)) for model in pairs[0])
    return f"{first} minus {second}, {theme.plain(metric)}"


def _sides(
    picture: go.Figure, pairs: list[tuple[str, str]], styles: Mapping[str, theme.Style],
    mode: Mode, higher_is_better: bool, *, stacked: bool,
) -> None:  # fmt: skip
    if len(pairs) > 1:
        left, right = "second model ahead", "first model ahead"
    else:
        right, left = (f"{theme.plain(theme.shorten(styles[m].name))} ahead" for m in pairs[0])
    if not higher_is_better:
        left, right = right, left
    lift = 22 if stacked else 6
    sides = ((f"◂ {left}", 0, "left", lift), (f"{right} ▸", 1, "right", 6))
    for text, x, anchor, up in sides:
        picture.add_annotation(
            text=text, x=x, y=1, xref="paper", yref="paper", xanchor=anchor, yanchor="bottom",
            yshift=up, showarrow=False, font={"size": 12, "color": theme.tokens(mode).muted},
        )  # fmt: skip


def _caption(rows: pd.DataFrame, margin: float | None) -> str:
    words = ["Thick: the interval of one comparison; thin: adjusted for all of them."]
    if margin:
        words.append(f"Inside the grey band (±{theme.number(margin)}) counts as equal.")
    if (~rows["verdict"].isin(list(SYMBOLS))).any():
        words.append("Hollow and dotted: cannot tell.")
    if {"in_training_a", "in_training_b"} <= set(rows) and any(
        rows[name].isin(list(CIRCLES)).any() for name in ("in_training_a", "in_training_b")
    ):
        words.append("At a domain, first model then second: ● trained on it, ○ not.")
    return " ".join(words)


def _finite(value: Any) -> bool:
    return value is not None and not pd.isna(value) and math.isfinite(value)


PIECE = Figure(
    title="Paired differences",
    columns=("model_a", "model_b", "difference", "low", "high", "low_adjusted", "high_adjusted",
             "n_pairs", "verdict"),
    draw=draw,
    table="compare",
)  # fmt: skip

"""A metric by tier, one line with its interval per model, in small multiples."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from stresslab.figures import theme
from stresslab.figures._curves import Curves, draw_curves
from stresslab.figures._kind import Figure
from stresslab.figures.theme._colour import Mode


def draw(
    table: pd.DataFrame,
    *,
    mode: Mode = "light",
    metric: str = "score",
    higher_is_better: bool = True,
    by: Sequence[str] = ("perturbation",),
    bounds: tuple[float, float] | None = (0.0, 1.0),
    zoom: bool = False,
    chance: float | None = None,
    fitted: pd.DataFrame | None = None,
    styles: Mapping[str, theme.Style] | None = None,
    titles: Mapping[str, str] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw the value of every tier with its interval.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`; ``axis``, ``strength``, ``unit`` and ``in_training`` are shown where
        present.
    bounds : pair of float, optional
        Smallest and largest possible value; the axis spans them unless `zoom` or None.
    zoom : bool
        Fit the axis to the data, and say so in its title.
    fitted : DataFrame, optional
        ``model, *by, position, fitted``: the chosen shapes, drawn dashed.
    """
    fixed = None if zoom or bounds is None or not _inside(table, bounds) else bounds
    title = theme.direction(metric, higher_is_better) + (", zoomed" if zoom else "")
    graded = "axis" in table and bool((table["axis"] == "graded").any())
    curves = Curves("value", title, fixed, chance=chance, fan=not graded, fitted=fitted)
    picture = draw_curves(
        table, curves, by=by, mode=mode, styles=styles, titles=titles, narrow=narrow
    )
    said = _caption(table, graded)
    if fitted is not None and len(fitted):
        said += " Dashed: the shape that fits best."
    picture.layout.meta = {"caption": said}
    return picture


def _inside(table: pd.DataFrame, bounds: tuple[float, float]) -> bool:
    values = table["value"].dropna()
    finite = all(abs(end) < float("inf") for end in bounds)
    return finite and (values.empty or bool(values.between(*bounds).all()))


def _caption(table: pd.DataFrame, graded: bool) -> str:
    words = ["Whiskers are intervals." if graded else "Bands are intervals."]
    if (table["n"] < theme.HOLLOW_BELOW).any():
        words.append(f"Hollow circles have fewer than {theme.HOLLOW_BELOW} outcomes.")
    if theme.outside(table).any():
        words.append("Open squares: the model was not trained on that domain.")
    if graded:
        words.append("A graded axis has different items at each tier, so lines are not paired.")
    return " ".join(words)


PIECE = Figure(
    title="Metric by tier",
    columns=("model", "perturbation", "tier", "value", "low", "high", "n"),
    draw=draw,
    table="tier_curve",
)

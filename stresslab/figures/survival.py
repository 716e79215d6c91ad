"""The share of items a model still holds at each tier."""

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
    by: Sequence[str] = ("perturbation",),
    styles: Mapping[str, theme.Style] | None = None,
    titles: Mapping[str, str] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw, of the items right when untouched, the share right at every tier so far.

    Parameters
    ----------
    table : DataFrame
        Columns of `PIECE`.
    """
    curves = Curves("share_holding", "Share of items still right", (0.0, 1.02), steps=True)
    picture = draw_curves(
        table, curves, by=by, mode=mode, styles=styles, titles=titles, narrow=narrow
    )
    picture.layout.meta = {
        "caption": "Of the items a model gets right untouched: the share right at every tier up to "
        "this one. Bands are intervals."
    }
    return picture


PIECE = Figure(
    title="Items still holding",
    columns=("model", "perturbation", "tier", "share_holding", "low", "high", "n"),
    draw=draw,
    table="survival",
)

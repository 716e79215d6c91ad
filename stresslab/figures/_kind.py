"""What a figure declares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Figure:
    """One way to draw one table.

    Parameters
    ----------
    title : str
        A few words for menus and captions.
    columns : tuple of str
        Columns the table must have; others are ignored or shown on hover.
    draw : callable
        ``draw(table, *, mode="light", **settings) -> plotly Figure``; an empty table gives a figure
        that says there are no rows.
    table : str
        Name of the Result table it is made for.
    """

    title: str
    columns: tuple[str, ...]
    draw: "Callable[..., go.Figure]"
    table: str

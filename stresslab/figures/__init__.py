"""Finished table in, Plotly figure out; nothing is computed here."""

from stresslab.catalog import Catalog
from stresslab.figures._kind import Figure

figures = Catalog("stresslab.figures", Figure)

__all__ = ["Figure", "figures"]

"""What a search for slices found, as figures and tables take it."""

import pandas as pd

COLUMNS = (
    "slice", "value", "low", "high", "n", "n_clusters", "rest", "than_elsewhere", "verdict",
    "support", "within", "n_same",
)  # fmt: skip
DRAWN = 12
"""Slices drawn; the table has them all."""


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """Return the differences to the rest as the figure of dots takes them."""
    top = table.head(DRAWN)
    return top.assign(
        label=top["slice"], value=top["difference"],
        low=top["low_adjusted"], high=top["high_adjusted"],
    )  # fmt: skip


def linked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the condition that leads from a row to its items."""
    return table.assign(where=table["condition"], than_elsewhere=table["difference"])

"""Headlines of how far clouds of a space lie apart."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stresslab.analyses._geometry_words import number, words
from stresslab.analyses._sentences import CANNOT_TELL, Sentence

if TYPE_CHECKING:
    import pandas as pd


def headlines(table: "pd.DataFrame", link: Mapping[str, str]) -> list[Sentence]:
    """Return how many comparisons are shifted, and the farthest of either kind."""
    if table.empty:
        text = "Nothing is compared: no vectors, or no tiers and no second domain in this slice."
        return [Sentence("nothing", text, CANNOT_TELL, "inventory", {})]
    found = []
    for kind, part in table.groupby("kind", sort=False):
        first = part[part["marker"] == part["marker"].iloc[0]]
        row = first.sort_values("value", kind="stable").iloc[-1]
        shifted = int((first["says"] == "shifted").sum())
        tier = f" tier {row['tier']}" if row["tier"] else ""
        text = (
            f"{str(kind).capitalize()}: {shifted} of {len(first)} clouds lie elsewhere than "
            f"{row['from']} (corrected); farthest is {row['to']}{tier}, {words(row['marker'])} "
            f"{number(row['value'])} [{number(row['low'])}, {number(row['high'])}] on "
            f"{row['n_clusters']} items."
        )
        found.append(
            Sentence("shift", text, "" if shifted else CANNOT_TELL, "space_shift", dict(link))
        )
    return found

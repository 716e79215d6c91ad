"""Headlines of a claim check."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _words as words
from stresslab.analyses._sentences import CANNOT_TELL, Sentence

if TYPE_CHECKING:
    import pandas as pd


def headlines(table: "pd.DataFrame") -> list[Sentence]:
    """Return how many claims hold, and a sentence on each that does not."""
    if table.empty:
        text = "No claim was given, so there is nothing to check."
        return [Sentence("no-claims", text, CANNOT_TELL, "claim_check", {})]
    counts = Counter(table["verdict"])
    parts = [
        f"{counts[one]} {one}" for one in ("reproduced", "differs", CANNOT_TELL) if counts[one]
    ]
    said = ", ".join(parts).replace("differs", "differ" if counts["differs"] > 1 else "differs")
    text = f"Of {words.plural(len(table), 'claim')} the logs say: {said}."
    found = [Sentence("tally", text, "", "claim_check", {})]
    for verdict in ("differs", CANNOT_TELL):
        rows = table[table["verdict"] == verdict]
        found += [_one(row) for _, row in rows.head(2).iterrows()]
    return found


def _one(row: Any) -> Sentence:
    from pandas import isna

    text = f"{_claim(row)}: {row['verdict']}"
    if row["value"] == row["value"]:
        rate = abs(row["value"]) <= 1
        ends = row["low_adjusted"], row["high_adjusted"]
        found = words.estimate(row["value"], *ends, rate=rate, clusters=row["n_clusters"])
        what = "the difference is" if row["model_b"] else "here it is"
        text += f"; {what} {found} (n = {words.count(row['n'])})"
    elif row["reason"]:
        text += f" ({row['reason'].splitlines()[0].rstrip('.')})"
    if not isna(row["n_needed"]):
        text += f"; about {words.about(float(row['n_needed']))} items would tell"
    query = {"models": ",".join(one for one in (row["model"], row["model_b"]) if one)}
    query |= {"task": row["task"], "where": row["slice"]}
    page = "compare" if row["model_b"] else "items"
    return Sentence("claim", text + ".", "", page, {k: v for k, v in query.items() if v})


def _claim(row: Any) -> str:
    where = f", where {row['slice']}" if row["slice"] else ""
    return f"The claim that {row['says'].rstrip('.')}{where}"

"""Rules by which tools reduce rows to the number they print: a closed list, tried in order."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 1e-9
MOST_DECIMALS = 6


def _kept(rows: "pd.DataFrame") -> "pd.DataFrame":
    return rows


def _as_zero(*statuses: str) -> "Callable[[pd.DataFrame], pd.DataFrame]":
    def counted(rows: "pd.DataFrame") -> "pd.DataFrame":
        lost = rows["value"].isna() & rows["status"].isin(statuses)
        return rows.assign(value=rows["value"].mask(lost, 0.0))

    return counted


def _without(*statuses: str) -> "Callable[[pd.DataFrame], pd.DataFrame]":
    return lambda rows: rows[~rows["status"].isin(statuses)]


def _first_trial(rows: "pd.DataFrame") -> "pd.DataFrame":
    return rows[rows["trial"] == rows.groupby("variant")["trial"].transform("min")]


COUNTING: dict[str, tuple[str, Callable[..., Any]]] = {
    "": ("", _kept),
    "errored-as-zero": ("rows with an error count as 0", _as_zero("errored")),
    "unscored-as-zero": ("rows without a score count as 0", _as_zero("unscored")),
    "lost-as-zero": ("rows with an error or without a score count as 0",
                     _as_zero("errored", "unscored")),
    "refused-left-out": ("refused rows are left out", _without("refused")),
    "abstained-left-out": ("abstained rows are left out", _without("abstained")),
    "silent-left-out": ("refused and abstained rows are left out",
                        _without("refused", "abstained")),
}  # fmt: skip
"""Which rows count, and as what."""

REDUCING: dict[str, tuple[str, Callable[..., Any]]] = {
    "": ("", lambda rows: rows["value"]),
    "trials-first": ("the mean over the trials of an input comes first",
                     lambda rows: rows.groupby("variant")["value"].mean()),
    "best-trial": ("the best trial of an input counts",
                   lambda rows: rows.groupby("variant")["value"].max()),
    "median-trial": ("the median trial of an input counts",
                     lambda rows: rows.groupby("variant")["value"].median()),
    "most-frequent-trial": ("the most frequent value of an input's trials counts",
                            lambda rows: _most_frequent(rows)),
    "first-trial": ("only the first trial of an input counts",
                    lambda rows: _first_trial(rows)["value"]),
    "items-first": ("the mean over the variants of an item comes first",
                    lambda rows: rows.groupby("item")["value"].mean()),
}  # fmt: skip
"""How the values become those that the mean is taken of."""

PRINTING: dict[str, tuple[str, Callable[[float, float], float]]] = {
    "": ("", lambda mean, published: mean),
    "percent": ("printed in percent", lambda mean, published: 100 * mean),
    "smaller-is-better": ("printed with the other sign", lambda mean, published: -mean),
    "rounded": ("printed with fewer decimals", lambda mean, published: _rounded(mean, published)),
    "rounded-percent": ("printed in percent, with fewer decimals",
                        lambda mean, published: _rounded(100 * mean, published)),
}  # fmt: skip
"""How the mean is written."""

FILTER = "one-filter-only"
RULES: dict[str, str] = {
    "+".join(filter(None, codes)): "; ".join(filter(None, (a[0], b[0], c[0])))
    for codes, a, b, c in (
        ((x, y, z), COUNTING[x], REDUCING[y], PRINTING[z])
        for z in PRINTING for x in COUNTING for y in REDUCING
    )
    if any(codes)
} | {FILTER: "only the answers that one filter picked out count"}  # fmt: skip
"""Every code of an explanation, and what it means."""


def meaning(code: str) -> str:
    """Return what a code says in words."""
    name, _, rest = code.partition(":")
    return RULES[name] + (f" ({rest})" if rest else "")


def compare(
    published: float, rows: "pd.DataFrame", filters: Mapping[str, "pd.DataFrame"]
) -> dict[str, Any] | None:
    """Return what the rows give beside a published number; None if no row has a value.

    Parameters
    ----------
    published : float
        What the source printed.
    rows : DataFrame
        ``variant, item, trial, status, value`` of the measure.
    filters : mapping of str to DataFrame
        The same of measures that are this one behind another filter.
    """
    recomputed = _mean(rows["value"])
    if recomputed is None:
        return None
    known = rows["value"].dropna()
    code = _explanation(published, rows, filters)
    stderr = float(known.std()) / math.sqrt(len(known)) if len(known) > 1 else None
    verdicts = {"": "equal", None: "differs"}
    return {
        "recomputed": recomputed, "difference": recomputed - published, "n": len(known),
        "stderr": stderr, "verdict": verdicts.get(code, "explained"), "explanation": code or "",
    }  # fmt: skip


def _explanation(
    published: float, rows: "pd.DataFrame", filters: Mapping[str, "pd.DataFrame"]
) -> str | None:
    """Return the first code whose recomputation is the published number; None if there is none."""
    for printing, (_, write) in PRINTING.items():
        for counting, (_, count) in COUNTING.items():
            counted = count(rows)
            if counting and _is_same(counted, rows):
                continue
            for reducing, (_, reduce) in REDUCING.items():
                mean = _mean(reduce(counted))
                if mean is not None and _agree(write(mean, published), published):
                    return "+".join(filter(None, (counting, reducing, printing)))
        if not printing:
            for name, others in filters.items():
                mean = _mean(others["value"])
                if mean is not None and _agree(mean, published):
                    return f"{FILTER}:{name}"
    return None


def _is_same(counted: "pd.DataFrame", rows: "pd.DataFrame") -> bool:
    return len(counted) == len(rows) and counted["value"].equals(rows["value"])


def _mean(values: "pd.Series[float]") -> float | None:
    known = values.dropna().tolist()
    return math.fsum(known) / len(known) if known else None


def _most_frequent(rows: "pd.DataFrame") -> "pd.Series[float]":
    counted = rows.dropna(subset="value").groupby(["variant", "value"]).size().reset_index(name="n")
    best = counted.sort_values(["variant", "n"], kind="stable").groupby("variant")["value"].last()
    return best


def _agree(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE * max(1.0, abs(other))


def _rounded(mean: float, published: float) -> float:
    """Return the mean with as many decimals as the published number shows, at least two."""
    _, _, decimals = repr(published).partition(".")
    n = len(decimals) if decimals.isdigit() else 0
    return round(mean, n) if 2 <= n <= MOST_DECIMALS else mean

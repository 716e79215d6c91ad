"""Put the slices of a search to the test: which half is searched, what the other half says."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses import _value
from stresslab.analyses._found_names import name
from stresslab.analyses._found_target import Target
from stresslab.checks import Array
from stresslab.predicate import And, Compare, Field, Predicate, all_of, to_text
from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.slices.choose import Choice
    from stresslab.slices.columns import Column as Searched
    from stresslab.slices.measure import Measured
    from stresslab.slices.search import Candidates

KINDS = {
    "slice": "str", "condition": "str", "n_conditions": "int64", "value": "float64",
    "low": "float64", "high": "float64", "n": "int64", "n_clusters": "int64",
    "rest": "float64", "n_rest": "int64", "difference": "float64", "difference_low": "float64",
    "difference_high": "float64", "low_adjusted": "float64", "high_adjusted": "float64",
    "p_value": "float64", "p_adjusted": "float64", "verdict": "str", "support": "float64",
    "n_all": "int64", "found_difference": "float64", "within": "str", "n_same": "int64",
}  # fmt: skip
SAME = {
    "slice": "str",
    "condition": "str",
    "same_rows_as": "str",
    "common": "float64",
    "n": "int64",
}
SEARCHED = {"column": "str", "n_values": "int64", "n_known": "int64"}


LEAST_ROWS = 5


@dataclass(frozen=True)
class Halves:
    """Which rows are searched; slices are measured on all others. Clusters stay whole."""

    searched: Array
    cluster: Array
    """Cluster codes from 0 within each half."""


def halved(cluster: Array, seed: int) -> Halves:
    n_clusters = int(cluster.max()) + 1
    first = np.zeros(n_clusters, dtype=bool)
    first[rng_for(seed, "find_slices").permutation(n_clusters)[: n_clusters // 2]] = True
    number = np.where(first, np.cumsum(first), np.cumsum(~first)) - 1
    return Halves(first[cluster], number[cluster])


@dataclass(frozen=True)
class How:
    """How slices are searched: settings of the analysis of the same names."""

    conditions: int = 3
    support: float = 0.02
    most: int = 20
    level: float = 0.95
    seed: int = 0


def search_and_test(
    of: Target, columns: list["Searched"], how: How, titles: Mapping[str, str]
) -> tuple["pd.DataFrame", "pd.DataFrame", int]:
    """Return the slices found as the half not searched sees them, other names, and how many.

    Parameters
    ----------
    of : Target
        What is searched.
    columns : list of Column
        Of the same rows.
    how : How
        Settings.
    titles : mapping
        Perturbation to the name people read.
    """
    from stresslab.slices.choose import choose
    from stresslab.slices.search import search

    halves = halved(of.cluster, how.seed)
    here = [one.rows(halves.searched) for one in columns]
    values, cluster = of.values[halves.searched], halves.cluster[halves.searched]
    min_rows = max(LEAST_ROWS, math.ceil(how.support * len(values)))
    found = search(here, values, min_rows=min_rows, most=how.conditions)
    chosen = choose(found, here, values, cluster, direction=of.direction, most=how.most)
    if not chosen:
        return _value.frame(KINDS), _value.frame(SAME), len(found)
    return *_tested(of, columns, here, halves, found, chosen, how.level, titles), len(found)


def _tested(
    of: Target, columns: list["Searched"], here: list["Searched"], halves: Halves,
    found: "Candidates", chosen: list["Choice"], level: float, titles: Mapping[str, str],
) -> tuple["pd.DataFrame", "pd.DataFrame"]:  # fmt: skip
    """Return the chosen slices as the other half of the clusters sees them."""
    from stresslab.slices.measure import measure

    held = ~halves.searched
    there = [one.rows(held) for one in columns]
    masks = np.array([found.rows(one.place, there) for one in chosen])
    values, cluster = of.values[held], halves.cluster[held]
    measured = measure(
        masks, values, cluster, rate=of.rate, level=level, bounds=of.bounds,
        among=_not_said_before(masks),
    )  # fmt: skip
    names = {one.place: name(_tests(found, one.place, columns), titles) for one in chosen}
    first = of.values[halves.searched]
    rows, same = [], []
    for number, one in enumerate(chosen):
        n, total = int(found.n[one.place]), float(found.total[one.place])
        outside = (float(first.sum()) - total) / (len(first) - n)
        rows.append(
            {key: getattr(measured, key)[number] for key in KINDS if hasattr(measured, key)}
            | {
                "slice": names[one.place],
                "condition": to_text(_condition(_tests(found, one.place, columns))),
                "within": "" if one.within is None else names[one.within],
                "n_conditions": int((found.column[one.place] >= 0).sum()),
                "verdict": _verdict(of, measured, number, level),
                "support": float((n + masks[number].sum()) / len(of.values)),
                "n_all": n + int(masks[number].sum()), "n_same": len(one.same),
                "found_difference": total / n - outside,
            }
        )  # fmt: skip
        mine = found.rows(one.place, here)
        for other in one.same:
            theirs = found.rows(other, here)
            same.append(
                {
                    "slice": name(_tests(found, other, columns), titles),
                    "condition": to_text(_condition(_tests(found, other, columns))),
                    "same_rows_as": names[one.place], "n": int(theirs.sum()),
                    "common": float((mine & theirs).sum() / (mine | theirs).sum()),
                }
            )  # fmt: skip
    return _value.frame(KINDS, rows), _value.frame(SAME, same)


def _not_said_before(masks: Array) -> Array:
    """Return the rows on which each slice must stand out on its own.

    A slice within one further up must stand out from the rest of that one; rows of other slices
    further up are left out, so that no slice stands out only for sharing rows with them.
    """
    from stresslab.slices.choose import SAME

    among = np.ones(masks.shape, dtype=bool)
    for number in range(len(masks)):
        for earlier in range(number):
            common = int((masks[number] & masks[earlier]).sum())
            inside = common >= SAME * max(int(masks[number].sum()), 1)
            among[number] &= masks[earlier] if inside else ~masks[earlier]
    return among


def _tests(found: "Candidates", place: int, columns: list["Searched"]) -> list[Predicate]:
    return [
        columns[column].conditions[code]
        for column, code in zip(found.column[place], found.code[place], strict=True)
        if column >= 0
    ]


def _condition(tests: list[Predicate]) -> Predicate:
    parts = [part for one in tests for part in (one.parts if isinstance(one, And) else (one,))]
    tier = Field(("tier",))
    if any(isinstance(one, Compare) and (one.field, one.op) == (tier, "=") for one in parts):
        parts = [one for one in parts if one != Compare(tier, ">", 0)]  # tier = 3 says it
    whole = all_of(*parts)
    assert whole is not None
    return whole


def _verdict(of: Target, measured: "Measured", number: int, level: float) -> str:
    p = measured.p_adjusted[number]
    if not p < 1 - level:  # also where it is not known
        return "cannot tell"
    smaller_is_better = of.direction == "high"
    return "better" if (measured.difference[number] > 0) != smaller_is_better else "worse"

"""How much of each gap is another mix of groups, and how much is lost within them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _ood_sums, _paired, _value
from stresslab.analyses._ask import Asked
from stresslab.analyses._ood_rows import Rows
from stresslab.analyses._ood_sides import Sides
from stresslab.analyses._ood_split import Split
from stresslab.checks import Array
from stresslab.gaps.decompose import PARTS, Decomposition, GroupSums, decompose
from stresslab.gaps.worst import level_of_each
from stresslab.predicate import In
from stresslab.result import Column, Warn

if TYPE_CHECKING:
    import pandas as pd

MOST_VALUES, BINS = 12, 5
"""Numbers with more values than this are taken together in so many equal parts."""

MOST_GROUPS = 30
"""Texts with more values than this are not tried where nobody named them."""

MOST_TRIED = 6
"""Attributes looked at where nobody named one."""

KINDS: dict[str, Any] = (
    {"model": "str", "by": "str"}
    | {f"{part}{end}": "float64" for part in PARTS for end in ("", "_low", "_high")}
    | dict.fromkeys(("n_shared", "n_groups", "n", "n_clusters"), "int64")
)
Key = tuple[str, ...]
SUMS = ("total", "n", "ss", "sd", "dd", "n_clusters")


def parts(asked: Asked, found: Sequence[Sides]) -> tuple["pd.DataFrame", list[Warn]]:
    """Return one row per model and grouping, and what could not be told.

    Intervals hold for all rows together: the part worth telling is picked from them.
    """
    whole = [one for one in found if one.split.whole and one.known.any()]
    groupings = _groupings(asked) if whole else []
    n = sum(int(one.known.sum()) for one in whole) * len(groupings)
    level = level_of_each(asked.params.level, n)
    seen, cells = Rows(asked), _Cells(asked)
    rows = [
        row
        for sides in whole
        for by in groupings
        for row in _rows(asked, sides, by, seen, cells, level)
    ]
    apart = sorted({str(row["by"]) for row in rows if row["n_shared"] == 0})
    warnings = []
    if apart:
        text = f"No group by {', '.join(apart)} is on both sides, so a gap cannot be split by it."
        warnings.append(Warn("no-shared-group", text, len(apart)))
    return _value.frame(KINDS, rows), warnings


def meanings() -> dict[str, Column]:
    """Return what the columns mean."""
    ends = Column("number", "simultaneous over all rows of this table")
    said = {f"{part}{end}": ends for part in PARTS for end in ("_low", "_high")}
    return said | {
        "gap": Column("number", "mix + within + one_sided", "smaller is better"),
        "mix": Column("number", "due to other shares of groups both sides have"),
        "within": Column("number", "lost within groups both sides have", "smaller is better"),
        "one_sided": Column("number", "due to groups that only one side has"),
        "n_shared": Column("integer", "groups both sides have"),
    }


def _groupings(asked: Asked) -> Sequence[tuple[str, ...]]:
    """Return what is asked to group by, else each attribute of items that has few values."""
    params: Any = asked.params
    if params.by:
        return [tuple(params.by)]
    table = asked.contents.attributes
    table = table[(table["task"] == asked.question.task) & table["name"].str.startswith("item.")]
    few = table["n_values"].between(2, MOST_GROUPS) | table["type"].isin(["integer", "number"])
    fine = table[few & (table["n_values"] > 1)]
    return [(str(name),) for name in fine["name"]][:MOST_TRIED]


def _rows(
    asked: Asked, sides: Sides, by: tuple[str, ...], seen: Rows, cells: "_Cells", level: float
) -> Iterator[dict[str, Any]]:
    split = sides.split
    tables = cells.of(split, by)
    bins = _bins(tables, by)
    code: dict[Key, int] = {}
    groups = [
        np.array([code.setdefault(key, len(code)) for key in _keys(one, by, bins)], dtype=np.int64)
        for one in tables
    ]
    way, bounds = _ood_sums.sign(asked), _paired.judge(asked).bounds
    wholes = [one["n_clusters"].to_numpy() for one in (sides.inside, sides.outside)]
    sizes = [sides.rows[f"n_{one}"].to_numpy() for one in ("in", "out")]
    names: list[Key] = []
    for place in np.flatnonzero(sides.known.to_numpy()):
        model = str(sides.rows["model"].iloc[place])
        made = [
            _sums(table, group, len(code), model, whole[place])
            for table, group, whole in zip(tables, groups, wholes, strict=True)
        ]
        sums = made[0][0], made[1][0]
        told = True
        variance, df = None, np.nan
        if sides.linked or not (made[0][1] and made[1][1]):
            told = _paired.has_rows(asked)
            if told:
                names = names or _keys(_arrays(seen.pairs(split, by).groups, by), by, bins)
                variance, df = seen.variance(split, by, model, code, names, sums)
        found = decompose(*sums, level=level, variance=variance, df=df,
                          bounds=bounds)  # fmt: skip
        counts = {
            "n": int(sizes[0][place] + sizes[1][place]),
            "n_clusters": int(wholes[0][place] + wholes[1][place]),
        }
        yield {"model": model, "by": ", ".join(by), **_said(found, way, told), **counts}


@dataclass
class _Cells:
    """The cells of every grouping as arrays, those of all splits asked for together."""

    asked: Asked
    _whole: dict[tuple[Key, bool], dict[str, Array]] = field(default_factory=dict)

    def of(self, split: Split, by: tuple[str, ...]) -> list[dict[str, Array]]:
        """Return the cells of either side; sides that are domains are asked for together.

        A group may then have several cells, whose sums add up unless a cluster stands in two of
        them, which `_sums` finds.
        """
        sides = (split.inside, split.outside)
        if not split.by_domain:
            return [
                _arrays(_ood_sums.cells(self.asked, split, one, by=by), ("model", *by, *SUMS))
                for one in sides
            ]
        key = (by, split.clean is not None)
        if key not in self._whole:
            finer = by if "domain" in by else ("domain", *by)
            whole = replace(split, models=tuple(self.asked.models))
            table = _ood_sums.cells(self.asked, whole, by=finer)
            self._whole[key] = _arrays(table, ("model", *finer, *SUMS))
        both = self._whole[key]
        mine = _among(both["model"], split.models)
        chosen = [mine & _among(both["domain"], one.values) for one in sides if isinstance(one, In)]
        return [{name: column[rows] for name, column in both.items()} for rows in chosen]


def _arrays(table: "pd.DataFrame", names: Sequence[str]) -> dict[str, Array]:
    return {name: table[name].to_numpy() for name in names}


def _among(column: Array, chosen: Sequence[Any]) -> Array:
    names = set(chosen)
    return np.array([one in names for one in column.tolist()], dtype=np.bool_)


def _keys(
    table: Mapping[str, Array], by: tuple[str, ...], bins: dict[str, dict[Any, int]]
) -> list[Key]:
    """Return the group of every row of a table as texts, numbers by their bin."""
    columns = []
    for name in by:
        into = bins.get(name)
        values = table[name].tolist()
        if into is None:
            columns.append(["unknown" if one is None or one != one else str(one) for one in values])
        else:
            columns.append([str(into.get(one, "unknown")) for one in values])
    return list(zip(*columns, strict=True))


def _bins(tables: Sequence[Mapping[str, Array]], by: tuple[str, ...]) -> dict[str, dict[Any, int]]:
    """Return, per number with many values, the bin of each; bins hold about equally many rows."""
    found = {}
    for name in by:
        columns = [one[name] for one in tables]
        if any(one.dtype.kind not in "if" for one in columns):
            continue
        values, n = np.concatenate(columns), np.concatenate([one["n"] for one in tables])
        known = values == values
        different, place = np.unique(values[known], return_inverse=True)
        if len(different) <= MOST_VALUES:
            continue
        sizes = np.bincount(place, n[known], len(different))
        middle = (sizes.cumsum() - sizes / 2) / max(float(sizes.sum()), 1)
        bins = np.minimum((middle * BINS).astype(int), BINS - 1)
        found[name] = dict(zip(different.tolist(), bins.tolist(), strict=True))
    return found


def _sums(
    table: Mapping[str, Array], group: Array, n_groups: int, model: str, n_clusters: float
) -> tuple[GroupSums, bool]:
    """Return a model's sums by group, and whether every cluster lies within one cell."""
    mine = table["model"] == model
    total, n, ss, sd, dd = (
        np.bincount(group[mine], weights=table[name][mine].astype(float), minlength=n_groups)
        for name in SUMS[:-1]
    )
    sums = GroupSums(total, n, ss, sd, dd, float(n_clusters))
    return sums, int(table["n_clusters"][mine].sum()) == int(n_clusters)


def _said(made: Decomposition, way: float, told: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"n_shared": made.n_shared, "n_groups": made.n_groups}
    for part in PARTS:
        value, low, high = (way * end for end in getattr(made, part))
        if not told:
            low = high = np.nan
        found |= {part: value, f"{part}_low": min(low, high), f"{part}_high": max(low, high)}
    return found

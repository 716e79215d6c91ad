"""Cells of the two sides of a split, and their difference with what the family needs of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses import _paired
from stresslab.analyses._ask import Asked
from stresslab.analyses._ood_split import Split
from stresslab.checks import Array
from stresslab.predicate import In
from stresslab.stats.difference import Difference
from stresslab.stats.equivalence import tost_p, upper_tail
from stresslab.stats.unpaired import Side, unpaired_differences

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.predicate import Predicate

MOMENTS = ("total", "n", "n_clusters", "ss", "sd", "dd", "rate")


def cells(
    asked: Asked, split: Split, *sides: "Predicate | None", by: Sequence[str] = (),
    clean: bool = True,
) -> "pd.DataFrame":  # fmt: skip
    """Return the sums of the models of a split on the rows of any of `sides`."""
    from stresslab.store import query

    if sides and split.by_domain and nested(asked):
        finer = by if "domain" in by else (*by, "domain")
        table = query.cells(asked.workspace, split.question(asked, clean=clean), by=tuple(finer))
        domains = {name for one in sides if isinstance(one, In) for name in one.values}
        models, named = set(split.models), (table[one].tolist() for one in ("model", "domain"))
        mine = [m in models and d in domains for m, d in zip(*named, strict=True)]
        return _added(table, np.flatnonzero(mine), by)
    question = split.question(asked, *sides, clean=clean)
    table = query.cells(asked.workspace, question, by=tuple(by))
    table.attrs = {}  # pandas copies them deeply with every step
    if set(split.models) == set(question.models):
        return table
    return table[table["model"].isin(split.models).to_numpy()].reset_index(drop=True)


def nested(asked: Asked) -> bool:
    """Return whether every cluster lies in one domain, so that sums of domains add up."""
    from stresslab.store import query

    return query.clusters_nest(asked.workspace, asked.question.task)


def _added(table: "pd.DataFrame", rows: Array, by: Sequence[str]) -> "pd.DataFrame":
    """Return some cells of domains added up to those of `by`, in the order they stand in."""
    import pandas as pd

    from stresslab.store.query import CELL_COLUMNS

    columns = [table[name].tolist() for name in ("model", *by)]
    place: dict[tuple[object, ...], int] = {}
    keys = [tuple(column[row] for column in columns) for row in rows.tolist()]
    code = np.array([place.setdefault(key, len(place)) for key in keys], dtype=np.int64)
    first = rows[np.unique(code, return_index=True)[1]]
    found: dict[str, object] = {name: table[name].array[first] for name in ("model", *by)}
    for name in CELL_COLUMNS:
        values = table[name].to_numpy()
        if name == "rate":
            found[name] = np.bincount(code, ~values[rows], len(first)) == 0
        else:
            found[name] = np.bincount(code, values[rows], len(first)).astype(values.dtype)
    return pd.DataFrame(found)


def side(table: "pd.DataFrame") -> Side:
    """Return what `stats.unpaired` needs of cells; 0 where a cell is missing."""
    return Side(*(np.nan_to_num(table[name].to_numpy(float)) for name in MOMENTS))


def sign(asked: Asked) -> float:
    """Return 1 where larger is better, else -1: a gap above 0 is always a loss outside."""
    return 1.0 if asked.metric.higher_is_better else -1.0


def difference(asked: Asked, how: _paired.Judge, inside: Side, outside: Side) -> Difference:
    """Return what is lost outside, for sides that share no items."""
    ends = (inside, outside) if asked.metric.higher_is_better else (outside, inside)
    return unpaired_differences(*ends, level=how.level, margin=how.margin, bounds=how.bounds)


def of_moments(
    value: Array, variance: Array, df: Array, n: Array, clusters: Array, how: _paired.Judge,
    method: str,
) -> Difference:  # fmt: skip
    """Return differences with a known variance and degrees of freedom, tested by Student's t."""
    value, variance, df = (np.asarray(one, float) for one in (value, variance, df))
    blank = np.full_like(value, np.nan)
    clusters = np.asarray(clusters)
    known = np.isfinite(variance) & np.isfinite(df)
    with np.errstate(all="ignore"):
        p_value = np.minimum(2 * upper_tail(np.abs(value) / np.sqrt(variance), df), 1)
    found = Difference(
        difference=value, low=blank, high=blank,
        p_value=np.where(known & (variance > 0), p_value, np.nan),
        p_tost=blank, n_pairs=np.asarray(n).astype(int), n_clusters=clusters.astype(int),
        n_discordant=np.zeros(len(value), int),
        sd_cluster=np.where(known, np.sqrt(np.where(known, variance, 0) * clusters), np.nan),
        method=np.full(len(value), method, dtype=object), wins=blank, losses=blank,
        n_effective=blank, df=np.where(known, df, np.nan),
        rate=np.zeros(len(value), dtype=bool), clusters_discordant=np.zeros(len(value)),
        span=np.full(len(value), _span(how)),
    )  # fmt: skip
    low, high = found.interval(how.level)
    done = replace(found, low=low, high=high)
    return done if how.margin is None else replace(done, p_tost=tost_p(done, how.margin))


def linked(asked: Asked, split: Split, found: Difference, models: Sequence[str]) -> Difference:
    """Return `found` with the variance of sides that share items or groups of items.

    Each cluster counts with what it adds on either side, so that what both sides have in common
    cancels out.
    """
    from stresslab.store import query

    how = _paired.judge(asked)
    measured = replace(asked, question=_paired.row_question(asked))
    rows = query.pairs(asked.workspace, split.question(measured, split.inside, split.outside))
    within = query.pairs(asked.workspace, split.question(measured, split.inside))
    inside = np.isin(rows.variant, within.variant)
    n_clusters = int(rows.cluster.max()) + 1 if len(rows.cluster) else 0
    variance, clusters = np.full(len(models), np.nan), np.zeros(len(models))
    for place, model in enumerate(models):
        column = rows.models.index(model)
        values, weight = rows.values[:, column], rows.trials[:, column].astype(float)
        known = np.isfinite(values)
        moved = np.zeros(len(values))
        for part, way in ((inside & known, 1.0), (~inside & known, -1.0)):
            size = weight[part].sum()
            if size:
                mean = (weight[part] * values[part]).sum() / size
                moved[part] = way * weight[part] * (values[part] - mean) / size
        there = np.unique(rows.cluster[known])
        moves = np.bincount(rows.cluster[known], moved[known], n_clusters)
        clusters[place] = len(there)
        if len(there) > 1:
            variance[place] = len(there) / (len(there) - 1) * float((moves**2).sum())
    return of_moments(
        found.difference, variance, np.maximum(clusters - 1, 1), found.n_pairs, clusters, how,
        "linked sides, Student",
    )  # fmt: skip


def _span(how: _paired.Judge) -> float:
    return np.inf if how.bounds is None else float(how.bounds[1] - how.bounds[0])

"""Who fails together: every row as the set of models that fail on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError

if TYPE_CHECKING:
    from stresslab.store.query import Pairs

MOST_MODELS = 62
"""Models whose rights and wrongs fit into one whole number."""


@dataclass(frozen=True)
class Patterns:
    """Rows by who fails on them.

    Parameters
    ----------
    models : tuple of str
        The models.
    right : list of ndarray of bool
        By model: which rows it is right on.
    variant, cluster : ndarray of int, shape (n_rows,)
        Codes of the rows.
    code : ndarray of int, shape (n_rows,)
        Place of each row's pattern in `failed`.
    failed : ndarray of bool, shape (n_patterns, n_models)
        Which models fail, the most frequent pattern first.
    n : ndarray of int, shape (n_patterns,)
        Rows of each.
    """

    models: tuple[str, ...]
    right: list[Array]
    variant: Array
    cluster: Array
    code: Array
    failed: Array
    n: Array


def patterns(pairs: "Pairs") -> Patterns:
    """Return the rows that every model has a value of, by who fails; right is one half or more.

    Raises
    ------
    ParamError
        If there are more models than can be told apart at once.
    """
    k = len(pairs.models)
    if k > MOST_MODELS:
        raise ParamError(f"overlap tells up to {MOST_MODELS} models apart; got {k}. Choose some.")
    columns = [np.ascontiguousarray(pairs.values[:, one]) for one in range(k)]
    known: Any = np.ones(len(pairs.variant), dtype=np.bool_)
    for one in columns:
        known &= np.isfinite(one)
    variant, cluster = pairs.variant, pairs.cluster
    if not known.all():
        columns = [one[known] for one in columns]
        variant, cluster = variant[known], cluster[known]
    right: list[Any] = [one >= 0.5 for one in columns]
    mark: Any = np.zeros(len(variant), dtype=np.uint16 if k <= 16 else np.uint64)
    for place, one in enumerate(right):
        mark |= (~one).astype(mark.dtype) << mark.dtype.type(place)
    if k <= 16:
        counted = np.bincount(mark, minlength=1)
        marks = np.flatnonzero(counted)
        place_of = np.zeros(len(counted), dtype=np.int64)
        place_of[marks] = np.arange(len(marks))
        code, n = place_of[mark], counted[marks]
    else:
        marks, code, n = np.unique(mark, return_inverse=True, return_counts=True)
    order = np.argsort(-n, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    bits = marks[order].astype(np.uint64)[:, None] >> np.arange(k, dtype=np.uint64)
    failed = (bits & np.uint64(1)).astype(bool).reshape(len(order), k)
    return Patterns(pairs.models, right, variant, cluster, rank[code], failed, n[order])


def shares(found: Patterns, chosen: Sequence[Array], level: float) -> list[dict[str, Any]]:
    """Return the share of rows whose pattern is among the chosen ones, with its interval.

    Parameters
    ----------
    chosen : sequence of ndarray of bool, shape (n_patterns,)
        Patterns that count, once per share.
    """
    from stresslab.stats.intervals import from_moments
    from stresslab.stats.marks import by_block

    if not len(found.code) or not chosen:
        return []
    width = int(found.cluster.max()) + 1
    rows = np.bincount(found.cluster, minlength=width).astype(float)
    n, clusters, dd = rows.sum(), np.count_nonzero(rows), float((rows**2).sum())
    table = []
    for hits in by_block(found.code, found.cluster, rows, np.stack(chosen, axis=1)):
        value = from_moments(
            [hits.sum()], [n], [clusters], [(hits**2).sum()], [(hits * rows).sum()], [dd],
            rate=[True], level=level,
        )  # fmt: skip
        table.append(
            {
                "count": int(hits.sum()), "value": float(value.value[0]),
                "low": float(value.low[0]), "high": float(value.high[0]), "n": int(n),
                "n_clusters": int(clusters),
            }
        )  # fmt: skip
    return table


def chance(found: Patterns) -> Array:
    """Return the share each pattern would have if the models failed independently."""
    fails = (found.failed * found.n[:, None]).sum(axis=0) / max(found.n.sum(), 1)
    each: Array = np.where(found.failed, fails, 1 - fails).prod(axis=1)
    return each


def oracle(found: Patterns) -> list[tuple[int, Array]]:
    """Return models in the order in which each adds most rows some model is right on.

    Returns
    -------
    list of (model, patterns)
        The place of the model, and the patterns on which some model so far is right.
    """
    solved = np.zeros(len(found.n), dtype=bool)
    left, steps = list(range(len(found.models))), []
    while left:
        gains = [int(found.n[~found.failed[:, one] & ~solved].sum()) for one in left]
        best = left.pop(int(np.argmax(gains)))
        solved = solved | ~found.failed[:, best]
        steps.append((best, solved))
    return steps

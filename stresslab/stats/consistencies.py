"""Error consistency of many pairs of models on the same rows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.stats import consistency as one_pair
from stresslab.stats.consistency import Blocks, Consistency, blocks
from stresslab.stats.marks import MOST_MODELS, Marks, by_block, by_group, marked


def consistencies(
    right: Sequence[Array],
    compared: Sequence[tuple[int, int]],
    cluster: Array,
    group: Array | None = None,
    n_groups: int = 1,
    *,
    level: float = 0.95,
) -> list[Consistency]:
    """Return `error_consistency` of pairs of models.

    Parameters
    ----------
    right : sequence of ndarray of bool, shape (n_rows,)
        By model: which rows it is right on.
    compared : sequence of (int, int)
        Places of the models in `right`.
    cluster, group, n_groups, level
        As in `error_consistency`.
    """
    where = blocks(cluster, group, n_groups)
    rows = marked(right) if len(right) <= MOST_MODELS and len(cluster) else None
    if rows is not None and where.block is None:
        return list(_of_single_rows(rows, compared, where, level))
    sums = _sums(right, compared, where) if rows is None else _sums_of_marks(rows, compared, where)
    return [one_pair.consistency(*three, where, level=level) for three in sums]


def _sums(
    right: Sequence[Array], compared: Sequence[tuple[int, int]], where: Blocks
) -> Iterator[tuple[Array, Array, Array]]:
    counts = [where.count(one) for one in right]
    for a, b in compared:
        yield where.count(right[a] & right[b]), counts[a], counts[b]


def _sums_of_marks(
    rows: Marks, compared: Sequence[tuple[int, int]], where: Blocks
) -> Iterator[tuple[Array, Array, Array]]:
    if where.block is None:
        raise ValueError("rows that are blocks of their own are counted by group")
    counts = list(by_block(rows.code, where.block, where.size, rows.right))
    left, other = ([pair[side] for pair in compared] for side in (0, 1))
    both = by_block(rows.code, where.block, where.size, rows.right[:, left] & rows.right[:, other])
    for (a, b), together in zip(compared, both, strict=True):
        yield together, counts[a], counts[b]


def _of_single_rows(
    rows: Marks, compared: Sequence[tuple[int, int]], where: Blocks, level: float
) -> Iterator[Consistency]:
    """Yield the pairs where no cluster has two rows of a group: groups and marks say all."""
    n_marks, n_groups = len(rows.right), where.n_groups
    counts = by_group(rows.code, n_marks, where.owner, n_groups)
    n = counts.sum(axis=1)
    left, other = (rows.right[:, [pair[side] for pair in compared]] for side in (0, 1))
    both, right_a, right_b = ((counts @ side).T for side in (left & other, left, other))
    table = np.stack([both, right_a - both, right_b - both, n - right_a - right_b + both])
    # All pairs of models in one computation: a column per pair and group.
    flat = table.reshape(4, -1)
    made = one_pair.of_table(flat, np.tile(n, len(compared)), level)
    found = [_part(made, slice(k * n_groups, (k + 1) * n_groups)) for k in range(len(compared))]
    if n_groups < 2:
        yield from found
        return
    effects = one_pair.effects_of_corners(flat).reshape(table.shape)
    moves = np.zeros((n_groups * n_marks, len(compared)))
    for place, one in enumerate(found):
        known = np.isfinite(one.kappa)
        a, b = left[:, place], other[:, place]
        corner = np.where(a, np.where(b, 0, 1), np.where(b, 2, 3))
        share = np.where(known, 1 / np.maximum(n * known.sum(), 1), 0.0)
        moves[:, place] = np.nan_to_num(effects[corner, place] * share).T.ravel()
    squares = _squares_by_cluster(rows.code, where, moves, n_marks)
    alone = counts.ravel() @ moves**2
    for one, together, apart in zip(found, squares, alone, strict=True):
        if not np.isfinite(one.kappa).any():
            yield one
            continue
        mean, low, high = one_pair.mean_of(one, float(together), float(apart))
        yield replace(one, mean=mean, mean_low=low, mean_high=high)


def _part(made: Consistency, own: slice) -> Consistency:
    """Return some groups of a consistency without a mean over them."""
    from dataclasses import fields

    arrays: dict[str, Any] = {
        one.name: value[own]
        for one in fields(made)
        if isinstance(value := getattr(made, one.name), np.ndarray)
    }
    return replace(made, **arrays)


def _squares_by_cluster(code: Array, where: Blocks, moves: Array, n_marks: int) -> Array:
    """Return, pair by pair, the sum over clusters of the square of all its rows' moves."""
    from scipy.sparse import csr_array

    key = where.owner.astype(np.intp) * n_marks + code
    n_clusters = int(where.cluster.max()) + 1
    shape = (n_clusters, len(moves))
    sums = csr_array((np.ones(len(key)), (where.cluster, key)), shape=shape) @ moves
    squares: Array = (sums**2).sum(axis=0)
    return squares

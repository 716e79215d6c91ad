"""Paired differences of rates of many pairs of models at once, from who is right on each row."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from stresslab.checks import Array
from stresslab.stats.cluster_sums import ClusterSums, all_different, numbered_blocks
from stresslab.stats.difference import Difference, concatenate
from stresslab.stats.marks import Marks, by_block, by_group
from stresslab.stats.paired import estimate, finish, paired_from_counts, tested


def differences_of_marks(
    rows: Marks,
    compared: Sequence[tuple[int, int]],
    cluster: Array,
    group: Array,
    n_groups: int,
    *,
    rng: Callable[[], np.random.Generator],
    level: float = 0.95,
    margin: float | None = None,
) -> Difference:
    """Return `paired_differences` of single-trial rates, pair by pair, each over all groups.

    Parameters
    ----------
    rows : Marks
        Who is right on each row; at least one row lies in a group.
    compared : sequence of (int, int)
        Models to subtract, as columns of the marks.
    cluster, group, n_groups, level, margin
        As in `paired_differences`.
    rng : callable
        Returns a generator for the sign flips of one pair.
    """
    keep = group >= 0
    if not keep.all():
        rows, cluster, group = rows.at(keep), cluster[keep], group[keep]
    left, right = ([pair[side] for pair in compared] for side in (0, 1))
    first, second = rows.right[:, left], rows.right[:, right]
    if all_different(cluster, group, n_groups):
        counts = by_group(rows.code, len(rows.right), group, n_groups)
        won, lost = ((counts @ table).T.ravel() for table in (first & ~second, ~first & second))
        n = np.tile(counts.sum(axis=1), len(compared))
        return paired_from_counts(won, lost, n, level=level, margin=margin)
    block, owner = numbered_blocks(cluster, group, n_groups)
    size = np.bincount(block, minlength=len(owner)).astype(float)
    wins = list(by_block(rows.code, block, size, rows.right))
    found = []
    differing = by_block(rows.code, block, size, first ^ second)
    for a, b, apart in zip(left, right, differing, strict=True):
        gap = wins[a] - wins[b]
        sums = ClusterSums(gap, size, (apart + gap) / 2, apart, apart, owner, n_groups, True)
        one = estimate(sums, rate=True, single_trial=True, trials=1.0, span=1.0)
        p_value, method = tested(one, sums, mcnemar_allowed=True, rng=rng(), draws=10_000)
        found.append(replace(one, p_value=p_value, method=method))
    return finish(concatenate(found), level, margin)

"""Draw paired answers of two models and compare them as every page does."""

import numpy as np

from stresslab.stats.difference import Difference
from stresslab.stats.paired import paired_differences, paired_from_counts
from stresslab.validity._draw import clusters, rows_of
from stresslab.validity._kind import Case


def compared(
    case: Case,
    runs: int,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    margin: float | None = None,
) -> Difference:
    """Return the paired difference of rates of every run; the true one is minus `case.effect`.

    The correlation of the two models is about one half.
    """
    share, other = case.share, case.share + case.effect
    both = min(share * other + 0.5 * share * (1 - share), share, other)
    chances = (share - both, other - both, 1 - share - other + 2 * both)
    kinds, counts = clusters(case, chances, runs, rng)
    if case.rows == 1:
        order = kinds.argmax(axis=1)
        wins, losses = counts[:, order == 0][:, 0], counts[:, order == 1][:, 0]
        n = np.full(runs, case.n_clusters)
        return paired_from_counts(wins, losses, n, level=level, margin=margin)
    kind, cluster, run = rows_of(kinds, counts)
    return paired_differences(
        kind == 0, kind == 1, cluster, run, runs, rate=True, level=level, margin=margin, rng=rng
    )

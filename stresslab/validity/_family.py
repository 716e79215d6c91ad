"""Draw many models on the same items and settle all comparisons with the first."""

from dataclasses import fields

import numpy as np

from stresslab.checks import Array
from stresslab.stats.difference import Difference
from stresslab.stats.family import Settled, settle
from stresslab.stats.paired import paired_from_counts
from stresslab.validity._kind import Case


def families(
    case: Case, others: int, changed: int, runs: int, rng: np.random.Generator, level: float
) -> tuple[list[Settled], Array]:
    """Return what every run's family says, and the true differences.

    All models answer the same items and agree on about half of what chance leaves open; the last
    `changed` of the `others` differ from the first by `case.effect`.
    """
    shares = np.full(others + 1, case.share)
    shares[others + 1 - changed :] -= case.effect
    shape = (runs, case.n_clusters, others + 1)
    common = rng.random((*shape[:2], 1))
    seen = np.where(rng.random(shape) < np.sqrt(0.5), common, rng.random(shape))
    right = seen < shares
    first, rest = right[:, :, :1], right[:, :, 1:]
    wins = (first & ~rest).sum(axis=1)
    losses = (~first & rest).sum(axis=1)
    n = np.full(wins.size, case.n_clusters)
    found = paired_from_counts(wins.ravel(), losses.ravel(), n, level=level)
    settled = [
        settle([_part(found, slice(start, start + others))], level=level)
        for start in range(0, wins.size, others)
    ]
    return settled, shares[0] - shares[1:]


def _part(found: Difference, which: slice) -> Difference:
    return Difference(**{one.name: getattr(found, one.name)[which] for one in fields(Difference)})


def cases(others: int, changed: int) -> tuple[Case, ...]:
    """Return the cases of a family: how many comparisons, and how many of them differ."""
    note = f"{others} comparisons, {changed} differ"
    effect = 0.1 if changed else 0.0
    return tuple(
        Case(n, 1, 0.0, share, effect, note)
        for n in (20, 100, 1000)
        for share in ((0.5, 0.9) if changed else (0.02, 0.5, 0.9))
    )

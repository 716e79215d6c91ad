"""Do the intervals of the parts of a gap hold their level: another mix, a drop within, one side?"""

import numpy as np

from stresslab.checks import Array
from stresslab.gaps.decompose import PARTS, GroupSums, decompose
from stresslab.validity._draw import clusters, covered
from stresslab.validity._kind import Case, Check

MIX = np.array([[0.5, 0.3, 0.2, 0.0], [0.25, 0.25, 0.25, 0.25]])
"""Shares of four groups inside and outside; the last one is outside only."""

LEVELS = np.array([[1.0, 0.8, 0.6, 0.5], [0.9, 0.6, 0.6, 0.5]])
"""Rates of the groups inside and outside, as shares of the largest one."""


def sums(
    case: Case, mix: Array, rates: Array, runs: int, rng: np.random.Generator
) -> list[GroupSums]:
    """Return the sums of one side in every run; a cluster lies in one group."""
    n = rng.multinomial(case.n_clusters, mix, size=runs)
    found = np.zeros((5, runs, len(mix)))
    for group, rate in enumerate(rates):
        kinds, counts = clusters(case, (rate, 1 - rate), runs, rng)
        right = kinds[:, 0]
        # clusters in the order they were drawn are alike: the first ones are as good as any
        mine = _first(counts, n[:, group], rng)
        total = mine @ right
        size = n[:, group] * case.rows
        found[:, :, group] = (
            total, size, mine @ right**2, total * case.rows, size * case.rows,
        )  # fmt: skip
    whole = float(case.n_clusters)
    return [
        GroupSums(total, size, ss, sd, dd, whole)
        for total, size, ss, sd, dd in found.transpose(1, 0, 2)
    ]


def _first(counts: Array, n: Array, rng: np.random.Generator) -> Array:
    """Return the counts by kind of `n` of the clusters of every run, drawn without replacement."""
    return np.array(
        [rng.multivariate_hypergeometric(one, size) for one, size in zip(counts, n, strict=True)]
    )


def truth(part: str, share: float) -> float:
    """Return the true size of a part of the gap."""
    sides = []
    for mix, levels in zip(MIX, LEVELS, strict=True):
        n = mix * 1000
        total = n * levels * share
        sides.append(GroupSums(total, n, total, total, n, 1e9))
    found: tuple[float, float, float] = getattr(decompose(*sides), part)
    return found[0]


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the named part covers it, in every run."""
    inside, outside = (
        sums(case, mix, case.share * levels, runs, rng)
        for mix, levels in zip(MIX, LEVELS, strict=True)
    )
    ends = np.array(
        [getattr(decompose(*both, level=level, bounds=(0.0, 1.0)), case.note)[1:]
         for both in zip(inside, outside, strict=True)]
    ).T  # fmt: skip
    return covered(ends[0], ends[1], truth(case.note, case.share))


PIECE = Check(
    "The intervals of the parts of a gap cover them",
    simulate,
    tuple(
        Case(n, rows, icc, share, note=part)
        for part in PARTS
        for n, rows, icc in ((20, 1, 0.0), (100, 1, 0.0), (100, 5, 0.3), (1000, 1, 0.0))
        for share in (0.02, 0.5, 0.9)
    ),
)  # fmt: skip

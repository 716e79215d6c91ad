"""How long do 10,000 resamples take, beside scipy.stats.bootstrap on the same values?"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from stresslab.stats.bootstrap import bootstrap_ratio
from tests.bench._kind import Asked, Bench, Row, Took, best, once

RESAMPLES = 10_000
SAME = 0.05
"""Largest difference of the ends of the two intervals, as a share of their width."""


def run(asked: Asked) -> Iterator[Row]:
    """Yield the mean of 0/1 scores and of continuous ones, each row its own cluster."""
    rng = np.random.default_rng(0)
    sizes = asked.n(10_000), asked.n(1_000)
    cases = (
        ("0/1 scores", (rng.random(sizes[0]) < 0.7).astype(float), "x 300"),
        ("continuous scores", rng.beta(5, 2, sizes[1]), "x 15"),
        ("continuous scores", rng.beta(5, 2, sizes[0]), "x 15"),
    )
    for name, values, wanted in cases:
        work = partial(_ours, values)
        ours = best(work, 3)
        if not asked.opponents:
            yield Row(f"{name}, mean, {RESAMPLES:,} resamples", len(values), ours)
            continue
        found: dict[str, tuple[float, float]] = {}
        took: Took = once(lambda values=values, found=found: found.update(one=_scipy(values)))
        apart = _apart(work(), found["one"])
        if apart > SAME:
            raise ValueError(f"the intervals of {name} must agree; they differ by {apart:.1%}")
        yield Row(f"{name}, mean, {RESAMPLES:,} resamples", len(values), ours, "scipy.bootstrap",
                  took, wanted, f"ends apart by {apart:.1%} of the width")  # fmt: skip


def _ours(values: np.ndarray) -> tuple[float, float]:
    rng = np.random.default_rng(1)
    found = bootstrap_ratio(values, np.ones(len(values)), rng=rng, resamples=RESAMPLES)
    return found.low, found.high


def _scipy(values: np.ndarray) -> tuple[float, float]:
    from scipy.stats import bootstrap

    found = bootstrap(
        (values,), np.mean, n_resamples=RESAMPLES, method="percentile", vectorized=True,
        batch=100, rng=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    return float(found.low), float(found.high)


def _apart(ours: tuple[float, float], theirs: tuple[float, float]) -> float:
    gaps = [abs(one - other) for one, other in zip(ours, theirs, strict=True)]
    return max(gaps) / (theirs[1] - theirs[0])


PIECE = Bench("a bootstrap of a mean", run)

"""How long do exact neighbours take, beside the bare product and scikit-learn's brute force?"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from stresslab.stats.neighbours import nearest
from tests.bench._kind import Asked, Bench, Row, best, once

DIMENSION, K = 384, 10


def run(asked: Asked) -> Iterator[Row]:
    """Yield 10 neighbours among 50,000 references of 20,000 queries."""
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(0)
    references = rng.normal(size=(asked.n(50_000), DIMENSION)).astype(np.float32)
    queries = rng.normal(size=(asked.n(20_000), DIMENSION)).astype(np.float32)
    ours = best(partial(nearest, references, queries, K), 3)
    bare = best(partial(_product, references, queries), 3)
    brute = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(references)
    theirs = once(partial(brute.kneighbors, queries))
    same = nearest(references, queries[:200], K)[1] == brute.kneighbors(queries[:200])[1]
    note = f"{same.mean():.4f} of neighbours the same"
    yield Row("10 neighbours", len(queries), ours, "bare product", bare, ">= x 0.71", note)
    yield Row("10 neighbours", len(queries), ours, "scikit-learn", theirs, ">= x 1.6", note)


def _product(references: np.ndarray, queries: np.ndarray) -> None:
    for start in range(0, len(queries), 256):
        queries[start : start + 256] @ references.T


PIECE = Bench("10 neighbours among 50,000 vectors", run)
